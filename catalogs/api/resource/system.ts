/** Settings of the whole system: mounts, the kernel, names, times and languages. */
import type { AuthoredParams } from '../../../schemas/generated/authored.ts'
import { canonicalSysctlKey, isCanonicalSysctlKey } from '../../../schemas/sysctl-key.ts'
import { declare, type Metaparams } from '../declare.ts'
import type { Params, TypeRule } from '../parameter.ts'
import { normalisePath, wrongPath } from '../path.ts'
import type { Reference } from '../reference.ts'

export type MountOptions = AuthoredParams['mount'] & Metaparams

/**
 * A file system at a mount point, in /etc/fstab and mounted.
 *
 * @example mount('/srv/data', { device: 'LABEL=data', fstype: 'ext4', options: ['noatime'] })
 */
export function mount(path: string, options: MountOptions): Reference<'mount'> {
  return declare({ type: 'mount', title: path, options, rule: mountRule })
}

export const mountRule: TypeRule = {
  normaliseTitle: normalisePath,
  wrongTitle: wrongPath,
  contradictions: mountContradictions,
}

function mountContradictions({ ensure = 'mounted', device }: Params, title: string): readonly string[] {
  const wrong: string[] = []
  if (ensure !== 'absent' && device === undefined) wrong.push('a mount needs a "device"')
  if (title === '/' && (ensure === 'absent' || ensure === 'unmounted'))
    wrong.push(`the root file system cannot be ${JSON.stringify(ensure)}`)
  return wrong
}

export type SysctlOptions = AuthoredParams['sysctl'] & Metaparams

/**
 * A kernel parameter, now and at boot.
 *
 * @example sysctl('net.ipv4.ip_forward', { value: 1 })
 */
export function sysctl(key: string, options: SysctlOptions): Reference<'sysctl'> {
  return declare({ type: 'sysctl', title: key, options, rule: sysctlRule })
}

export const sysctlRule: TypeRule = {
  normaliseTitle: canonicalSysctlKey,
  wrongTitle: (title) =>
    isCanonicalSysctlKey(title) ? undefined : 'the title is no key such as "net.ipv4.ip_forward"',
  contradictions: ({ ensure, value }) =>
    ensure !== 'absent' && value === undefined ? ['a kernel parameter needs a "value"'] : [],
}

export type HostnameOptions = AuthoredParams['hostname'] & Metaparams

/**
 * The host's name.
 *
 * @example hostname('web-1', { domain: 'example.org' })
 */
export function hostname(name: string, options: HostnameOptions = {}): Reference<'hostname'> {
  return declare({ type: 'hostname', title: name, options, rule: hostnameRule })
}

export const hostnameRule: TypeRule = {
  // The kernel takes 64 bytes.
  wrongTitle: (title) =>
    title.length <= 64 && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i.test(title)
      ? undefined
      : 'the title is no name of a host',
  contradictions: ({ domain, hosts }, title) => [
    ...(domain !== undefined && title.includes('.')
      ? ['a title with a domain and "domain" exclude each other']
      : []),
    ...(domain !== undefined && hosts === false ? ['"domain" does not go with hosts false'] : []),
  ],
}

export type TimezoneOptions = AuthoredParams['timezone'] & Metaparams

/**
 * The host's time zone.
 *
 * @example timezone('Europe/Berlin')
 */
export function timezone(zone: string, options: TimezoneOptions = {}): Reference<'timezone'> {
  return declare({ type: 'timezone', title: zone, options, rule: timezoneRule })
}

export const timezoneRule: TypeRule = {
  wrongTitle: (title) =>
    /^[A-Z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/.test(title)
      ? undefined
      : 'the title is no name of a time zone',
}

export type LocaleOptions = AuthoredParams['locale'] & Metaparams

/**
 * A locale that programs can use.
 *
 * @example locale('en_US.UTF-8', { default: true })
 */
export function locale(name: string, options: LocaleOptions = {}): Reference<'locale'> {
  return declare({ type: 'locale', title: name, options, rule: localeRule })
}

export const localeRule: TypeRule = {
  wrongTitle: (title) =>
    /^(C|POSIX|[a-z]{2,3}(_[A-Z]{2})?)(\.[A-Za-z0-9-]+)?(@[a-z]+)?$/.test(title)
      ? undefined
      : 'the title is no name of a locale such as "en_US.UTF-8"',
  contradictions: ({ ensure, default: isDefault, categories }) =>
    ensure === 'absent' && (isDefault === true || categories !== undefined)
      ? ['a locale that is absent cannot be a default']
      : [],
}

export type AlternativesOptions = AuthoredParams['alternatives'] & Metaparams

/**
 * Which program a generic name stands for.
 *
 * @example alternatives('editor', { path: '/usr/bin/vim.basic' })
 */
export function alternatives(name: string, options: AlternativesOptions): Reference<'alternatives'> {
  return declare({ type: 'alternatives', title: name, options, rule: alternativesRule })
}

export const alternativesRule: TypeRule = {
  wrongTitle: (title) =>
    /^[A-Za-z0-9+][A-Za-z0-9+._-]*$/.test(title) ? undefined : 'the title is no name of a link group',
}

export type LogrotateOptions = AuthoredParams['logrotate'] & Metaparams

/**
 * How logs are rotated, in a file of /etc/logrotate.d.
 *
 * @example logrotate('app', { paths: '/var/log/app/*.log', frequency: 'daily', rotate: 14, compress: true })
 */
export function logrotate(name: string, options: LogrotateOptions): Reference<'logrotate'> {
  return declare({ type: 'logrotate', title: name, options, rule: logrotateRule })
}

export const logrotateRule: TypeRule = {
  wrongTitle: logrotateTitle,
  contradictions: logrotateContradictions,
}

/** logrotate(8), "tabooext": files with these endings are passed over in silence. */
const taboo = /\.(bak|cfsaved|disabled|dpkg-.*|ghost|ori?g?|rhn-cfg-tmp-.*|rpm.*|swp|ucf-.*|v|ymp)$/

function logrotateTitle(title: string): string | undefined {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(title)) return 'the title is no name of a file in /etc/logrotate.d'
  return taboo.test(title) ? 'logrotate passes over a file of that name' : undefined
}

function logrotateContradictions(params: Params): readonly string[] {
  const { ensure, paths, size, frequency, copytruncate, create } = params
  const wrong: string[] = []
  if (ensure !== 'absent' && paths === undefined) wrong.push('a rotation needs "paths"')
  if (size !== undefined && frequency !== undefined)
    wrong.push('"size" and "frequency" exclude each other: use "minsize" or "maxsize" with a frequency')
  if (copytruncate === true && create !== undefined && create !== false)
    wrong.push('"copytruncate" and "create" exclude each other')
  for (const name of ['prerotate', 'postrotate', 'firstaction', 'lastaction']) {
    const lines = [params[name] ?? []].flat().flatMap((line) => String(line).split('\n'))
    if (lines.some((line) => line.trim() === 'endscript'))
      wrong.push(`"${name}" has a line that would end it`)
  }
  return wrong
}

export type KernelModuleOptions = AuthoredParams['kernel_module'] & Metaparams

/**
 * A module of the kernel, now and at boot.
 *
 * @example kernelModule('nf_conntrack', { options: { hashsize: 32768 } })
 */
export function kernelModule(name: string, options: KernelModuleOptions = {}): Reference<'kernel_module'> {
  return declare({ type: 'kernel_module', title: name, options, rule: kernelModuleRule })
}

export const kernelModuleRule: TypeRule = {
  normaliseTitle: (title) => title.replaceAll('-', '_'),
  wrongTitle: (title) =>
    /^[A-Za-z0-9_]+$/.test(title) ? undefined : 'the title is no name of a kernel module',
  contradictions: ({ ensure = 'loaded', options }) =>
    options !== undefined && ensure !== 'loaded'
      ? [`"options" does not go with ensure ${JSON.stringify(ensure)}`]
      : [],
}

export type SwapOptions = AuthoredParams['swap'] & Metaparams

/**
 * Swap space: a file, or a device.
 *
 * @example swap('/swapfile', { size: '2G' })
 */
export function swap(path: string, options: SwapOptions = {}): Reference<'swap'> {
  return declare({ type: 'swap', title: path, options, rule: swapRule })
}

export const swapRule: TypeRule = {
  normaliseTitle: normalisePath,
  wrongTitle: wrongPath,
  contradictions: ({ size }, title) =>
    size !== undefined && title.startsWith('/dev/') ? ['"size" is for a file, and this is a device'] : [],
}
