/**
 * Mount points: the line in /etc/fstab, and what is mounted. fstab is written before anything is mounted, since mount(8)
 * reads it there; what is to go is unmounted before its line does, so that a busy one keeps its line.
 */
import { RekindleError } from '../../schemas/errors.ts'
import type { Change, MountParams } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import { type FstabEntry, parseFstab, setFstabEntry } from '../host/fstab.ts'
import type { Host } from '../host/host.ts'
import { type Mounted, mountedAt, parseMountTable } from '../host/mount-table.ts'
import { isMountOf, shownSource } from './mount/device.ts'
import { holdersOf } from './mount/holder.ts'
import { hasSameOptions, isBind, kernelOptions, missingOptions, optionsOf } from './mount/option.ts'
import type { Instance, ResourceType, Wanted } from './resource-type.ts'
import { runTool, type ToolOptions } from './run-tool.ts'
import { readTextFile, writeTextFile } from './text-file.ts'

export interface MountState {
  /** Lines of fstab with this mount point; the first is the one that counts. */
  readonly entries: readonly FstabEntry[]
  readonly live: LiveMount | undefined
}

export interface LiveMount {
  readonly fstype: string
  /** For people. */
  readonly source: string
  /** Undefined: that cannot be told. */
  readonly isWantedDevice: boolean | undefined
  readonly options: readonly string[]
}

type WantedMount = Wanted<MountParams>

const fstabPath = '/etc/fstab'

async function read(host: Host, wanted: readonly WantedMount[]): Promise<Map<ResourceId, MountState>> {
  const table = readTable(host)
  const fstab = parseFstab(readTextFile(host, fstabPath).text ?? '')
  const states = wanted.map(async (one): Promise<readonly [ResourceId, MountState]> => {
    const live = mountedAt(table, one.title)
    const entries = fstab.filter(({ path }) => path === one.title)
    return [one.id, { entries, live: live && (await liveOf(host, table, { one, live })) }]
  })
  return new Map(await Promise.all(states))
}

async function liveOf(
  host: Host,
  table: readonly Mounted[],
  { one: { title, params }, live }: { readonly one: WantedMount; readonly live: Mounted },
): Promise<LiveMount> {
  const spec = { device: params.device ?? '', path: title, options: optionsOf(params) }
  return {
    fstype: live.fstype,
    source: shownSource(host, live),
    isWantedDevice: spec.device === '' ? undefined : await isMountOf(host, table, { spec, live }),
    options: live.options,
  }
}

function diff(wanted: WantedMount, state: MountState): readonly Change[] {
  const { ensure = 'mounted' } = wanted.params
  const entry = state.entries[0]
  const isRight = {
    mounted: entry !== undefined && state.live !== undefined,
    unmounted: entry !== undefined && state.live === undefined,
    defined: entry !== undefined,
    absent: entry === undefined && state.live === undefined,
  }[ensure]
  return [
    ...(isRight ? [] : [{ property: 'ensure', from: statusOf(state), to: ensure }]),
    ...(ensure === 'absent' || entry === undefined ? [] : entryChanges(wanted, state.entries)),
    ...(ensure === 'mounted' && state.live !== undefined ? liveChanges(wanted, state.live) : []),
  ]
}

function statusOf({ entries, live }: MountState): string {
  if (entries.length === 0) return live === undefined ? 'absent' : 'mounted, not in fstab'
  return live === undefined ? 'unmounted' : 'mounted'
}

function entryChanges(wanted: WantedMount, [entry, ...extra]: readonly FstabEntry[]): readonly Change[] {
  if (entry === undefined) return []
  const to = entryOf(wanted)
  const changes = (['device', 'fstype', 'dump', 'pass'] as const)
    .filter((name) => entry[name] !== to[name])
    .map((property) => ({ property, from: String(entry[property]), to: String(to[property]) }))
  const options = { property: 'options', from: entry.options.join(','), to: to.options.join(',') }
  const lines = { property: 'lines', from: String(extra.length + 1), to: '1' }
  return [
    ...changes,
    ...(hasSameOptions(entry.options, to.options) ? [] : [options]),
    ...(extra.length === 0 ? [] : [lines]),
  ]
}

function liveChanges({ params }: WantedMount, live: LiveMount): readonly Change[] {
  // An automount that waits for its first use: what is below it comes by itself, from fstab.
  if (live.fstype === 'autofs') return []
  const { device = '', fstype = 'auto' } = params
  const missing = missingOptions(optionsOf(params), live)
  return [
    ...(live.isWantedDevice === false ? [{ property: 'mountedDevice', from: live.source, to: device }] : []),
    ...(isSameFstype(fstype, live.fstype)
      ? []
      : [{ property: 'mountedFstype', from: live.fstype, to: fstype }]),
    ...(missing.length === 0
      ? []
      : [{ property: 'mountedOptions', from: live.options.join(','), to: missing.join(',') }]),
  ]
}

/** `nfs` is mounted as nfs4, `fuse.sshfs` and lists of types as one of them. */
function isSameFstype(wanted: string, live: string): boolean {
  if (['auto', 'none', 'bind'].includes(wanted)) return true
  return wanted
    .split(',')
    .some(
      (type) =>
        type === live ||
        (type === 'nfs' && live === 'nfs4') ||
        live === `fuse.${type}` ||
        (type.startsWith('fuse') && live.startsWith('fuse')),
    )
}

function entryOf({ title, params }: WantedMount): FstabEntry {
  const options = optionsOf(params)
  return {
    device: params.device ?? '',
    path: title,
    fstype: params.fstype ?? (isBind(options) ? 'none' : 'auto'),
    options,
    dump: params.dump ?? 0,
    pass: params.pass ?? 0,
  }
}

async function apply(
  host: Host,
  wanted: WantedMount,
  state: MountState,
  changes: readonly Change[],
): Promise<void> {
  const { ensure = 'mounted' } = wanted.params
  if (ensure === 'absent') {
    await unmount(host, wanted)
    return await writeEntry(host, wanted, undefined)
  }
  await writeEntry(host, wanted, entryOf(wanted))
  if (ensure === 'unmounted') return await unmount(host, wanted)
  if (ensure === 'defined') return
  if (state.live === undefined) return await mountIt(host, wanted)
  const differs = new Set(changes.map(({ property }) => property))
  if (differs.has('mountedDevice') || differs.has('mountedFstype')) return await mountAgain(host, wanted)
  const isNew = differs.has('options') && !isSameToKernel(wanted, state.entries[0])
  if (isNew || differs.has('mountedOptions')) await remount(host, wanted)
}

/** Only what is mounted now and was before this run: the others have just got what changed. */
async function refresh(host: Host, wanted: WantedMount, before: MountState): Promise<void> {
  if ((wanted.params.ensure ?? 'mounted') !== 'mounted' || before.live === undefined) return
  if (mountedAt(readTable(host), wanted.title) !== undefined) await remount(host, wanted, 'refresh-failed')
}

function isSameToKernel(wanted: WantedMount, entry: FstabEntry | undefined): boolean {
  return (
    entry !== undefined &&
    hasSameOptions(kernelOptions(entry.options), kernelOptions(optionsOf(wanted.params)))
  )
}

async function writeEntry(host: Host, { title }: WantedMount, entry: FstabEntry | undefined): Promise<void> {
  const file = readTextFile(host, fstabPath)
  const text = setFstabEntry(file.text ?? '', ({ path }) => path === title, entry)
  if (text === (file.text ?? '')) return
  await writeTextFile(host, file, text)
  // systemd keeps units made from fstab, and would undo a mount by the old one. Where it cannot, mount(8) still works.
  if (host.files.exists('/run/systemd/system')) await host.exec.run(['systemctl', 'daemon-reload'])
}

async function mountIt(host: Host, wanted: WantedMount): Promise<void> {
  const { title } = wanted
  if (!host.files.exists(title)) await host.write.putDirectory(title, { mode: 0o755, uid: 0, gid: 0 })
  await runTool(host, ['mount', '--', title], {
    ...toolOptions(wanted, `Cannot mount "${title}"`),
    kept: 'its line in /etc/fstab',
  })
}

async function mountAgain(host: Host, wanted: WantedMount): Promise<void> {
  await unmount(host, wanted)
  await mountIt(host, wanted)
}

/** All flags are named: a remount leaves those as they are that it is not told of. */
async function remount(
  host: Host,
  wanted: WantedMount,
  code: 'apply-failed' | 'refresh-failed' = 'apply-failed',
): Promise<void> {
  const { title, params } = wanted
  if (params.remounts === false) return await mountAgain(host, wanted)
  const options = kernelOptions(optionsOf(params))
  const all = ['remount', 'rw', ...(isBind(options) ? [] : ['suid', 'dev', 'exec']), ...options]
  await runTool(host, ['mount', '-o', all.join(','), '--', title], {
    ...toolOptions(wanted, `Cannot remount "${title}"`),
    code,
    kept: 'what is mounted, as it is',
    explain: () => 'A file system that cannot take these options while it is mounted needs "remounts: false"',
  })
}

/** All that is mounted there, one over the other. */
async function unmount(host: Host, wanted: WantedMount): Promise<void> {
  const { title } = wanted
  while (mountedAt(readTable(host), title) !== undefined) {
    await runTool(host, ['umount', '--', title], {
      ...toolOptions(wanted, `Cannot unmount "${title}"`),
      kept: 'what is mounted, and its line in /etc/fstab',
      explain: () => renderHolders(holdersOf(host, readTable(host), title)),
    })
  }
}

function renderHolders(holders: readonly string[]): string | undefined {
  return holders.length === 0 ? undefined : `Held by ${holders.join(', ')}: stop or unmount them first`
}

function toolOptions({ id, where }: WantedMount, doing: string): ToolOptions {
  return { doing, wanted: { id, where }, package: 'mount' }
}

function readTable(host: Host): readonly Mounted[] {
  const text = host.kernel.read('/proc/self/mountinfo')
  if (text !== undefined) return parseMountTable(text)
  throw new RekindleError({
    code: 'resource-unreadable',
    message: 'Cannot read mounts: /proc is not mounted',
  })
}

/**
 * What fstab has. What is mounted besides is the kernel's, systemd's or a container's, and nobody's to declare. The root
 * is shown when it is asked for: a purge must not find it.
 */
async function inspect(host: Host, title: string | undefined): Promise<readonly Instance[]> {
  const table = readTable(host)
  return parseFstab(readTextFile(host, fstabPath).text ?? '')
    .filter(({ path }) => (title === undefined ? /^\/./.test(path) : path === title))
    .map(({ path, device, fstype, options, dump, pass }) => ({
      title: path,
      params: {
        ensure: mountedAt(table, path) === undefined ? 'unmounted' : 'mounted',
        device,
        fstype,
        options: [...options],
        ...(dump === 0 ? {} : { dump }),
        ...(pass === 0 ? {} : { pass }),
      },
    }))
}

export const mount = {
  name: 'mount',
  read,
  diff,
  apply,
  refresh,
  inspect,
  watch: () => [fstabPath],
} satisfies ResourceType<MountParams, MountState>
