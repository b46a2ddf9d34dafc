/**
 * One step from what was found to what is wanted. Whatever can be known to fail fails before anything is changed, but for
 * an owner or a group that the host does not have: that fails alone, after the rest is done.
 */

import { RekindleError } from '../../../schemas/errors.ts'
import type { Change, FileParams } from '../../../schemas/generated/types.ts'
import type { Attributes, PlacedFile } from '../../host/atomic-file.ts'
import type { Host } from '../../host/host.ts'
import type { Step } from '../resource-type.ts'
import { applyBelow } from './below.ts'
import { fetchContent, urlsOf } from './fetch.ts'
import { type Ensure, ensureOf, type FileState, managedMode, pathOf, type WantedFile } from './state.ts'
import { validateContent } from './validate-content.ts'

/** Bytes of one file, and of all that are held at once; larger contents are never held. */
const largestAtOnce = 256 * 1024
const mostBytesAtOnce = 16 * 1024 * 1024
const mostAtOnce = 1000

export async function apply(
  host: Host,
  wanted: WantedFile,
  actual: FileState,
  changes: readonly Change[],
): Promise<void> {
  const ensure = ensureOf(wanted.params)
  if (ensure === 'absent') return remove(host, wanted, actual)
  await bringAbout(host, wanted, { actual, ensure, changes })
  const missing = missingName(wanted, actual)
  if (missing !== undefined) throw missing
}

interface Aim {
  readonly actual: FileState
  readonly ensure: Exclude<Ensure, 'absent'>
  readonly changes: readonly Change[]
}

async function bringAbout(host: Host, wanted: WantedFile, { actual, ensure, changes }: Aim): Promise<void> {
  const path = pathOf(wanted)
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
  for (const batch of batchesOf(plain)) {
    const files = await Promise.all(batch.map((step) => newFileOf(host, step)))
    const kept = batch
      .filter(({ wanted, actual }) => isKept(wanted, actual))
      .map(({ wanted }) => pathOf(wanted))
    if (kept.length > 0) await host.backups.put(...kept)
    await host.write.putFiles(files)
  }
  for (const { wanted, actual, changes } of special) await apply(host, wanted, actual, changes)
}

function batchesOf(steps: readonly Step<FileParams, FileState>[]): readonly Step<FileParams, FileState>[][] {
  const batches: Step<FileParams, FileState>[][] = []
  let bytes = 0
  for (const step of steps) {
    const last = batches.at(-1)
    const size = step.wanted.params.blob?.size ?? 0
    bytes += size
    if (last !== undefined && last.length < mostAtOnce && bytes <= mostBytesAtOnce) last.push(step)
    else {
      batches.push([step])
      bytes = size
    }
  }
  return batches
}

/** Of a content that is cheap to hold, put where nothing but a file stands. */
function isPlainFile({ wanted, actual, changes }: Step<FileParams, FileState>): boolean {
  const { params } = wanted
  if (ensureOf(params) !== 'file' || params.validate !== undefined || urlsOf(params).length > 0) return false
  if (missingName(wanted, actual) !== undefined) return false
  if ((params.blob?.size ?? 0) > largestAtOnce || actual.kind === 'directory') return false
  return changes.some(({ property }) => property === 'ensure' || property === 'content')
}

async function newFileOf(host: Host, { wanted, actual }: Step<FileParams, FileState>): Promise<PlacedFile> {
  const { blob } = wanted.params
  return {
    ...attributesFor(wanted, actual, 'file'),
    path: pathOf(wanted),
    content: blob === undefined ? new Uint8Array() : await host.blobs.read(blob.sha256),
  }
}

interface Replacement {
  readonly actual: FileState
  readonly attributes: Attributes
}

async function putFile(host: Host, wanted: WantedFile, { actual, attributes }: Replacement): Promise<void> {
  const { blob, validate, sensitive } = wanted.params
  const path = pathOf(wanted)
  const of = { subject: `file "${path}"`, where: wanted.where, path, sensitive }
  // Backed up last, so that content which is refused in every run leaves no trace of it in the backups.
  const check = async (temporaryPath: string) => {
    if (validate !== undefined) await validateContent(host.exec, { ...of, command: validate, temporaryPath })
    await backUp(host, wanted, actual)
  }
  if (blob !== undefined) {
    const fill = (to: string) => host.blobs.copyTo(blob.sha256, to)
    return host.write.fillFile(path, { ...attributes, fill, check })
  }
  if (urlsOf(wanted.params).length > 0) {
    const fill = (to: string) => fetchContent(host, wanted, to)
    return host.write.fillFile(path, { ...attributes, fill, check })
  }
  await host.write.putFile(path, { ...attributes, content: new Uint8Array(), check })
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
  throw cannotApply(wanted, 'a directory stands there', {
    hint: 'Set force to true to remove it with all that is in it',
  })
}

async function backUp(host: Host, wanted: WantedFile, actual: FileState): Promise<void> {
  if (isKept(wanted, actual)) await host.backups.put(pathOf(wanted))
}

function isKept({ params }: WantedFile, { kind }: FileState): boolean {
  return kind !== 'absent' && params.backup !== false
}

/** What is not managed stays as it is, or gets the default where something new is made. */
function attributesFor(wanted: WantedFile, actual: FileState, ensure: Exclude<Ensure, 'absent'>): Attributes {
  const { owner, group, sensitive } = wanted.params
  const isKept = actual.kind === ensure
  // What nobody may see in a report is not for every user of the host either.
  const base = isKept ? actual.mode : sensitive === true && ensure === 'file' ? 0o600 : defaultMode[ensure]
  const uid = owner === undefined ? undefined : actual.names.uidOf(owner)
  const gid = group === undefined ? undefined : actual.names.gidOf(group)
  const bits = managedMode(wanted.params, { mode: base, isDirectory: ensure === 'directory' })
  return {
    uid: uid ?? (isKept ? actual.uid : undefined),
    gid: gid ?? (isKept ? actual.gid : undefined),
    // Without the owner that was meant, it would be run as another one, such as root.
    mode: missingName(wanted, actual) === undefined ? bits : bits & ~setIdBits,
  }
}

const setIdBits = 0o6000

const defaultMode: Record<Exclude<Ensure, 'absent'>, number> = {
  file: 0o644,
  directory: 0o755,
  symlink: 0o777,
}

/** What to say of an owner or a group that the host does not have. */
function missingName(wanted: WantedFile, { names }: FileState): RekindleError | undefined {
  const { owner, group } = wanted.params
  const isOwner = owner !== undefined && names.uidOf(owner) === undefined
  if (!isOwner && (group === undefined || names.gidOf(group) !== undefined)) return undefined
  const [property, type, name] = isOwner ? ['owner', 'user', owner] : ['group', 'group', group]
  return cannotApply(wanted, `${property} "${name}" does not exist`, {
    kept: `its ${property}; all else is as wanted, but for setuid and setgid bits`,
    hint: `Declare ${type} "${name}"`,
  })
}

interface Advice {
  readonly kept?: string
  readonly hint?: string
}

function cannotApply(
  wanted: WantedFile,
  reason: string,
  { kept = 'what stood there before', hint }: Advice = {},
): RekindleError {
  return new RekindleError({
    code: 'apply-failed',
    message: `Cannot apply file "${pathOf(wanted)}": ${reason}`,
    where: wanted.where,
    kept,
    hint,
  })
}
