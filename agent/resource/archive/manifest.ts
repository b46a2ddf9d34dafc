/** What is in an unpacked tree: of each file its hash, of each link its target. */
import type { Host } from '../../host/host.ts'

/** By path, relative to the tree; directories are not in it. */
export type Manifest = Readonly<Record<string, string>>

/** The note in a tree: which archive it was, and what was in it. */
export interface Marker {
  readonly sha256: string
  readonly strip: number
  readonly files?: Manifest
}

export const markerName = '.rekindle-archive'

/** Every path below the tree that is no directory. */
export function walk({ files }: Pick<Host, 'files'>, tree: string, below = ''): readonly string[] {
  return files.list(`${tree}/${below}`).flatMap((name) => {
    const path = below === '' ? name : `${below}/${name}`
    return files.stat(`${tree}/${path}`)?.kind === 'directory' ? walk({ files }, tree, path) : [path]
  })
}

export function readManifest(host: Pick<Host, 'files'>, tree: string): Manifest {
  const { files } = host
  const entries = walk(host, tree)
    .filter((path) => path !== markerName)
    .map((path): [string, string] => {
      const stat = files.stat(`${tree}/${path}`)
      if (stat?.kind === 'symlink') return [path, `link to ${files.readLink(`${tree}/${path}`)}`]
      return [path, stat?.kind === 'file' ? files.sha256(`${tree}/${path}`, stat) : (stat?.kind ?? 'absent')]
    })
  return Object.fromEntries(entries)
}

/** Undefined for a tree that this type did not make. */
export function readMarker({ files }: Pick<Host, 'files'>, tree: string): Marker | undefined {
  const path = `${tree}/${markerName}`
  if (files.stat(path)?.kind !== 'file') return undefined
  return parseMarker(files.read(path).toString())
}

/** Others can write to the tree: what does not fit is no note. */
export function parseMarker(text: string): Marker | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('sha256' in value) || !('strip' in value))
      return undefined
    const { sha256, strip } = value
    if (typeof sha256 !== 'string' || typeof strip !== 'number') return undefined
    const files = 'files' in value && typeof value.files === 'object' ? value.files : null
    return {
      sha256,
      strip,
      ...(files === null
        ? {}
        : { files: Object.fromEntries(Object.entries(files).map(([name, hash]) => [name, String(hash)])) }),
    }
  } catch {
    return undefined
  }
}

/** Paths that differ between the two. */
export function changedPaths(noted: Manifest, found: Manifest): readonly string[] {
  const paths = new Set([...Object.keys(noted), ...Object.keys(found)])
  return [...paths].filter((path) => noted[path] !== found[path]).sort()
}
