/**
 * apt and dpkg. Reading is one file; writing goes through apt-get, which resolves, fetches, locks and orders. Before
 * anything is written, an earlier run that was killed in the middle is finished (`dpkg --configure -a`).
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { RekindleError } from '../../schemas/errors.ts'
import {
  aptComplaint,
  fetchComplaint,
  isAboutLists,
  oneLine,
  parseCandidates,
  parseChangedConfigFiles,
  parseRemovals,
  parseVersions,
} from './apt-answer.ts'
import { type AptTrial, createAptTrial, patiently } from './apt-trial.ts'
import { readerOf, updatesIn } from './dpkg-database.ts'
import {
  type DpkgDatabase,
  type DpkgPackage,
  type DpkgState,
  isHalfDone,
  isInstalled,
} from './dpkg-status.ts'
import type { Exec, ExecResult } from './exec.ts'
import { allowStarts, forbidStarts, noStartEnvironment } from './policy-rc-d.ts'

export interface InstallRequest {
  readonly name: string
  /** Exactly this version, also when a newer one is installed. Absent: the candidate. */
  readonly version?: string | undefined
  /** A file to install it from. */
  readonly path?: string | undefined
}

export interface InstallOptions {
  /** Install what the packages recommend, too. */
  readonly recommends: boolean
  /** Release to take them from, such as `bookworm-backports`. */
  readonly release?: string | undefined
  /** More arguments for apt-get. */
  readonly options?: readonly string[] | undefined
  /** Put the packages' configuration files in place of those that a person changed. Default false. */
  readonly replaceConfigFiles?: boolean
  /** False: the packages' scripts start no service. Default true. */
  readonly startServices?: boolean
  /** Remove what they conflict with. Default false: nothing is installed then. */
  readonly removeConflicting?: boolean
}

export interface Dpkg extends AptTrial {
  /** Every package that dpkg knows, as of now. */
  read(): DpkgDatabase
  /** What `apt-get install` would install, by name, from that release where one is given; names that apt does not know are absent. */
  candidates(names: readonly string[], release?: string): Promise<ReadonlyMap<string, string | null>>
  /** All versions that could be installed, by name; names that apt does not know are absent. */
  versions(names: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>
  /** What is in a package file. @throws RekindleError `resource-unreadable` */
  inFile(path: string): Promise<{ readonly name: string; readonly version: string }>
  /** Names of what a removal would remove, what needs it included. Changes nothing. */
  removals(names: readonly string[]): Promise<readonly string[]>
  /** Names of the packages that a person asked for, not those that came with them. */
  chosen(): Promise<readonly string[]>
  /** Configuration files of packages that were changed by hand. Looks at every file of every package. */
  changedConfigFiles(): Promise<readonly string[]>
  /** Sets whether versions may change in an upgrade of everything. */
  hold(names: readonly string[], held: boolean): Promise<void>
  /** Answers questions that packages will ask: lines as debconf-set-selections(1) reads them. */
  preseed(lines: readonly string[]): Promise<void>
  /** Installs, upgrades, downgrades or repairs. Configuration files that a person changed are kept. */
  install(requests: readonly InstallRequest[], options: InstallOptions): Promise<void>
  /** Removes; configuration files stay. */
  remove(names: readonly string[]): Promise<void>
  /** Removes with the configuration files. */
  purge(names: readonly string[]): Promise<void>
}

export interface DpkgOptions {
  /** Where the host's file system begins. Default `/`. */
  readonly root?: string
  /** Milliseconds of a clock that does not go back. */
  readonly now?: () => number
}

/** What a call of apt-get is for. */
interface Goal {
  readonly verb: 'install' | 'remove' | 'purge'
  readonly names: readonly string[]
  readonly isDone: (after: DpkgDatabase) => boolean
}

const environment = {
  DEBIAN_FRONTEND: 'noninteractive',
  APT_LISTCHANGES_FRONTEND: 'none',
  NEEDRESTART_SUSPEND: '1',
  LC_ALL: 'C',
}

/** How long fresh package lists are good for, as a limit on how often a run that misses a package asks for newer ones. */
const listsFreshMs = 5 * 60_000
const lockTimeoutMs = 300_000
const writeTimeoutMs = 30 * 60_000
const readTimeoutMs = 60_000

const keepConfiguration = ['--force-confdef', '--force-confold']
const replaceConfiguration = ['--force-confnew']

const aptGet = [
  'apt-get',
  '--yes',
  '--quiet',
  '--option=Dpkg::Use-Pty=0',
  `--option=DPkg::Lock::Timeout=${lockTimeoutMs / 1000}`,
  // Without it, a name that apt does not know and that has a dot in it is a regular expression.
  '--option=APT::Cmd::Pattern-Only=true',
]

const dpkgOptions = (options: readonly string[]) =>
  options.map((option) => `--option=Dpkg::Options::=${option}`)

/** @example createDpkg(exec).read().packages.get('nginx')?.version */
export function createDpkg(
  exec: Exec,
  { root = '/', now = () => performance.now() }: DpkgOptions = {},
): Dpkg {
  const database = join(root, 'var/lib/dpkg')
  const read = readerOf(database)
  let updatedAt: number | undefined
  let unfetched: string | undefined

  const run = (argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<ExecResult> =>
    exec.run(argv, { env: { ...environment, ...env }, timeoutMs: writeTimeoutMs })

  /** Fetches package lists, unless that was done just now; its failure shows in what is asked of apt next. */
  const update = async (): Promise<boolean> => {
    if (updatedAt !== undefined && now() - updatedAt < listsFreshMs) return false
    unfetched = fetchComplaint(await patiently(() => run([...aptGet, 'update']), { lockTimeoutMs }))
    updatedAt = now()
    return true
  }

  /** An interrupted dpkg refuses all work. Failing here is no failure: apt-get tries again, and says why it cannot. */
  const recover = async (): Promise<void> => {
    if (updatesIn(database).length === 0 && !read().packages.values().some(isHalfDone)) return
    await run(['dpkg', ...keepConfiguration, '--configure', '-a'])
  }

  /** dpkg does not remove what it could not unpack to its end; it wants the whole package first. */
  const completeFirst = async (names: readonly string[]): Promise<void> => {
    const torn = namesOfTorn(names, read())
    if (torn.length > 0)
      await run([...aptGet, ...dpkgOptions(keepConfiguration), '--reinstall', 'install', '--', ...torn])
  }

  const write = async (
    argv: readonly string[],
    goal: Goal,
    env: Readonly<Record<string, string>> = {},
  ): Promise<void> => {
    await recover()
    let result = await run(argv, env)
    if (result.code !== 0 && isAboutLists(aptComplaint(result)) && (await update()))
      result = await run(argv, env)
    // apt-get also fails for other packages that were left half-configured, after doing all that was asked of it.
    if (result.code === 0 || goal.isDone(read())) return
    throw refusal({ goal, result, unfetched, found: read() })
  }

  return {
    ...createAptTrial(run, lockTimeoutMs),
    read,
    candidates: async (names, release) => {
      if (names.length === 0) return new Map()
      const from = release === undefined ? [] : [`--option=APT::Default-Release=${release}`]
      const argv = ['apt-cache', ...from, 'policy', '--', ...names]
      const result = await exec.run(argv, { env: environment, timeoutMs: readTimeoutMs })
      if (result.code === 0) return parseCandidates(result.stdout)
      throw new RekindleError({
        code: 'resource-unreadable',
        message: `Cannot tell the candidate versions: apt-cache answers "${aptComplaint(result)}"`,
      })
    },
    versions: async (names) => {
      if (names.length === 0) return new Map()
      const { stdout } = await exec.run(['apt-cache', 'madison', '--', ...names], {
        env: environment,
        timeoutMs: readTimeoutMs,
      })
      return parseVersions(stdout)
    },
    inFile: async (path) => {
      const argv = ['dpkg-deb', '--showformat=${Package} ${Version}', '--show', path]
      const { code, stdout, stderr } = await exec.run(argv, { env: environment, timeoutMs: readTimeoutMs })
      const [name = '', version = ''] = stdout.trim().split(' ')
      if (code === 0) return { name, version }
      throw new RekindleError({
        code: 'resource-unreadable',
        message: `Cannot read the package file "${path}": dpkg-deb answers "${oneLine(stderr)}"`,
      })
    },
    removals: async (names) => {
      const { stdout } = await exec.run([...aptGet, '--simulate', 'remove', '--', ...names], {
        env: environment,
        timeoutMs: readTimeoutMs,
      })
      return parseRemovals(stdout)
    },
    chosen: async () => {
      const { stdout } = await exec.run(['apt-mark', 'showmanual'], {
        env: environment,
        timeoutMs: readTimeoutMs,
      })
      return stdout.split('\n').filter((name) => name !== '')
    },
    changedConfigFiles: async () => {
      const { stdout } = await exec.run(['dpkg', '--verify'], {
        env: environment,
        timeoutMs: writeTimeoutMs,
      })
      return parseChangedConfigFiles(stdout)
    },
    hold: async (names, held) => {
      const result = await run(['apt-mark', held ? 'hold' : 'unhold', '--', ...names])
      if (result.code === 0) return
      const quoted = names.map((name) => `"${name}"`).join(', ')
      throw new RekindleError({
        code: 'apply-failed',
        message: `Cannot ${held ? 'hold' : 'release'} package ${quoted}: apt-mark answers "${aptComplaint(result)}"`,
      })
    },
    preseed: async (lines) => {
      const result = await exec.run(['debconf-set-selections'], {
        env: environment,
        timeoutMs: readTimeoutMs,
        stdin: `${lines.join('\n')}\n`,
      })
      if (result.code === 0) return
      // The lines may hold passwords, and the tool quotes them.
      throw new RekindleError({
        code: 'apply-failed',
        message: 'Cannot set the answers for debconf: debconf-set-selections refuses them',
        hint: 'The package debconf brings it; see debconf-show NAME for questions and types',
      })
    },
    install: async (requests, { recommends, release, options = [], ...how }) => {
      allowStarts(root)
      if (!hasLists(root)) await update()
      const before = read()
      const names = requests.map(({ name }) => name)
      const torn = namesOfTorn(names, before)
      const exact = requests.some(({ version }) => version !== undefined)
      const argv = [
        ...aptGet,
        recommends ? '--install-recommends' : '--no-install-recommends',
        ...(exact ? ['--allow-downgrades'] : []),
        ...(how.removeConflicting === true ? [] : ['--no-remove']),
        ...(torn.length > 0 ? ['--reinstall'] : []),
        ...dpkgOptions(how.replaceConfigFiles === true ? replaceConfiguration : keepConfiguration),
        ...(release === undefined ? [] : [`--target-release=${release}`]),
        ...options,
        'install',
        '--',
        ...requests.map(renderRequest),
      ]
      const goal: Goal = {
        verb: 'install',
        names,
        isDone: (after) => requests.every((request) => isInstalledNow(request, before, after)),
      }
      if (how.startServices !== false) return write(argv, goal)
      const allow = await forbidStarts(root, async (policy) => {
        const asked = await exec.run([policy, 'any', 'start'], { timeoutMs: readTimeoutMs })
        return asked.code
      })
      try {
        await write(argv, goal, noStartEnvironment)
      } finally {
        allow()
      }
    },
    remove: async (names) => {
      await completeFirst(names)
      await write([...aptGet, 'remove', '--', ...names], {
        verb: 'remove',
        names,
        isDone: ({ packages }) => names.every((name) => isGone(packages.get(name)?.state)),
      })
    },
    purge: async (names) => {
      await completeFirst(names)
      await write([...aptGet, 'purge', '--', ...names], {
        verb: 'purge',
        names,
        isDone: ({ packages }) =>
          names.every((name) => (packages.get(name)?.state ?? 'not-installed') === 'not-installed'),
      })
    },
  }
}

function renderRequest({ name, version, path }: InstallRequest): string {
  if (path !== undefined) return path
  return version === undefined ? name : `${name}=${version}`
}

function hasLists(root: string): boolean {
  const lists = join(root, 'var/lib/apt/lists')
  return existsSync(lists) && readdirSync(lists).some((name) => /_Packages(\.\w+)?$/.test(name))
}

function isInstalledNow(
  { name, version }: InstallRequest,
  before: DpkgDatabase,
  after: DpkgDatabase,
): boolean {
  const was = before.packages.get(name)
  const is = after.packages.get(name)
  if (is === undefined || !isInstalled(is)) return false
  return version === undefined ? was === undefined || !isInstalled(was) : is.version === version
}

/** Those that dpkg was unpacking or removing when it was stopped: `dpkg --configure` passes over them. */
function namesOfTorn(names: readonly string[], { packages }: DpkgDatabase): readonly string[] {
  return names.filter((name) => packages.get(name)?.state === 'half-installed')
}

function isGone(state: DpkgState = 'not-installed'): boolean {
  return state === 'not-installed' || state === 'config-files'
}

interface Failure {
  readonly goal: Goal
  readonly result: ExecResult
  /** What the last `apt-get update` could not fetch. */
  readonly unfetched: string | undefined
  readonly found: DpkgDatabase
}

function refusal({ goal: { verb, names }, result, unfetched, found }: Failure): RekindleError {
  const said = aptComplaint(result)
  const quoted = names.map((name) => `"${name}"`).join(', ')
  const timedOut = result.timedOut ? ` within ${writeTimeoutMs / 60_000} minutes` : ''
  const lists =
    unfetched !== undefined && isAboutLists(said) ? `; package lists are missing: ${unfetched}` : ''
  return new RekindleError({
    code: 'apply-failed',
    message: `Cannot ${verb} package ${quoted}: apt-get did not succeed${timedOut} and answers "${said}"${lists}`,
    kept: names.map((name) => renderKept(name, found.packages.get(name))).join(', '),
    hint: hintFor(said, names),
  })
}

function hintFor(said: string, names: readonly string[]): string | undefined {
  if (said.includes('--allow-change-held-packages'))
    return `Release the hold: apt-mark unhold ${names.join(' ')}`
  if (said.includes('remove is disabled'))
    return 'Set removeConflicting to true, or declare absent what would be removed'
  return undefined
}

function renderKept(name: string, found: DpkgPackage | undefined): string {
  if (found === undefined || found.state === 'not-installed') return `"${name}" is not installed`
  return `"${name}" ${found.version ?? ''} is ${found.state}`
}
