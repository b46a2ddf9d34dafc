/**
 * apt and dpkg. Reading is one file; writing goes through apt-get, which resolves, fetches, locks and orders. Before
 * anything is written, an earlier run that was killed in the middle is finished (`dpkg --configure -a`).
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { RekindleError } from '../../schemas/errors.ts'
import { aptComplaint, fetchComplaint, isAboutLists } from './apt-answer.ts'
import { aptGet, environment, lockTimeoutMs, readTimeoutMs, writeTimeoutMs } from './apt-command.ts'
import { type Goal, refusal } from './apt-failure.ts'
import { type AptQuestions, createAptQuestions } from './apt-question.ts'
import { type AptTrial, createAptTrial, patiently } from './apt-trial.ts'
import { readerOf, updatesIn } from './dpkg-database.ts'
import { type DpkgDatabase, type DpkgState, isHalfDone, isInstalled } from './dpkg-status.ts'
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

export interface Dpkg extends AptTrial, AptQuestions {
  /** Every package that dpkg knows, as of now. */
  read(): DpkgDatabase
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

/** How long fresh package lists are good for, as a limit on how often a run that misses a package asks for newer ones. */
const listsFreshMs = 5 * 60_000

const keepConfiguration = ['--force-confdef', '--force-confold']
const replaceConfiguration = ['--force-confnew']

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
    ...createAptQuestions(exec),
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
