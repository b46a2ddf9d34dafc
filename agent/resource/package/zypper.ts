/** Packages of SUSE. What is installed, rpm tells; updates and versions, zypper tells in XML. */
import type { Host } from '../../host/host.ts'
import { isRpmName, readRpmDatabase, versionsByName } from './rpm-database.ts'
import { compareRpmVersions, isRpmVersion, parseRpmVersion } from './rpm-version.ts'
import { ask, change, missing, quote, type ToolWish, textOf } from './tool.ts'
import { packagesOf, type ToolProvider, type ToolQuery } from './tool-provider.ts'
import {
  parseLocks,
  parseSearch,
  parseUpdates,
  type ZypperSolvable,
  zypperComplaint,
} from './zypper-answer.ts'

const zypper = ['zypper', '--non-interactive']
const options = {
  // How long zypper waits for another that works, in seconds.
  env: { ZYPP_LOCK_TIMEOUT: '300' },
  complaint: zypperComplaint,
}
/** 100 to 103 tell of updates, of a restart and of a reboot; 106 of a repository that was left out. */
const good = [0, 100, 101, 102, 103, 106]
const notFound = 104

/** The version that `zypper update` would bring, by name; locked packages and other vendors' left out. */
export async function readZypperUpdates(host: Host): Promise<ReadonlyMap<string, readonly string[]>> {
  const argv = [...zypper, '--xmlout', 'list-updates', '--type', 'package']
  const { stdout } = await ask(host, argv, 'the updates of zypper', { ...options, good })
  return byName(parseUpdates(stdout))
}

/** What repositories have, by name, newest first. */
export async function readZypperVersions(
  host: Host,
  names: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (names.length === 0) return new Map()
  const search = ['search', '--type', 'package', '--details', '--match-exact', ...names]
  const { stdout } = await ask(host, [...zypper, '--xmlout', ...search], 'what zypper could install', {
    ...options,
    good: [...good, notFound],
  })
  return byName(parseSearch(stdout))
}

export function readZypperLocks(host: Host): ReadonlySet<string> {
  return parseLocks(textOf(host, '/etc/zypp/locks'))
}

export async function installByZypper(
  host: Host,
  wishes: readonly ToolWish[],
  more: readonly string[] = [],
): Promise<void> {
  const install = ['install', '--auto-agree-with-licenses', '--oldpackage', ...more]
  const specs = (await withEpochs(host, wishes)).map(specOf)
  await change(host, [...zypper, ...install, ...specs], `install ${quote(wishes.map(nameOf))}`, {
    ...options,
    good,
    hint: lockHint,
  })
}

/** zypper knows no `1.1-1` where a repository has `1:1.1-1`; dnf does, and an author means the same. */
async function withEpochs(host: Host, wishes: readonly ToolWish[]): Promise<readonly ToolWish[]> {
  const vague = wishes.filter(({ version }) => version !== undefined && !/^\d+:/.test(version)).map(nameOf)
  const known = await readZypperVersions(host, vague)
  return wishes.map((wish) => {
    const meant = known
      .get(wish.name)
      ?.find((one) => wish.version !== undefined && isRpmVersion(one, wish.version))
    return meant === undefined ? wish : { ...wish, version: meant }
  })
}

export async function removeByZypper(host: Host, names: readonly string[]): Promise<void> {
  await change(host, [...zypper, 'remove', ...names], `remove ${quote(names)}`, { ...options, good })
}

export async function holdByZypper(host: Host, names: readonly string[], isHeld: boolean): Promise<void> {
  const verb = isHeld ? 'addlock' : 'removelock'
  await change(host, [...zypper, verb, ...names], `${isHeld ? 'hold' : 'release'} ${quote(names)}`, options)
}

function specOf({ name, version, source }: ToolWish): string {
  if (source !== undefined) return source
  if (version === undefined) return name
  const { epoch, version: upstream, release } = parseRpmVersion(version)
  return `${name}=${epoch === undefined ? '' : `${epoch}:`}${upstream}${release === undefined ? '' : `-${release}`}`
}

function nameOf({ name }: ToolWish): string {
  return name
}

function lockHint(said: string): string | undefined {
  return said.includes('remove lock') ? 'Release the lock: zypper removelock NAME' : undefined
}

function byName(found: readonly ZypperSolvable[]): ReadonlyMap<string, readonly string[]> {
  return versionsByName(found.map((one) => ({ ...one, arch: parseRpmVersion(one.version).arch ?? '' })))
}

async function read(host: Host, query: ToolQuery) {
  const installed = await readRpmDatabase(host)
  const isInstalled = (name: string) => installed.has(name)
  const available = await readZypperVersions(host, [
    ...new Set([...query.listed, ...query.latest.filter((name) => !isInstalled(name))]),
  ])
  const updates = query.latest.some(isInstalled) ? await readZypperUpdates(host) : new Map()
  const locks = readZypperLocks(host)
  return packagesOf(query, {
    installed,
    available,
    // An update respects the vendor and the locks, so it may be less than the newest of all.
    candidates: new Map(
      query.latest.map((name) => [
        name,
        (updates.get(name) ?? installed.get(name) ?? available.get(name))?.[0],
      ]),
    ),
    isHeld: (name) => locks.has(name),
  })
}

export const zypperProvider = {
  name: 'zypper',
  features: new Set(['versionable', 'upgradeable', 'holdable', 'ranges', 'local-file'] as const),
  unusable: (host) => missing(host, 'zypper', 'the package zypper'),
  read,
  install: (host, wishes, { options: more }) => installByZypper(host, wishes, more),
  remove: (host, names) => removeByZypper(host, names),
  hold: holdByZypper,
  compareVersions: compareRpmVersions,
  isVersion: isRpmVersion,
  isName: isRpmName,
} satisfies ToolProvider
