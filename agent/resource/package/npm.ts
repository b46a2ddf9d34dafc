/** Global packages of Node.js, in the prefix of the npm that is asked. */
import { RekindleError } from '../../../schemas/errors.ts'
import type { Host } from '../../host/host.ts'
import { errorCodeOf, npmComplaint, parseNpmList, parseNpmView } from './npm-answer.ts'
import { compareNpmVersions } from './npm-version.ts'
import { ask, change, missing, quote, type ToolWish } from './tool.ts'
import {
  namesAsked,
  packagesOf,
  single,
  type ToolPlace,
  type ToolProvider,
  type ToolQuery,
} from './tool-provider.ts'

const options = { env: { NPM_CONFIG_UPDATE_NOTIFIER: 'false' }, complaint: npmComplaint }

/** @param npm the program, as `npm` or an absolute path */
export async function readNpmPackages(host: Host, npm: string): Promise<ReadonlyMap<string, string>> {
  const argv = [npm, 'ls', '--global', '--json', '--depth=0']
  // npm fails for what it finds amiss, a missing peer for one, and lists all the same.
  const { code, stdout, stderr } = await ask(host, argv, 'the global packages of npm', {
    ...options,
    good: [0, 1, bareExit],
  })
  if (code === 0 || errorCodeOf(stdout) === 'ENOENT' || stdout.includes('"dependencies"')) {
    return parseNpmList(stdout)
  }
  throw new RekindleError({
    code: 'resource-unreadable',
    message: `Cannot read the global packages of npm: npm exits ${code} and answers "${npmComplaint({ stderr })}"`,
  })
}

/** What npm exits with for ENOENT. */
const bareExit = 254

export interface NpmVersions {
  readonly latest: string | undefined
  /** Newest first. */
  readonly versions: readonly string[]
}

/** npm can be asked for one package at a time only; one that the registry does not have is left out. */
export async function readNpmVersions(
  host: Host,
  npm: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, NpmVersions>> {
  const found = new Map<string, NpmVersions>()
  for (const name of names) {
    const argv = [npm, 'view', '--json', name, 'versions', 'dist-tags']
    const isUnknown = ({ stdout }: { readonly stdout: string }) => errorCodeOf(stdout) === 'E404'
    const result = await ask(host, argv, `the versions of "${name}"`, { ...options, isGood: isUnknown })
    if (result.code !== 0) continue
    const { stdout } = result
    const { latest, versions } = parseNpmView(stdout)
    found.set(name, { latest, versions: versions.toSorted((a, b) => compareNpmVersions(b, a)) })
  }
  return found
}

export async function installByNpm(
  host: Host,
  npm: string,
  wishes: readonly ToolWish[],
  more: readonly string[] = [],
): Promise<void> {
  const argv = [npm, 'install', '--global', '--no-audit', '--no-fund', '--no-progress', ...more]
  await change(
    host,
    [...argv, ...wishes.map(specOf)],
    `install ${quote(wishes.map(({ name }) => name))}`,
    options,
  )
}

export async function removeByNpm(host: Host, npm: string, names: readonly string[]): Promise<void> {
  await change(host, [npm, 'uninstall', '--global', ...names], `remove ${quote(names)}`, options)
}

/** Names that npm's registry takes, with or without a scope. */
export function isNpmName(title: string): boolean {
  return /^(?:@[a-z0-9][\w.~-]*\/)?[a-z0-9][\w.~-]*$/i.test(title)
}

function specOf({ name, version, source }: ToolWish): string {
  return source ?? `${name}@${version ?? 'latest'}`
}

async function read(host: Host, query: ToolQuery) {
  const found = await readNpmVersions(host, programOf(query), namesAsked(query))
  return packagesOf(query, {
    installed: single(await readNpmPackages(host, programOf(query))),
    available: new Map([...found].map(([name, { versions }]) => [name, versions])),
    candidates: new Map([...found].map(([name, { latest }]) => [name, latest])),
  })
}

function programOf({ command = 'npm' }: ToolPlace): string {
  return command
}

export const npmProvider = {
  name: 'npm',
  features: new Set(['versionable', 'upgradeable', 'ranges', 'local-file'] as const),
  unusable: (host, place) =>
    missing(host, programOf(place), 'the package npm (or nodejs, where npm comes with it)'),
  read,
  install: (host, wishes, place) => installByNpm(host, programOf(place), wishes, place.options),
  remove: (host, names, place) => removeByNpm(host, programOf(place), names),
  compareVersions: compareNpmVersions,
  isVersion: (installed, asked) => compareNpmVersions(installed, asked) === 0,
  isName: isNpmName,
} satisfies ToolProvider
