/**
 * Packages of Alpine. What is installed is one file, and so is the world: the list of what somebody asked for. An exact
 * version is asked for with `name=version`, which apk then holds; where no hold is wanted it is let go again, and apk
 * keeps what is installed.
 */
import type { Host } from '../../host/host.ts'
import { apkComplaint, parseApkDatabase, parsePins, parsePolicy } from './apk-answer.ts'
import { compareApkVersions } from './apk-version.ts'
import { ask, change, missing, quote, type ToolWish, textOf } from './tool.ts'
import { namesAsked, packagesOf, single, type ToolProvider, type ToolQuery } from './tool-provider.ts'

// Seconds that apk waits for another that works.
const apk = ['apk', '--wait', '300', '--no-progress']

/** Moved below /usr where the two are merged. */
const databases = ['/lib/apk/db/installed', '/usr/lib/apk/db/installed']
const world = '/etc/apk/world'

export function readApkDatabase(host: Host): ReadonlyMap<string, string> {
  const path = databases.find((one) => host.files.exists(one))
  const packages = path === undefined ? [] : parseApkDatabase(textOf(host, path))
  return new Map(packages.map(({ name, version }) => [name, version]))
}

export function readApkPins(host: Host): ReadonlySet<string> {
  return parsePins(textOf(host, world))
}

/** What repositories have, by name, newest first. */
export async function readApkVersions(
  host: Host,
  names: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (names.length === 0) return new Map()
  const { stdout } = await ask(host, ['apk', 'policy', ...names], 'what apk could install', {
    complaint: apkComplaint,
  })
  return new Map(
    [...parsePolicy(stdout)].map(([name, versions]) => [
      name,
      versions.toSorted((a, b) => compareApkVersions(b, a)),
    ]),
  )
}

export async function installByApk(
  host: Host,
  wishes: readonly ToolWish[],
  options: readonly string[] = [],
): Promise<void> {
  const pinned = readApkPins(host)
  const what = `install ${quote(wishes.map(({ name }) => name))}`
  const add = ['add', ...options, ...wishes.map(specOf)]
  try {
    await change(host, [...apk, ...add], what, { complaint: apkComplaint })
  } catch (error) {
    if (!isAboutIndex(error)) throw error
    // The index that apk has may be older than what it is asked for.
    await change(host, [...apk, '--update-cache', ...add], what, { complaint: apkComplaint })
  }
  const toRelease = wishes.flatMap(({ name, version }) =>
    version === undefined || pinned.has(name) ? [] : [name],
  )
  if (toRelease.length > 0) await holdByApk(host, toRelease, false)
}

/** apk del fails for what is not there. */
export async function removeByApk(
  host: Host,
  names: readonly string[],
  { purge = false } = {},
): Promise<void> {
  const argv = [...apk, 'del', ...(purge ? ['--purge'] : []), ...names]
  await change(host, argv, `remove ${quote(names)}`, { complaint: apkComplaint })
}

/** A name in the world with the version that is installed, or without one. */
export async function holdByApk(host: Host, names: readonly string[], isHeld: boolean): Promise<void> {
  const installed = readApkDatabase(host)
  const specs = names.map((name) => specOf({ name, version: isHeld ? installed.get(name) : undefined }))
  await change(host, [...apk, 'add', ...specs], `${isHeld ? 'hold' : 'release'} ${quote(names)}`, {
    complaint: apkComplaint,
  })
}

function specOf({ name, version, source }: ToolWish): string {
  return source ?? (version === undefined ? name : `${name}=${version}`)
}

function isAboutIndex(error: unknown): boolean {
  return error instanceof Error && /unable to select packages|no such package/i.test(error.message)
}

async function read(host: Host, query: ToolQuery) {
  const available = await readApkVersions(host, namesAsked(query))
  const pins = readApkPins(host)
  return packagesOf(query, {
    installed: single(readApkDatabase(host)),
    available,
    isHeld: (name) => pins.has(name),
  })
}

export const apkProvider = {
  name: 'apk',
  features: new Set(['versionable', 'upgradeable', 'holdable', 'purgeable', 'ranges', 'local-file'] as const),
  unusable: (host) => missing(host, 'apk', 'the package apk-tools'),
  read,
  install: (host, wishes, { options }) => installByApk(host, wishes, options),
  remove: removeByApk,
  hold: holdByApk,
  compareVersions: compareApkVersions,
  isVersion: (installed, asked) => compareApkVersions(installed, asked) === 0,
  isName: (title) => /^[A-Za-z0-9_][A-Za-z0-9._+-]*$/.test(title),
} satisfies ToolProvider
