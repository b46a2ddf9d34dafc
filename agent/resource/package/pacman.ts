/**
 * Packages of Arch. Its repositories have one version of each package, and a part of them must not be newer than the
 * rest: nothing here refreshes its lists, which is for whoever upgrades the whole host (`pacman -Syu`).
 */
import type { Host } from '../../host/host.ts'
import { isIgnored, pacmanComplaint, parsePacmanList, parseSyncList } from './pacman-answer.ts'
import { comparePacmanVersions } from './pacman-version.ts'
import { ask, change, missing, quote, type ToolWish } from './tool.ts'
import { namesAsked, packagesOf, single, type ToolProvider, type ToolQuery } from './tool-provider.ts'

const pacman = ['pacman', '--noconfirm', '--noprogressbar', '--color=never']
const options = { complaint: pacmanComplaint, hint: hintOf }

export async function readPacmanDatabase(host: Host): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await ask(host, ['pacman', '--query'], 'the packages of pacman', options)
  return parsePacmanList(stdout)
}

/** The version of each package in the lists that the host has. */
export async function readPacmanVersions(host: Host): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await ask(host, ['pacman', '--sync', '--list'], 'what pacman could install', options)
  return parseSyncList(stdout)
}

/** What pacman.conf says to leave alone, one name or pattern a line. */
export async function readPacmanIgnored(host: Host): Promise<string> {
  return (await ask(host, ['pacman-conf', 'IgnorePkg'], 'pacman.conf')).stdout
}

export async function installByPacman(
  host: Host,
  wishes: readonly ToolWish[],
  more: readonly string[] = [],
): Promise<void> {
  const sources = wishes.filter(({ source }) => source !== undefined)
  const names = wishes.filter(({ source }) => source === undefined)
  await installFrom(host, '--upgrade', sources, more)
  await installFrom(host, '--sync', names, more)
}

async function installFrom(
  host: Host,
  from: '--sync' | '--upgrade',
  wishes: readonly ToolWish[],
  more: readonly string[],
): Promise<void> {
  if (wishes.length === 0) return
  const argv = [...pacman, from, '--needed', ...more, ...wishes.map(specOf)]
  await change(host, argv, `install ${quote(wishes.map(({ name }) => name))}`, options)
}

/** pacman keeps changed configuration files as .pacsave, unless they are to go too. */
export async function removeByPacman(
  host: Host,
  names: readonly string[],
  { purge = false } = {},
): Promise<void> {
  const argv = [...pacman, '--remove', ...(purge ? ['--nosave'] : []), ...names]
  await change(host, argv, `remove ${quote(names)}`, options)
}

function specOf({ name, version, source }: ToolWish): string {
  return source ?? (version === undefined ? name : `${name}=${version}`)
}

function hintOf(said: string): string | undefined {
  if (said.includes('could not lock database')) {
    return 'Another pacman works, or one was killed: when none runs, remove /var/lib/pacman/db.lck'
  }
  return /target not found: .*=/.test(said)
    ? 'The repositories have one version of each package: for another, give its file as source'
    : undefined
}

async function read(host: Host, query: ToolQuery) {
  const installed = single(await readPacmanDatabase(host))
  const available = namesAsked(query).length === 0 ? new Map() : single(await readPacmanVersions(host))
  const ignored = await readPacmanIgnored(host)
  return packagesOf(query, { installed, available, isHeld: (name) => isIgnored(name, ignored) })
}

/** No holds: IgnorePkg is a line in pacman.conf, which is somebody's file. */
export const pacmanProvider = {
  name: 'pacman',
  features: new Set(['versionable', 'upgradeable', 'purgeable', 'local-file'] as const),
  unusable: (host) => missing(host, 'pacman', 'the package pacman'),
  read,
  install: (host, wishes, { options: more }) => installByPacman(host, wishes, more),
  remove: removeByPacman,
  compareVersions: comparePacmanVersions,
  isVersion: (installed, asked) => comparePacmanVersions(installed, asked) === 0,
  isName: (title) => /^[a-z0-9@_+][a-z0-9@._+-]*$/.test(title),
} satisfies ToolProvider
