/** Where in a site something was written, taken from a stack. Pure. */
import { relative } from 'node:path/posix'
import { fileURLToPath } from 'node:url'

export interface Place {
  /** Absolute path. */
  readonly file: string
  readonly line: number
}

const frame = /\(?((?:file:\/\/)?\/[^()]*?):(\d+)(?::\d+)?\)?$/
/** Of the few files that stacks name again and again. */
const paths = new Map<string, string>()
/** This API, and the modules over it. */
const ownFolders = [`${import.meta.dirname}/`, `${import.meta.dirname.replace(/api$/, 'module')}/`]

/**
 * The innermost frame of a stack that lies in the site; without `siteDir`, the innermost one outside this API. Packages
 * that a site uses are not places: what counts is the line of the site that called them.
 */
export function placeOf(stack: string | undefined, siteDir?: string): Place | undefined {
  for (const text of (stack ?? '').split('\n')) {
    const match = frame.exec(text)
    if (match?.[1] === undefined) continue
    const file = pathOf(match[1])
    if (isPlace(file, siteDir)) return { file, line: Number(match[2]) }
  }
  return undefined
}

function pathOf(file: string): string {
  if (!file.startsWith('file://')) return file
  const path = paths.get(file) ?? fileURLToPath(file.replace(/[?#].*$/, ''))
  paths.set(file, path)
  return path
}

function isPlace(file: string, siteDir: string | undefined): boolean {
  if (isOwn(file)) return false
  if (siteDir !== undefined) return file.startsWith(`${siteDir}/`) && !inPackage(file.slice(siteDir.length))
  return file.startsWith('/') && !inPackage(file)
}

/** Its tests are its authors. */
function isOwn(file: string): boolean {
  return ownFolders.some((folder) => file.startsWith(folder)) && !file.endsWith('.test.ts')
}

function inPackage(path: string): boolean {
  return path.includes('/node_modules/')
}

/** The place that called into this API. */
export function callerPlace(siteDir?: string): Place | undefined {
  // The site is a few frames up, unless packages stand between; each frame of a stack costs.
  return placeUp(8, siteDir) ?? placeUp(60, siteDir)
}

/** Takes the frames as V8 has them: to render a stack as text and parse it again is most of what a compile would cost. */
function placeUp(frames: number, siteDir: string | undefined): Place | undefined {
  const { stackTraceLimit, prepareStackTrace } = Error
  let found: Place | undefined
  Error.stackTraceLimit = frames
  Error.prepareStackTrace = (_, sites) => {
    for (const site of sites) {
      const file = pathOf(site.getFileName() ?? '')
      if (isPlace(file, siteDir)) {
        found = { file, line: site.getLineNumber() ?? 1 }
        break
      }
    }
  }
  const at: { stack?: string } = {}
  Error.captureStackTrace(at, callerPlace)
  // V8 prepares a stack when it is first read.
  void at.stack
  Error.stackTraceLimit = stackTraceLimit
  if (prepareStackTrace === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace')
  else Error.prepareStackTrace = prepareStackTrace
  return found
}

/** @example renderPlace({ file: '/srv/site/roles/web.ts', line: 12 }, '/srv/site') // 'roles/web.ts:12' */
export function renderPlace(place: Place | undefined, siteDir: string): string {
  return place === undefined ? 'site.ts' : `${relative(siteDir, place.file)}:${place.line}`
}
