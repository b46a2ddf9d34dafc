/** One step from what was found to what is wanted. Whatever can be known to fail fails before anything is changed. */

import { RekindleError } from '../../../schemas/errors.ts'
import type { Change, FileParams } from '../../../schemas/generated/types.ts'
import type { Attributes, NewFile } from '../../host/atomic-file.ts'
import type { Host } from '../../host/host.ts'
import type { Step } from '../resource-type.ts'
import { applyBelow } from './below.ts'
import { modeOf } from './mode.ts'
import { type Ensure, ensureOf, type FileState, pathOf, type WantedFile } from './state.ts'
import { validateContent } from './validate-content.ts'

/** Bytes; larger contents are not held beside others. */
const largestAtOnce = 256 * 1024
const mostAtOnce = 1000

export async function apply(
  host: Host,
  wanted: WantedFile,
  actual: FileState,
  changes: readonly Change[],
): Promise<void> {
  const path = pathOf(wanted)
  const ensure = ensureOf(wanted.params)
  if (ensure === 'absent') return remove(host, wanted, actual)
  const attributes = attributesFor(wanted, actual, ensure)
  const isReplaced = changes.some(({ property }) => ['ensure', 'content', 'target'].includes(property))
  if (!isReplaced) {
    await host.write.setAttributes(path, attributes)
    const { params } = wanted
    return applyBelow(host, actual.below ?? [], { params, names: actual.names })
  }
  assertReplaceable(wanted, actual)
  switch (ensure) {
    case 'file':
      return putFile(host, wanted, { actual, attributes })
    case 'directory':
      await backUp(host, wanted, actual)
      return host.write.putDirectory(path, attributes)
    case 'symlink':
      return putLink(host, wanted, { actual, attributes })
    default:
      return ensure satisfies never
  }
}

/** Whole files are written with one wait for the disk; what is special about the others is done one by one. */
export async function applyMany(host: Host, steps: readonly Step<FileParams, FileState>[]): Promise<void> {
  const [plain, special] = [steps.filter(isPlainFile), steps.filter((step) => !isPlainFile(step))]
  for (let at = 0; at < plain.length; at += mostAtOnce) {
    const files = plain.slice(at, at + mostAtOnce).map((step) => newFileOf(host, step))
    await host.write.putFiles(await Promise.all(files))
  }
  for (const { wanted, actual, changes } of special) await apply(host, wanted, actual, changes)
}

/** Of a content that is cheap to hold, put where nothing but a file stands. */
function isPlainFile({ wanted: { params }, actual, changes }: Step<FileParams, FileState>): boolean {
  if (ensureOf(params) !== 'file' || params.validate !== undefined) return false
  if ((params.blob?.size ?? 0) > largestAtOnce || actual.kind === 'directory') return false
  return changes.some(({ property }) => property === 'ensure' || property === 'content')
}

async function newFileOf(
  host: Host,
  { wanted, actual }: Step<FileParams, FileState>,
): Promise<NewFile & { readonly path: string }> {
  const { blob } = wanted.params
  return {
    ...attributesFor(wanted, actual, 'file'),
    path: pathOf(wanted),
    content: blob === undefined ? new Uint8Array() : await host.blobs.read(blob.sha256),
    check: () => backUp(host, wanted, actual),
  }
}

interface Replacement {
  readonly actual: FileState
  readonly attributes: Attributes
}

async function putFile(host: Host, wanted: WantedFile, { actual, attributes }: Replacement): Promise<void> {
  const { blob, validate } = wanted.params
  const content = blob === undefined ? new Uint8Array() : await host.blobs.read(blob.sha256)
  // Backed up last, so that content which is refused in every run leaves no trace of it in the backups.
  const check = async (temporaryPath: string) => {
    if (validate !== undefined) await validateContent(host.exec, { wanted, command: validate, temporaryPath })
    await backUp(host, wanted, actual)
  }
  await host.write.putFile(pathOf(wanted), { ...attributes, content, check })
}

async function putLink(host: Host, wanted: WantedFile, { actual, attributes }: Replacement): Promise<void> {
  const { target } = wanted.params
  if (target === undefined) throw cannotApply(wanted, 'a symbolic link needs a "target"')
  await backUp(host, wanted, actual)
  await host.write.putLink(pathOf(wanted), target, attributes)
}

async function remove(host: Host, wanted: WantedFile, actual: FileState): Promise<void> {
  assertReplaceable(wanted, actual)
  await backUp(host, wanted, actual)
  await host.write.remove(pathOf(wanted))
}

function assertReplaceable(wanted: WantedFile, { kind }: FileState): void {
  if (kind !== 'directory' || wanted.params.force === true) return
  throw cannotApply(
    wanted,
    'a directory stands there',
    'Set force to true to remove it with all that is in it',
  )
}

async function backUp(host: Host, wanted: WantedFile, { kind }: FileState): Promise<void> {
  if (kind === 'absent' || wanted.params.backup === false) return
  await host.backups.put(pathOf(wanted))
}

/** What is not managed stays as it is, or gets the default where something new is made. */
function attributesFor(wanted: WantedFile, actual: FileState, ensure: Exclude<Ensure, 'absent'>): Attributes {
  const { owner, group, mode } = wanted.params
  const isKept = actual.kind === ensure
  const base = isKept ? actual.mode : defaultMode[ensure]
  const uid = owner === undefined ? undefined : idOf(wanted, 'owner', actual.names.uidOf(owner))
  const gid = group === undefined ? undefined : idOf(wanted, 'group', actual.names.gidOf(group))
  return {
    uid: uid ?? (isKept ? actual.uid : undefined),
    gid: gid ?? (isKept ? actual.gid : undefined),
    mode: mode === undefined ? base : modeOf(mode, { mode: base, isDirectory: ensure === 'directory' }),
  }
}

const defaultMode: Record<Exclude<Ensure, 'absent'>, number> = {
  file: 0o644,
  directory: 0o755,
  symlink: 0o777,
}

function idOf(wanted: WantedFile, property: 'owner' | 'group', id: number | undefined): number {
  if (id !== undefined) return id
  const name = wanted.params[property]
  const type = property === 'owner' ? 'user' : 'group'
  throw cannotApply(wanted, `${property} "${name}" does not exist`, `Declare ${type} "${name}"`)
}

function cannotApply(wanted: WantedFile, reason: string, hint?: string): RekindleError {
  return new RekindleError({
    code: 'apply-failed',
    message: `Cannot apply file "${pathOf(wanted)}": ${reason}`,
    where: wanted.where,
    kept: 'what stood there before',
    hint,
  })
}
