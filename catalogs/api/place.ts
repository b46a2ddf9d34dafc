/** Where in a site something was written, taken from a stack. Pure. */
import { relative } from 'node:path/posix'
import { fileURLToPath } from 'node:url'

export interface Place {
  /** Absolute path. */
  readonly file: string
  readonly line: number
}

const frame = /\(?((?:file:\/\/)?\/[^()]*?):(\d+)(?::\d+)?\)?$/
const ownFolder = `${import.meta.dirname}/`

/**
 * The innermost frame of a stack that lies in the site; without `siteDir`, the innermost one outside this API. Packages
 * that a site uses are not places: what counts is the line of the site that called them.
 */
export function placeOf(stack: string | undefined, siteDir?: string): Place | undefined {
  for (const text of (stack ?? '').split('\n')) {
    const match = frame.exec(text.trim())
    if (match?.[1] === undefined) continue
    const file = match[1].startsWith('file://') ? fileURLToPath(withoutQuery(match[1])) : match[1]
    if (isPlace(file, siteDir)) return { file, line: Number(match[2]) }
  }
  return undefined
}

function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/, '')
}

function isPlace(file: string, siteDir: string | undefined): boolean {
  if (siteDir !== undefined) return file.startsWith(`${siteDir}/`) && !inPackage(file.slice(siteDir.length))
  return !inPackage(file) && (!file.startsWith(ownFolder) || file.endsWith('.test.ts'))
}

function inPackage(path: string): boolean {
  return path.includes('/node_modules/')
}

/** The place that called into this API. */
export function callerPlace(siteDir?: string): Place | undefined {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 40
  const { stack } = new Error()
  Error.stackTraceLimit = limit
  return placeOf(stack, siteDir)
}

/** @example renderPlace({ file: '/srv/site/roles/web.ts', line: 12 }, '/srv/site') // 'roles/web.ts:12' */
export function renderPlace(place: Place | undefined, siteDir: string): string {
  return place === undefined ? 'site.ts' : `${relative(siteDir, place.file)}:${place.line}`
}
