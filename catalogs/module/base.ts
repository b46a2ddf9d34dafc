/** What every host has. */
import { host } from '../api/facts.ts'
import type { Container } from '../api/reference.ts'
import { file } from '../api/resource/file.ts'
import { pkg } from '../api/resource/package.ts'
import { service } from '../api/resource/service.ts'
import { hostname, locale, sysctl, timezone } from '../api/resource/system.ts'
import { isContainer } from './part/container.ts'
import { type Checked, declareModule, type ModuleOptions } from './part/declare.ts'
import { yielding } from './part/yielding.ts'

export type BaseOptions = ModuleOptions<'module/base'>
type Base = Checked<'module/base'>

/**
 * What every host has: name, time zone, language, tools, a greeting, kernel parameters and the journal's limits.
 *
 * @example base({ timezone: 'Europe/Berlin', packages: ['vim'], sysctl: { 'net.ipv4.ip_forward': 1 } })
 */
export function base(options: BaseOptions = {}): Container {
  return declareModule({ name: 'base', schema: 'module/base', options, declare: declareBase })
}

function declareBase(options: Base): void {
  const { packages = [], absentPackages = [], motd } = options
  for (const name of absentPackages) pkg(name, { ensure: 'purged' })
  for (const name of packages) pkg(name)
  identity(options)
  if (motd !== undefined) file('/etc/motd', { content: motd, owner: 'root', group: 'root', mode: '0644' })
  kernel(options)
  journal(options)
}

function identity({ hostname: name, timezone: zone = 'Etc/UTC', locale: language }: Base): void {
  if (name !== undefined) nameHost(name === true ? host.name : name)
  yielding(() => pkg('tzdata'))
  timezone(zone)
  if (language === undefined) return
  // This one is part of libc.
  if (language !== 'C.UTF-8') yielding(() => pkg('locales'))
  locale(language, { default: true })
}

/** The kernel's name has no domain in it. */
function nameHost(name: string): void {
  const [first = name, ...domain] = name.split('.')
  hostname(first, domain.length === 0 ? {} : { domain: domain.join('.') })
}

/** What costs nothing; `net.ipv4.conf.*.rp_filter` is left out, since it breaks hosts with several ways out. */
const hardened: Readonly<Record<string, number>> = {
  'fs.protected_fifos': 2,
  'fs.protected_hardlinks': 1,
  'fs.protected_regular': 2,
  'fs.protected_symlinks': 1,
  'fs.suid_dumpable': 0,
  'kernel.dmesg_restrict': 1,
  'kernel.kptr_restrict': 1,
  'kernel.randomize_va_space': 2,
  'kernel.yama.ptrace_scope': 1,
  'net.core.bpf_jit_harden': 2,
  'net.ipv4.conf.all.accept_redirects': 0,
  'net.ipv4.conf.default.accept_redirects': 0,
  'net.ipv4.conf.all.secure_redirects': 0,
  'net.ipv4.conf.default.secure_redirects': 0,
  'net.ipv4.conf.all.send_redirects': 0,
  'net.ipv4.conf.default.send_redirects': 0,
  'net.ipv4.conf.all.accept_source_route': 0,
  'net.ipv4.conf.default.accept_source_route': 0,
  'net.ipv4.icmp_echo_ignore_broadcasts': 1,
  'net.ipv4.tcp_syncookies': 1,
  'net.ipv6.conf.all.accept_redirects': 0,
  'net.ipv6.conf.default.accept_redirects': 0,
}

function kernel({ hardening = true, sysctl: own = {} }: Base): void {
  // A container cannot write /proc/sys, whose values are those of the machine below.
  const live = !isContainer()
  for (const [key, value] of Object.entries(hardening && live ? hardened : {})) {
    // Kernels without IPv6 or Yama have nothing there to harden.
    if (!Object.hasOwn(own, key)) sysctl(key, { value, ignoreUnknown: true })
  }
  for (const [key, value] of Object.entries(own)) sysctl(key, { value, live })
}

function journal({ journal: limits = {} }: Base): void {
  if (limits === false) return
  const { maxUse = '1G', keep = '1month', persistent = true } = limits
  const folder = file('/etc/systemd/journald.conf.d', { ensure: 'directory', mode: '0755' })
  const conf = file(`${folder}/90-rekindle.conf`, {
    content: `[Journal]\nStorage=${persistent ? 'persistent' : 'volatile'}\nSystemMaxUse=${maxUse}\nMaxRetentionSec=${keep}\n`,
    mode: '0644',
  })
  service('systemd-journald', { ensure: 'running', subscribe: conf })
}
