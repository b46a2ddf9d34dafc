/**
 * What the types share that keep a whole small text file, or a piece of one: read it, compare, write it. The text that is
 * wanted is made by a pure function from the text that is there, so that a piece is a diff of the whole.
 */
import { RekindleError, toError } from '../../schemas/errors.ts'
import type { Change } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { FileKind } from '../host/file-reader.ts'
import type { Host } from '../host/host.ts'
import { textDiff } from './file/text-diff.ts'
import type { Wanted } from './resource-type.ts'

export interface TextFile {
  readonly path: string
  /** The symbolic link that led to `path`; absent when none did. */
  readonly link?: string
  readonly kind: FileKind | 'absent'
  /** UTF-8; undefined when nothing is there, or only its place was asked for. */
  readonly text: string | undefined
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

/** What a new text is written with; absent: as it is, or 0644 and root for a new file. */
export interface TextFileOptions {
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
  /** Looks at the new text in a temporary file; what it throws refuses it. */
  readonly check?: (temporaryPath: string) => Promise<void>
  /** Keep what is overwritten in the backup store. Default true. */
  readonly backup?: boolean
}

/** Bytes; a larger file is no text that anyone edits by line. */
const largest = 16 * 1024 * 1024

/**
 * Follows a symbolic link to the file that it names, as an editor would.
 *
 * @throws RekindleError `resource-unreadable` for what is no regular file, is too large or is not UTF-8
 */
export function readTextFile(host: Host, path: string): TextFile {
  return withText(host, path, locate(host, path))
}

/**
 * Reads what stands at exactly that path, and calls it `path` in errors. Follows no link there.
 *
 * @throws RekindleError as readTextFile(), and at a link
 */
export function readTextFileAt(host: Host, real: string, path: string): TextFile {
  return withText(host, path, { ...locateAt(host, real, path), path: real })
}

function withText(host: Host, path: string, { size, ...file }: Located): TextFile {
  if (file.kind === 'absent') return file
  if (size > largest) throw unreadable(path, `it has ${size} bytes`)
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    return { ...file, text: decoder.decode(host.files.read(file.path)) }
  } catch (cause) {
    if (cause instanceof TypeError) throw unreadable(path, 'it is not UTF-8 text')
    throw cause
  }
}

/** For what is only to be described: undefined for what is not there or is no text. */
export function textOf(host: Host, path: string): string | undefined {
  try {
    return readTextFile(host, path).text
  } catch {
    return undefined
  }
}

/** For what is only to be removed: whatever is in it, that is not read. */
export function findTextFile(host: Host, path: string): TextFile {
  const { size: _, ...file } = locate(host, path)
  return file
}

type Located = TextFile & { readonly size: number }

function locate(host: Host, path: string): Located {
  return locateAt(host, host.files.realPath(path), path)
}

function locateAt(host: Host, real: string, path: string): Located {
  const stat = host.files.stat(real)
  if (stat === undefined) return { path, kind: 'absent', text: undefined, mode: 0, uid: 0, gid: 0, size: 0 }
  const { kind, mode, uid, gid, size } = stat
  if (kind !== 'file') throw unreadable(path, `a ${kind} stands there`)
  return { path: real, ...(real === path ? {} : { link: path }), kind, text: undefined, mode, uid, gid, size }
}

/** Writes a text atomically, after a backup of what was there. Owner and mode stay unless given. */
export async function writeTextFile(
  host: Host,
  { path, kind, mode, uid, gid }: TextFile,
  text: string,
  options: TextFileOptions = {},
): Promise<void> {
  const isThere = kind !== 'absent'
  await host.write.putFile(path, {
    content: Buffer.from(text),
    mode: options.mode ?? (isThere ? mode : 0o644),
    uid: options.uid ?? (isThere ? uid : 0),
    gid: options.gid ?? (isThere ? gid : 0),
    check: async (temporaryPath) => {
      await options.check?.(temporaryPath)
      if (isThere && options.backup !== false) await host.backups.put(path)
    },
  })
}

/** Removes it, after a backup. Of a link, the link: what it names may be of a package, or of others. */
export async function removeTextFile(host: Host, { path, link = path, kind }: TextFile): Promise<void> {
  if (kind === 'absent') return
  await host.backups.put(path)
  await host.write.remove(link)
}

/** The changes with the text diff added to that of `property`. Not for what is sensitive. */
export function withTextDiff(
  changes: readonly Change[],
  { path, text = '' }: Pick<TextFile, 'path' | 'text'>,
  { property, wanted }: { readonly property: string; readonly wanted: string },
): readonly Change[] {
  const shown = textDiff(path, Buffer.from(text), Buffer.from(wanted))
  if (shown === undefined) return changes
  return changes.map((change) => (change.property === property ? { ...change, diff: shown } : change))
}

/** Reads one by one; one that cannot be read fails alone. */
export function readEach<Params, State>(
  wanted: readonly Wanted<Params>[],
  readOne: (one: Wanted<Params>) => State,
): Map<ResourceId, State | Error> {
  const reading = new Map<ResourceId, State | Error>()
  for (const one of wanted) {
    try {
      reading.set(one.id, readOne(one))
    } catch (error) {
      reading.set(one.id, toError(error))
    }
  }
  return reading
}

/** readEach() for what takes time, one after the other. */
export async function readEachInTurn<Params, State>(
  wanted: readonly Wanted<Params>[],
  readOne: (one: Wanted<Params>) => Promise<State>,
): Promise<Map<ResourceId, State | Error>> {
  const reading = new Map<ResourceId, State | Error>()
  for (const one of wanted) reading.set(one.id, await readOne(one).catch(toError))
  return reading
}

function unreadable(path: string, reason: string): RekindleError {
  return new RekindleError({
    code: 'resource-unreadable',
    message: `Cannot read "${path}": ${reason}`,
    kept: 'what stands there',
  })
}
