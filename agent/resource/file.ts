/** A file, directory or symbolic link. Its parts: file/{state,names,mode,diff,below,text-diff,apply,fetch,validate-content,inspect}.ts. */

import { RekindleError } from '../../schemas/errors.ts'
import type { Change, FileParams } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { FileStat } from '../host/file-reader.ts'
import type { Host } from '../host/host.ts'
import { apply, applyMany } from './file/apply.ts'
import { readBelow } from './file/below.ts'
import { diff } from './file/diff.ts'
import { urlsOf } from './file/fetch.ts'
import { inspect } from './file/inspect.ts'
import { type Names, readNames } from './file/names.ts'
import {
  type Digest,
  type FileState,
  isContentManaged,
  pathOf,
  type WantedFile,
  wantedDigest,
} from './file/state.ts'
import { longestText, textDiff } from './file/text-diff.ts'
import type { Reading, ResourceType } from './resource-type.ts'

/** Bytes. A file above it that has another size than wanted is not hashed only to show its hash. */
const largest = 64 * 1024 * 1024

function read(host: Host, wanted: readonly WantedFile[]): Reading<FileState> {
  const names = readNames(host.files)
  const found = new Map<ResourceId, FileState | Error>()
  for (const one of wanted) {
    try {
      found.set(one.id, readOne(host, one, names))
    } catch (error) {
      found.set(one.id, unreadable(one, error))
    }
  }
  return found
}

function readOne(host: Host, wanted: WantedFile, names: Names): FileState {
  const path = pathOf(wanted)
  assertUsable(wanted)
  const stat = host.files.stat(path)
  if (stat === undefined) {
    return { kind: 'absent', size: 0, mode: 0, uid: 0, gid: 0, target: undefined, digest: undefined, names }
  }
  const { kind, size, mode, uid, gid } = stat
  const target = kind === 'symlink' ? host.files.readLink(path) : undefined
  const below = kind === 'directory' ? readBelow(host.files, path, { params: wanted.params, names }) : []
  const state = { kind, size, mode, uid, gid, target, digest: digestOf(host, wanted, stat), names }
  return below.length === 0 ? state : { ...state, below }
}

function digestOf({ files }: Host, wanted: WantedFile, stat: FileStat): Digest | undefined {
  const { params } = wanted
  const digest = wantedDigest(params)
  if (stat.kind !== 'file' || digest === undefined || !isContentManaged(params)) return undefined
  const { algorithm } = digest
  const isOtherSize = params.blob !== undefined && params.blob.size !== stat.size
  if (isOtherSize && (stat.size > largest || params.sensitive === true)) return undefined
  return { algorithm, hex: files[algorithm](pathOf(wanted), stat) }
}

function assertUsable({ title, params }: WantedFile): void {
  if (!title.startsWith('/')) throw new Error('its path is not absolute')
  const { blob, content, contentBase64, checksum } = params
  const isUncompiled =
    (content ?? contentBase64) !== undefined || (urlsOf(params).length > 0 && checksum === undefined)
  if (blob === undefined && isUncompiled)
    throw new Error('its content is not compiled: "content" and "source" reach an agent as "blob"')
}

function unreadable({ title, where }: WantedFile, cause: unknown): RekindleError {
  return new RekindleError({
    code: 'resource-unreadable',
    message: `Cannot read file "${title}"`,
    where,
    cause,
  })
}

/** Adds the text diff to a change of content that people may see. */
async function explain(
  host: Host,
  wanted: WantedFile,
  actual: FileState,
  changes: readonly Change[],
): Promise<readonly Change[]> {
  const { blob, sensitive, showDiff } = wanted.params
  if (sensitive === true || showDiff === false || actual.kind !== 'file' || blob === undefined) return changes
  if (!changes.some(({ property }) => property === 'content')) return changes
  if (blob.size > longestText || actual.size > longestText) return changes
  const path = pathOf(wanted)
  const text = textDiff(path, host.files.read(path), await host.blobs.read(blob.sha256))
  if (text === undefined) return changes
  return changes.map((change) => (change.property === 'content' ? { ...change, diff: text } : change))
}

export const file = {
  name: 'file',
  read,
  diff,
  apply,
  applyMany,
  explain,
  inspect,
  watch: (wanted) => [pathOf(wanted)],
} satisfies ResourceType<FileParams, FileState>
