/**
 * Packages of Python: of the system, or with `target` of a virtual environment, whose own pip is asked where it has one.
 * A Python that the system manages refuses (PEP 668), and that stays so unless the author says otherwise.
 */
import { RekindleError } from '../../../schemas/errors.ts'
import type { Host } from '../../host/host.ts'
import {
  isExternallyManaged,
  leftByPip,
  parsePipList,
  parsePipReport,
  parsePipVersions,
  pipComplaint,
  pipNameOf,
} from './pip-answer.ts'
import { comparePipVersions } from './pip-version.ts'
import { ask, change, missing, quote, type ToolWish } from './tool.ts'
import { packagesOf, single, type ToolPlace, type ToolProvider, type ToolQuery } from './tool-provider.ts'

export interface PipPlace {
  /** The program: `pip3`, or an absolute path. */
  readonly command: string
  /** A virtual environment, as in `/opt/app/venv`. Absent: that of the program. */
  readonly target?: string | undefined
  /** More for `pip install`, such as an index. */
  readonly options?: readonly string[] | undefined
}

const quiet = ['--disable-pip-version-check', '--no-input', '--no-color']
const said = {
  env: { PIP_ROOT_USER_ACTION: 'ignore', PYTHONUNBUFFERED: '1' },
  complaint: pipComplaint,
}

/** By the names that pip compares. */
export async function readPipPackages(host: Host, place: PipPlace): Promise<ReadonlyMap<string, string>> {
  // An environment may be made later in the same run: nothing is installed in it yet.
  if (place.target !== undefined && !isEnvironment(host, place.target)) return new Map()
  const argv = [...pipOf(host, place), 'list', '--format=json']
  return parsePipList((await ask(host, argv, `the packages of ${place.command}`, said)).stdout)
}

/** What pip would install of each now; one that no index has is left out. */
export async function readPipCandidates(
  host: Host,
  place: PipPlace,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (names.length === 0) return new Map()
  try {
    return await askForCandidates(host, place, names)
  } catch (error) {
    if (!isAboutNames(error)) throw error
    // One name that it does not know makes pip say nothing of the others.
    const found = new Map<string, string>()
    if (names.length === 1) return found
    for (const name of names) {
      for (const [known, version] of await readPipCandidates(host, place, [name])) found.set(known, version)
    }
    return found
  }
}

async function askForCandidates(
  host: Host,
  place: PipPlace,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { options = [] } = place
  const dry = ['install', '--dry-run', '--quiet', '--report', '-', '--ignore-installed', '--no-deps']
  const argv = [...pipOf(host, place), ...dry, ...options, ...overridden(options), ...names]
  return parsePipReport((await ask(host, argv, 'what pip could install', said)).stdout)
}

function isAboutNames(error: unknown): boolean {
  return error instanceof Error && error.message.includes('No matching distribution found')
}

/** A dry run touches nothing, so an environment that the system manages may answer. */
function overridden(options: readonly string[]): readonly string[] {
  return options.includes('--break-system-packages') ? [] : ['--break-system-packages']
}

/** All versions of one package, newest first; an index can be asked for one at a time only. */
export async function readPipVersions(host: Host, place: PipPlace, name: string): Promise<readonly string[]> {
  const { options = [] } = place
  const index = options.filter((option) => option !== '--break-system-packages')
  const argv = [...pipOf(host, place), 'index', 'versions', ...index, name]
  const { stdout } = await ask(host, argv, `the versions of "${name}"`, said)
  return parsePipVersions(stdout).toSorted((a, b) => comparePipVersions(b, a))
}

export async function installByPip(host: Host, place: PipPlace, wishes: readonly ToolWish[]): Promise<void> {
  const { target, options = [] } = place
  // pip itself would go on with the system's packages where the environment has lost its Python.
  if (target !== undefined && !isEnvironment(host, target)) throw noEnvironment(target, wishes)
  const argv = [...pipOf(host, place), 'install', ...options, ...wishes.map(specOf)]
  await change(host, argv, `install ${quote(wishes.map(({ name }) => name))}`, { ...said, hint: managedHint })
}

/** @throws RekindleError also where pip leaves a package to the system and calls that well done */
export async function removeByPip(host: Host, place: PipPlace, names: readonly string[]): Promise<void> {
  const overrides = (place.options ?? []).filter((option) => option === '--break-system-packages')
  const argv = [...pipOf(host, place), 'uninstall', '--yes', ...overrides, ...names]
  const result = await change(host, argv, `remove ${quote(names)}`, { ...said, hint: managedHint })
  const left = leftByPip(result)
  if (left === undefined) return
  throw new RekindleError({
    code: 'apply-failed',
    message: `Cannot remove ${quote(names)}: pip answers "${left}"`,
    hint: "Remove it with the system's own package manager, which installed it",
  })
}

/** pip's own, or since pip 22.3 that of the system for an environment without one. */
function pipOf(host: Host, { command, target }: PipPlace): readonly string[] {
  if (target === undefined) return [command, ...quiet]
  const own = `${target}/bin/pip`
  return host.files.exists(own) ? [own, ...quiet] : [command, ...quiet, '--python', target]
}

function isEnvironment(host: Host, target: string): boolean {
  return host.files.exists(`${target}/bin/python`)
}

function noEnvironment(target: string, wishes: readonly ToolWish[]): RekindleError {
  return new RekindleError({
    code: 'apply-failed',
    message: `Cannot install ${quote(wishes.map(({ name }) => name))}: "${target}" is not a virtual environment of Python`,
    hint: `Make it before, as with an exec: python3 -m venv ${target}`,
  })
}

function managedHint(text: string): string | undefined {
  return isExternallyManaged(text)
    ? 'This Python belongs to the system (PEP 668): give a virtual environment as target, or --break-system-packages in installOptions'
    : undefined
}

export function isPipName(title: string): boolean {
  return /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(title)
}

function specOf({ name, version, source }: ToolWish): string {
  return source ?? (version === undefined ? name : `${name}==${version}`)
}

async function read(host: Host, query: ToolQuery) {
  const place = placeOf(query)
  const available = new Map<string, readonly string[]>()
  for (const name of query.listed) available.set(pipNameOf(name), await readPipVersions(host, place, name))
  return packagesOf(query, {
    installed: single(await readPipPackages(host, place)),
    available,
    candidates: await readPipCandidates(host, place, query.latest),
    keyOf: pipNameOf,
  })
}

function placeOf({ command = 'pip3', ...place }: ToolPlace): PipPlace {
  return { ...place, command }
}

export const pipProvider = {
  name: 'pip',
  features: new Set(['versionable', 'upgradeable', 'ranges', 'local-file'] as const),
  unusable: (host, { target, command = 'pip3' }) =>
    target !== undefined && host.files.exists(`${target}/bin/pip`)
      ? undefined
      : missing(host, command, 'the package python3-pip'),
  read,
  install: (host, wishes, place) => installByPip(host, placeOf(place), wishes),
  remove: (host, names, place) => removeByPip(host, placeOf(place), names),
  compareVersions: comparePipVersions,
  isVersion: (installed, asked) => comparePipVersions(installed, asked) === 0,
  isName: isPipName,
} satisfies ToolProvider
