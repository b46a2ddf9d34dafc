/**
 * Pure: what of a file is not as wanted. It follows Puppet's `file`, but for three things: the mode of one directory
 * is taken as written (Puppet adds x wherever there is r), a directory that may not be removed is a failure and not a notice, and a
 * file that is made is one change with its content, its owner and mode coming with it.
 */
import { renderMode } from '../../../schemas/file-mode.ts'
import type { Change, FileParams } from '../../../schemas/generated/types.ts'
import { changesBelow } from './below.ts'
import {
  type Ensure,
  ensureOf,
  type FileState,
  isContentManaged,
  managedMode,
  renderDigest,
  type WantedFile,
  wantedDigest,
} from './state.ts'

export const redacted = '[redacted]'
const none: readonly Change[] = []

export function diff({ params }: WantedFile, actual: FileState): readonly Change[] {
  const ensure = ensureOf(params)
  if (ensure !== actual.kind)
    return [{ property: 'ensure', from: actual.kind, to: ensure }, ...made(params, ensure)]
  const below = changesBelow(actual.below ?? [], params, actual.names)
  if (ensure === 'absent' || isAsWanted(params, actual)) return below
  return [
    ...contentChange(params, actual),
    ...targetChange(params, actual),
    ...ownerChange(params, actual),
    ...groupChange(params, actual),
    ...modeChange(params, actual),
    ...below,
  ]
}

/** Most files of most runs: one pass without a list. */
function isAsWanted(params: FileParams, actual: FileState): boolean {
  const { owner, group } = params
  return (
    !isContentOff(params, actual) &&
    !isTargetOff(params, actual) &&
    (owner === undefined || actual.names.uidOf(owner) === actual.uid) &&
    (group === undefined || actual.names.gidOf(group) === actual.gid) &&
    !isModeOff(params, actual)
  )
}

function made(params: FileParams, ensure: Ensure): readonly Change[] {
  const { target, sensitive } = params
  switch (ensure) {
    case 'file': {
      const digest = wantedDigest(params)
      if (digest === undefined) return none
      return [{ property: 'content', from: null, to: sensitive === true ? redacted : renderDigest(digest) }]
    }
    case 'symlink':
      return [{ property: 'target', from: null, to: target ?? null }]
    case 'directory':
    case 'absent':
      return none
    default:
      return ensure satisfies never
  }
}

function contentChange(params: FileParams, actual: FileState): readonly Change[] {
  const wanted = wantedDigest(params)
  if (!isContentOff(params, actual) || wanted === undefined) return none
  if (params.sensitive === true) return [{ property: 'content', from: redacted, to: redacted }]
  const from = actual.digest === undefined ? `${actual.size} bytes` : renderDigest(actual.digest)
  return [{ property: 'content', from, to: renderDigest(wanted) }]
}

function isContentOff(params: FileParams, { kind, size, digest }: FileState): boolean {
  if (kind !== 'file' || !isContentManaged(params)) return false
  if (params.blob !== undefined && params.blob.size !== size) return true
  return wantedDigest(params)?.hex !== digest?.hex
}

function targetChange(params: FileParams, actual: FileState): readonly Change[] {
  if (!isTargetOff(params, actual)) return none
  return [{ property: 'target', from: actual.target ?? null, to: params.target ?? null }]
}

function isTargetOff({ target }: FileParams, actual: FileState): boolean {
  return actual.kind === 'symlink' && target !== undefined && target !== actual.target
}

function ownerChange({ owner }: FileParams, { uid, names }: FileState): readonly Change[] {
  if (owner === undefined || names.uidOf(owner) === uid) return none
  return [{ property: 'owner', from: names.ownerOf(uid), to: owner }]
}

function groupChange({ group }: FileParams, { gid, names }: FileState): readonly Change[] {
  if (group === undefined || names.gidOf(group) === gid) return none
  return [{ property: 'group', from: names.groupOf(gid), to: group }]
}

function modeChange(params: FileParams, actual: FileState): readonly Change[] {
  if (!isModeOff(params, actual)) return none
  return [
    {
      property: 'mode',
      from: renderMode(actual.mode),
      to: renderMode(managedMode(params, baseOf(actual))),
    },
  ]
}

function isModeOff(params: FileParams, actual: FileState): boolean {
  // A link's mode means nothing on Linux, and changing it would change what it points to.
  return actual.kind !== 'symlink' && managedMode(params, baseOf(actual)) !== actual.mode
}

function baseOf({ kind, mode }: FileState) {
  return { mode, isDirectory: kind === 'directory' }
}
