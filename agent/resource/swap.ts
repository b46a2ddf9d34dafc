/** Swap space: a file or device that is formatted, has its line in /etc/fstab, and is in use. */
import type { RekindleError } from '../../schemas/errors.ts'
import { renderMode } from '../../schemas/file-mode.ts'
import type { Change, SwapParams } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { FileKind } from '../host/file-reader.ts'
import { type FstabEntry, parseFstab, setFstabEntry } from '../host/fstab.ts'
import type { Host } from '../host/host.ts'
import { type ActiveSwap, bytesOf, parseSwaps } from '../host/swap-table.ts'
import { cannotApply } from './cannot-apply.ts'
import { devicePath } from './mount/device.ts'
import type { Instance, ResourceType, Wanted } from './resource-type.ts'
import { runTool } from './run-tool.ts'
import { format, makeSwapFile, moveIn, toolOptions } from './swap/make.ts'
import { readTextFile, writeTextFile } from './text-file.ts'

export interface SwapState {
  readonly kind: FileKind | 'absent'
  /** Bytes. */
  readonly size: number
  readonly mode: number
  /** What blkid finds in it, such as `swap` or `ext4`; empty for nothing that it knows. */
  readonly format: string
  /** Its lines in fstab, by whatever name of the device. */
  readonly entries: readonly FstabEntry[]
  readonly active: ActiveSwap | undefined
}

type WantedSwap = Wanted<SwapParams>

const fstabPath = '/etc/fstab'

async function read(host: Host, wanted: readonly WantedSwap[]): Promise<Map<ResourceId, SwapState>> {
  const swaps = parseSwaps(host.kernel.read('/proc/swaps') ?? '')
  const entries = await readEntries(host)
  const states = wanted.map(async ({ id, title }): Promise<readonly [ResourceId, SwapState]> => {
    const path = host.files.realPath(title)
    const stat = host.files.stat(path)
    const state = {
      kind: stat?.kind ?? ('absent' as const),
      size: stat?.size ?? 0,
      mode: stat?.mode ?? 0,
      format: stat === undefined ? '' : await formatOf(host, path),
      entries: entries.filter((one) => one.path === path).map(({ entry }) => entry),
      active: swaps.find((swap) => host.files.realPath(swap.path) === path),
    }
    return [id, state]
  })
  return new Map(await Promise.all(states))
}

/** With the path of what each names; that of a UUID that no device has is the UUID. */
async function readEntries(
  host: Host,
): Promise<readonly { readonly path: string; readonly entry: FstabEntry }[]> {
  const swaps = parseFstab(readTextFile(host, fstabPath).text ?? '').filter(({ fstype }) => fstype === 'swap')
  return Promise.all(
    swaps.map(async (entry) => {
      const path = await devicePath(host, entry.device)
      return { path: path === undefined ? entry.device : host.files.realPath(path), entry }
    }),
  )
}

async function formatOf({ exec }: Host, path: string): Promise<string> {
  const { stdout } = await exec.run(['blkid', '-p', '-s', 'TYPE', '-o', 'value', '--', path])
  return stdout.trim()
}

function diff(wanted: WantedSwap, state: SwapState): readonly Change[] {
  const { params } = wanted
  const { kind, mode, active, entries } = state
  if (params.ensure === 'absent') {
    const isGone = kind !== 'file' && entries.length === 0 && active === undefined
    return isGone ? [] : [{ property: 'ensure', from: 'present', to: 'absent' }]
  }
  const isOpen = kind === 'file' && (mode & 0o077) !== 0
  return [
    ...contentChanges(wanted, state),
    ...(isOpen ? [{ property: 'mode', from: renderMode(mode), to: '0600' }] : []),
    ...fstabChanges(wanted, entries),
    ...(params.live === false ? [] : liveChanges(wanted, active)),
  ]
}

function contentChanges({ params: { size } }: WantedSwap, state: SwapState): readonly Change[] {
  if (state.kind === 'absent') return [{ property: 'ensure', from: 'absent', to: 'present' }]
  if (state.format !== 'swap') return [{ property: 'format', from: state.format || 'none', to: 'swap' }]
  const isOfSize = size === undefined || state.kind !== 'file' || state.size === bytesOf(size)
  return isOfSize ? [] : [{ property: 'size', from: String(state.size), to: String(bytesOf(size)) }]
}

function fstabChanges({ params }: WantedSwap, entries: readonly FstabEntry[]): readonly Change[] {
  const [entry] = entries
  const to = params.priority === undefined ? 'present' : `priority ${params.priority}`
  if (entry === undefined) return [{ property: 'fstab', from: 'absent', to }]
  if (params.priority === undefined || priorityOf(entry) === params.priority) return []
  return [{ property: 'fstab', from: `priority ${priorityOf(entry) ?? 'unset'}`, to }]
}

function priorityOf({ options }: FstabEntry): number | undefined {
  const written = options.find((option) => option.startsWith('pri='))
  return written === undefined ? undefined : Number(written.slice('pri='.length))
}

function liveChanges(
  { params: { priority } }: WantedSwap,
  active: ActiveSwap | undefined,
): readonly Change[] {
  if (active === undefined) return [{ property: 'live', from: 'not in use', to: 'in use' }]
  if (priority === undefined || active.priority === priority) return []
  return [{ property: 'priority', from: String(active.priority), to: String(priority) }]
}

async function apply(
  host: Host,
  wanted: WantedSwap,
  state: SwapState,
  changes: readonly Change[],
): Promise<void> {
  const { title, params } = wanted
  const differs = new Set(changes.map(({ property }) => property))
  if (params.ensure === 'absent') return await remove(host, wanted, state)
  const isNew = await putContent(host, wanted, state, differs)
  if (differs.has('mode')) await host.write.setAttributes(title, { mode: 0o600 })
  if (differs.has('fstab')) await writeEntry(host, state, entryOf(wanted, state.entries[0]))
  if (params.live === false) return
  if (differs.has('priority') && !isNew) await swapOff(host, wanted)
  if (isNew || differs.has('live') || differs.has('priority')) await swapOn(host, wanted)
}

/** Whether it is not in use any more, since it was made anew. */
async function putContent(
  host: Host,
  wanted: WantedSwap,
  state: SwapState,
  differs: ReadonlySet<string>,
): Promise<boolean> {
  const { size } = wanted.params
  if (!['ensure', 'format', 'size'].some((property) => differs.has(property))) return false
  if (state.kind === 'device') {
    if (state.format !== '') throw holdsOther(wanted, state)
    await format(host, wanted, wanted.title)
    return false
  }
  if (state.kind !== 'absent' && (state.kind !== 'file' || state.format !== 'swap'))
    throw holdsOther(wanted, state)
  if (size === undefined) throw nothingThere(wanted)
  const path = await makeSwapFile(host, wanted, bytesOf(size))
  if (state.active !== undefined) await swapOff(host, wanted)
  await moveIn(host, wanted, path)
  return state.active !== undefined
}

async function remove(host: Host, wanted: WantedSwap, state: SwapState): Promise<void> {
  if (state.kind === 'file' && state.format !== 'swap') throw holdsOther(wanted, state)
  if (state.active !== undefined) await swapOff(host, wanted)
  await writeEntry(host, state, undefined)
  if (state.kind === 'file') await host.write.remove(wanted.title)
}

/** A name that fstab has for it stays, and so do options of others. */
function entryOf({ title, params: { priority } }: WantedSwap, found: FstabEntry | undefined): FstabEntry {
  const kept = (found?.options ?? ['sw']).filter(
    (option) => priority === undefined || !option.startsWith('pri='),
  )
  return {
    device: found?.device ?? title,
    path: found?.path ?? 'none',
    fstype: 'swap',
    options: priority === undefined ? kept : [...kept, `pri=${priority}`],
    dump: found?.dump ?? 0,
    pass: found?.pass ?? 0,
  }
}

async function writeEntry(host: Host, { entries }: SwapState, entry: FstabEntry | undefined): Promise<void> {
  const file = readTextFile(host, fstabPath)
  const devices = new Set(entries.map(({ device }) => device))
  const text = setFstabEntry(
    file.text ?? '',
    ({ device, fstype }) => fstype === 'swap' && devices.has(device),
    entry,
  )
  if (text === (file.text ?? '')) return
  await writeTextFile(host, file, text)
  // systemd keeps units made from fstab. Where it cannot, swapon(8) still works.
  if (host.files.exists('/run/systemd/system')) await host.exec.run(['systemctl', 'daemon-reload'])
}

async function swapOn(host: Host, wanted: WantedSwap): Promise<void> {
  const { title, params } = wanted
  const priority = params.priority === undefined ? [] : ['-p', String(params.priority)]
  await runTool(host, ['swapon', ...priority, '--', title], {
    ...toolOptions(wanted, 'Cannot swap to it'),
    kept: 'the swap space, formatted, and its line in /etc/fstab',
    explain: () =>
      'The file system may not allow swap files (overlay, tmpfs), or this is a container: there the machine below swaps; use "live: false"',
  })
}

async function swapOff(host: Host, wanted: WantedSwap): Promise<void> {
  await runTool(host, ['swapoff', '--', wanted.title], {
    ...toolOptions(wanted, 'Cannot stop swapping to it'),
    kept: 'the swap space, in use',
    explain: () => 'What is swapped out has to fit into memory',
  })
}

function holdsOther({ id, title, where }: WantedSwap, { kind, format: found }: SwapState): RekindleError {
  return cannotApply(
    { id, where },
    `"${title}" is a ${kind} that holds ${found === '' ? 'no swap space' : found}`,
    { kept: 'what stands there', hint: 'Remove it, or wipe the device (wipefs), if nobody needs it' },
  )
}

function nothingThere(wanted: WantedSwap): RekindleError {
  return cannotApply(wanted, `there is no "${wanted.title}"`, { hint: 'Give a "size", and a file is made' })
}

/** What fstab or the kernel has. */
async function inspect(host: Host, title: string | undefined): Promise<readonly Instance[]> {
  const swaps = parseSwaps(host.kernel.read('/proc/swaps') ?? '')
  const entries = await readEntries(host)
  const paths = new Set([...entries.map(({ path }) => path), ...swaps.map(({ path }) => path)])
  return [...paths]
    .filter((path) => path.startsWith('/') && (title === undefined || path === host.files.realPath(title)))
    .map((path) => {
      const active = swaps.find((swap) => swap.path === path)
      const entry = entries.find((one) => one.path === path)?.entry
      const priority = entry === undefined ? undefined : priorityOf(entry)
      return {
        title: path,
        params: {
          ...(priority === undefined ? {} : { priority }),
          ...(active === undefined ? { live: false } : {}),
        },
      }
    })
}

export const swap = {
  name: 'swap',
  read,
  diff,
  apply,
  inspect,
  watch: ({ title }) => [title, fstabPath],
} satisfies ResourceType<SwapParams, SwapState>
