/** What real hosts need of the machine that they run on: found out, and installed with apt where it lacks. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Program to look for, and the Debian package that brings it. */
const needs: readonly (readonly [program: string, debianPackage: string])[] = [
  ['systemd-nspawn', 'systemd-container'],
  ['mmdebstrap', 'mmdebstrap'],
  ['dpkg-deb', 'dpkg'],
  ['dpkg-scanpackages', 'dpkg-dev'],
  ['ip', 'iproute2'],
  ['nsenter', 'util-linux'],
  ['zstd', 'zstd'],
]

/** Wanted by the browser tests only. */
const browser = ['chromium', 'chromium'] as const
/** Wanted by the test of sites over SSH only, which starts one of its own. */
const sshServer = ['sshd', 'openssh-server'] as const

export type CanRunHosts = { readonly ok: true } | { readonly ok: false; readonly reason: string }

/** Its path; undefined where it is not installed. */
export function findProgram(program: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path))
}

/** Why real hosts cannot run here, if they cannot. Looks only; installs nothing. */
export function canRunHosts(): CanRunHosts {
  if (process.platform !== 'linux')
    return { ok: false, reason: `real hosts need Linux, and this is ${process.platform}` }
  if (process.getuid?.() !== 0) return { ok: false, reason: 'real hosts need root' }
  const lacking = needs.filter(([program]) => findProgram(program) === undefined).map(([program]) => program)
  if (lacking.length > 0) return { ok: false, reason: `not installed: ${lacking.join(', ')}` }
  return { ok: true }
}

/**
 * Installs with apt what is lacking, saying so; does nothing where it is not root or there is no apt.
 *
 * @param withTools also what tests want besides real hosts
 */
export function installPrerequisites({ withTools = true }: { withTools?: boolean } = {}): void {
  const lacking = [...needs, ...(withTools ? [browser, sshServer] : [])].filter(
    ([program]) => findProgram(program) === undefined,
  )
  if (lacking.length === 0 || process.getuid?.() !== 0 || findProgram('apt-get') === undefined) return
  const packages = [...new Set(lacking.map(([, name]) => name))]
  console.log(`installing with apt: ${packages.join(', ')}`)
  // Where systemd is not running, Debian starts no daemon that it installs for this runlevel.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const apt = (...args: readonly string[]) =>
    spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' })
  // One source of many that does not answer fails the update, and need not be the one that is needed.
  apt('update', '-qq')
  const { status, stderr } = apt('install', '-y', '-qq', '--no-install-recommends', ...packages)
  if (status === 0) return
  console.log(`apt-get could not install them: ${stderr.trim().split('\n').slice(-3).join('; ')}`)
}
