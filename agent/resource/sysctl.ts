/** Kernel parameters: the value that the kernel has, and the file that sets it at boot. */
import { basename } from 'node:path/posix'
import { RekindleError } from '../../schemas/errors.ts'
import type { Change, SysctlParams } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import { sysctlPath } from '../../schemas/sysctl-key.ts'
import type { Host } from '../host/host.ts'
import { parseSysctl, readSysctlFiles, type SysctlSetting } from '../host/sysctl-file.ts'
import { cannotApply } from './cannot-apply.ts'
import type { Instance, ResourceType, Wanted } from './resource-type.ts'
import { readEach, readTextFile, removeTextFile, type TextFile, writeTextFile } from './text-file.ts'

export interface SysctlState {
  readonly file: TextFile
  /** Files of this key that another priority has left. */
  readonly stale: readonly string[]
  /** What is set at boot after our file. */
  readonly later: SysctlSetting | undefined
  /** Undefined: the kernel does not know the key. */
  readonly live: string | undefined
}

type WantedSysctl = Wanted<SysctlParams>

const folder = '/etc/sysctl.d'
const defaultPriority = 90

function read(host: Host, wanted: readonly WantedSysctl[]): Map<ResourceId, SysctlState | Error> {
  const settings = readSysctlFiles(host.files)
  const names = host.files.list(folder)
  return readEach(wanted, (one) => {
    const path = pathOf(one)
    const of = settings.filter(({ key }) => key === one.title)
    const stale = names.filter((name) => isOwn(name, one.title)).map((name) => `${folder}/${name}`)
    return {
      file: readTextFile(host, path),
      stale: stale.filter((other) => other !== path),
      later: of.findLast((setting) => isAfter(setting.path, path) && !stale.includes(setting.path)),
      live: readLive(host, one),
    }
  })
}

function readLive({ kernel }: Host, { id, title, params, where }: WantedSysctl): string | undefined {
  if (!isLive(params)) return undefined
  try {
    return kernel.read(sysctlPath(title))?.trim()
  } catch (cause) {
    throw new RekindleError({
      code: 'resource-unreadable',
      message: `Cannot read ${id}`,
      where,
      hint: 'A key that can only be written has no value to keep: use "live: false", or an exec',
      cause,
    })
  }
}

function diff(wanted: WantedSysctl, { file, stale, later, live }: SysctlState): readonly Change[] {
  const { params } = wanted
  const to = String(params.value)
  const isThere = file.kind !== 'absent' || stale.length > 0
  if (params.ensure === 'absent')
    return isThere ? [{ property: 'ensure', from: 'present', to: 'absent' }] : []
  return [
    ...(file.text === textOf(wanted) ? [] : [{ property: 'boot', from: bootValue(wanted, file), to }]),
    ...(stale.length === 0 ? [] : [{ property: 'staleFiles', from: stale.join(', '), to: 'absent' }]),
    ...(later === undefined || isSame(later.value, to)
      ? []
      : [{ property: 'overriddenBy', from: `${later.path}: ${later.value}`, to: 'none' }]),
    ...(hasLiveChange(wanted, live) ? [{ property: 'value', from: live ?? 'unknown', to }] : []),
  ]
}

function hasLiveChange({ params }: WantedSysctl, live: string | undefined): boolean {
  if (!isLive(params)) return false
  return live === undefined ? params.ignoreUnknown !== true : !isSame(live, String(params.value))
}

function bootValue({ title }: WantedSysctl, { text }: TextFile): string {
  if (text === undefined) return 'absent'
  return parseSysctl(text).findLast(({ key }) => key === title)?.value ?? 'not set'
}

/** The file first: a value that the kernel refuses now is at least known to be wanted, and its error says so. */
async function apply(
  host: Host,
  wanted: WantedSysctl,
  state: SysctlState,
  changes: readonly Change[],
): Promise<void> {
  const differs = new Set(changes.map(({ property }) => property))
  for (const path of state.stale) await removeTextFile(host, readTextFile(host, path))
  if (wanted.params.ensure === 'absent') return await removeTextFile(host, state.file)
  if (differs.has('value') && state.live === undefined) throw unknownKey(wanted)
  if (differs.has('boot')) await writeTextFile(host, state.file, textOf(wanted))
  if (differs.has('value')) writeLive(host, wanted, state)
  if (differs.has('overriddenBy') && state.later !== undefined) throw overridden(wanted, state.later)
}

function writeLive(
  { kernel }: Host,
  { id, title, params, where }: WantedSysctl,
  { live }: SysctlState,
): void {
  const path = sysctlPath(title)
  try {
    kernel.write(path, `${params.value}\n`)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    throw cannotApply({ id, where }, `the kernel does not take "${params.value}": ${reasons[code] ?? code}`, {
      kept: `its value "${live}" until the next boot; the file for the boot is written`,
      hint: hints[code],
      cause,
    })
  }
}

const reasons: Readonly<Record<string, string>> = {
  EROFS: '/proc/sys is read-only',
  EINVAL: 'it is no value of this key, or out of its range',
  EACCES: 'the key can only be read',
  EPERM: 'the key is not for this host to change',
}
const inContainer = 'In a container the machine below has to set it, or use "live: false"'
const hints: Readonly<Record<string, string>> = { EROFS: inContainer, EPERM: inContainer }

function unknownKey({ id, title, where }: WantedSysctl): RekindleError {
  return cannotApply(
    { id, where },
    `the kernel knows no key "${title}": there is no "${sysctlPath(title)}"`,
    {
      kept: 'everything',
      hint: 'Correct the key, declare the kernel module or interface that brings it before it, or set "ignoreUnknown: true"',
    },
  )
}

function overridden(wanted: WantedSysctl, { path, value }: SysctlSetting): RekindleError {
  return cannotApply(wanted, `"${path}" is read later at boot and sets "${value}" again`, {
    kept: `"${path}"; until the next boot the value is "${wanted.params.value}"`,
    hint: 'Remove the line there, or give a "priority" that comes after it',
  })
}

function textOf({ title, params }: WantedSysctl): string {
  const mark = params.ignoreUnknown === true ? '-' : ''
  return `# Written by Rekindle: edits are lost.\n${mark}${title} = ${params.value}\n`
}

function pathOf({ title, params: { priority = defaultPriority } }: WantedSysctl): string {
  return `${folder}/${priority}${ownSuffix(title)}`
}

const ownName = /^\d\d-rekindle-(.+)\.conf$/

/** A key has no `~`. */
function ownSuffix(key: string): string {
  return `-rekindle-${key.replaceAll('/', '~')}.conf`
}

function isOwn(name: string, key: string): boolean {
  return ownName.test(name) && name.slice(2) === ownSuffix(key)
}

function isAfter(path: string, own: string): boolean {
  const name = (of: string) => Buffer.from(of.slice(of.lastIndexOf('/') + 1))
  return Buffer.compare(name(path), name(own)) > 0
}

/** @example isSame('4096\t87380', '4096 87380') // true */
function isSame(a: string, b: string): boolean {
  const fields = (value: string) => value.trim().split(/\s+/).join(' ')
  return fields(a) === fields(b)
}

function isLive({ live = true, ensure }: SysctlParams): boolean {
  return live && ensure !== 'absent'
}

/** All: what our files set, since others' are not ours to remove. One: what the kernel has. */
async function inspect({ files, kernel }: Host, title: string | undefined): Promise<readonly Instance[]> {
  if (title !== undefined) {
    const value = kernel.read(sysctlPath(title))?.trim()
    return value === undefined ? [] : [{ title, params: { value } }]
  }
  return readSysctlFiles(files)
    .filter(({ key, path }) => path.startsWith(`${folder}/`) && isOwn(basename(path), key))
    .map((setting) => ({
      title: setting.key,
      params: paramsOf(setting, kernel.read(sysctlPath(setting.key))),
    }))
}

function paramsOf(
  { value, path, mayBeUnknown }: SysctlSetting,
  live: string | undefined,
): Readonly<Record<string, unknown>> {
  const priority = Number(basename(path).slice(0, 2))
  const isLive = live === undefined ? mayBeUnknown : isSame(live, value)
  return {
    value,
    ...(priority === defaultPriority ? {} : { priority }),
    ...(mayBeUnknown ? { ignoreUnknown: true } : {}),
    ...(isLive ? {} : { live: false }),
  }
}

export const sysctl = {
  name: 'sysctl',
  read,
  diff,
  apply,
  inspect,
  watch: (wanted) => [pathOf(wanted)],
} satisfies ResourceType<SysctlParams, SysctlState>
