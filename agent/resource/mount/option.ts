/** Pure: mount options, as they are written and as the kernel shows them. */
import type { MountParams } from '../../../schemas/generated/types.ts'

export function optionsOf({ options = 'defaults' }: MountParams): readonly string[] {
  return typeof options === 'string' ? options.split(',') : options
}

/** In whatever order. */
export function hasSameOptions(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((option) => b.includes(option))
}

export function isBind(options: readonly string[]): boolean {
  return options.includes('bind') || options.includes('rbind')
}

/** Those that the kernel or a mount helper gets; mount(8), systemd and fsck keep the others to themselves. */
export function kernelOptions(options: readonly string[]): readonly string[] {
  return options.filter((option) => !userSpace.has(option) && !/^(x-|comment=)/i.test(option))
}

const userSpace = new Set([
  ...['auto', 'noauto', 'user', 'nouser', 'users', 'owner', 'noowner', 'group', 'nogroup'],
  ...['_netdev', 'nofail', 'fail', 'defaults'],
])

/** Each flag by the words for on and off. */
const flags: readonly (readonly [on: string, off: string])[] = [
  ['ro', 'rw'],
  ['nosuid', 'suid'],
  ['nodev', 'dev'],
  ['noexec', 'exec'],
]

/** These can only be read, so that a mount that was to be writable is not wrong. */
const readOnly = new Set(['squashfs', 'iso9660', 'erofs', 'cramfs', 'udf', 'romfs'])

export interface Live {
  readonly fstype: string
  readonly options: readonly string[]
}

/**
 * Wanted options that the kernel shows otherwise, as it should show them. Only what it shows as it was written can be
 * compared: the flags of any mount, and the numbers of a tmpfs. What nobody asked for is not compared where a mount has it
 * from elsewhere: a bind mount from what it shows, FUSE from who mounted it.
 */
export function missingOptions(wanted: readonly string[], live: Live): readonly string[] {
  const inherits = isBind(wanted) || live.fstype.startsWith('fuse')
  const missing = flags.flatMap(([on, off]) => {
    const asked = askedFor(wanted, on, off)
    if (asked === undefined && inherits) return []
    const isWanted = asked ?? false
    if (isWanted === live.options.includes(on)) return []
    if (on === 'ro' && !isWanted && readOnly.has(live.fstype)) return []
    return [isWanted ? on : off]
  })
  return [
    ...missing,
    ...accessTimes(wanted, live),
    ...(live.fstype === 'tmpfs' ? tmpfsOptions(wanted, live) : []),
  ]
}

/** The last word counts; `user` and its like bring flags along. */
function askedFor(wanted: readonly string[], on: string, off: string): boolean | undefined {
  let asked: boolean | undefined
  for (const option of wanted) {
    if (option === on || impliedBy[option]?.includes(on) === true) asked = true
    else if (option === off || option === 'defaults') asked = false
  }
  return asked
}

const impliedBy: Readonly<Record<string, readonly string[]>> = {
  user: ['noexec', 'nosuid', 'nodev'],
  users: ['noexec', 'nosuid', 'nodev'],
  owner: ['nosuid', 'nodev'],
  group: ['nosuid', 'nodev'],
}

/** strictatime is what the kernel says nothing for. */
function accessTimes(wanted: readonly string[], { options }: Live): readonly string[] {
  const asked = wanted.findLast((option) => ['noatime', 'relatime', 'strictatime'].includes(option))
  if (asked === undefined) return []
  const shown = ['noatime', 'relatime'].find((option) => options.includes(option)) ?? 'strictatime'
  return shown === asked ? [] : [asked]
}

function tmpfsOptions(wanted: readonly string[], { options }: Live): readonly string[] {
  return wanted.filter((option) => {
    const [name = '', value = ''] = option.split('=')
    const parse = tmpfsNumbers[name]
    const number = parse?.(value)
    if (parse === undefined || number === undefined) return false
    const shown = options.find((one) => one.startsWith(`${name}=`))
    // The kernel leaves out what is the default.
    const actual = shown === undefined ? tmpfsDefaults[name] : parse(shown.slice(name.length + 1))
    return actual !== undefined && roundUp(name, actual) !== roundUp(name, number)
  })
}

const pageBytes = 4096

/** Whole pages. */
function roundUp(name: string, number: number): number {
  return name === 'size' ? Math.ceil(number / pageBytes) : number
}

/** Undefined for what only this machine's memory says, such as `50%`. */
const tmpfsNumbers: Readonly<Record<string, (value: string) => number | undefined>> = {
  size: parseSize,
  nr_inodes: parseSize,
  mode: (value) => (/^[0-7]+$/.test(value) ? Number.parseInt(value, 8) : undefined),
  uid: parseDecimal,
  gid: parseDecimal,
}

const tmpfsDefaults: Readonly<Record<string, number>> = { mode: 0o1777, uid: 0, gid: 0 }

function parseDecimal(value: string): number | undefined {
  return /^\d+$/.test(value) ? Number(value) : undefined
}

/** @example parseSize('64m') // 67108864 */
export function parseSize(value: string): number | undefined {
  const [, digits, unit = ''] = /^(\d+)([kmgt]?)$/i.exec(value) ?? []
  return digits === undefined
    ? undefined
    : Number(digits) * 1024 ** ['', 'k', 'm', 'g', 't'].indexOf(unit.toLowerCase())
}
