/**
 * apt and dpkg. Reading is one file; writing goes through apt-get, which resolves, fetches, locks and orders. Before
 * anything is written, an earlier run that was killed in the middle is finished (`dpkg --configure -a`).
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { RekindleError } from '../../schemas/errors.ts'
import { aptComplaint, fetchComplaint, isAboutLists, parseCandidates } from './apt-answer.ts'
import { readerOf, updatesIn } from './dpkg-database.ts'
import {
  type DpkgDatabase,
  type DpkgPackage,
  type DpkgState,
  isHalfDone,
  isInstalled,
} from './dpkg-status.ts'
import type { Exec, ExecResult } from './exec.ts'

export interface InstallRequest {
  readonly name: string
  /** Exactly this version, also when a newer one is installed. Absent: the candidate. */
  readonly version?: string | undefined
}

export interface InstallOptions {
  /** Install what the packages recommend, too. */
  readonly recommends: boolean
}

export interface Dpkg {
  /** Every package that dpkg knows, as of now. */
  read(): DpkgDatabase
  /** What `apt-get install` would install, by name; names that apt does not know are absent. */
  candidates(names: readonly string[]): Promise<ReadonlyMap<string, string | null>>
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
const lockTimeoutSeconds = 300
const writeTimeoutMs = 30 * 60_000
const readTimeoutMs = 60_000

const keepConfiguration = ['--force-confdef', '--force-confold']

const aptGet = [
  'apt-get',
  '--yes',
  '--quiet',
  '--option=Dpkg::Use-Pty=0',
  `--option=DPkg::Lock::Timeout=${lockTimeoutSeconds}`,
  // Without it, a name that apt does not know and that has a dot in it is a regular expression.
  '--option=APT::Cmd::Pattern-Only=true',
  ...keepConfiguration.map((option) => `--option=Dpkg::Options::=${option}`),
]

/** @example createDpkg(exec).read().packages.get('nginx')?.version */
export function createDpkg(
  exec: Exec,
  { root = '/', now = () => performance.now() }: DpkgOptions = {},
): Dpkg {
  const database = join(root, 'var/lib/dpkg')
  const read = readerOf(database)
  let updatedAt: number | undefined
  let unfetched: string | undefined

  const run = (argv: readonly string[]): Promise<ExecResult> =>
    exec.run(argv, { env: environment, timeoutMs: writeTimeoutMs })

  /** Fetches package lists, unless that was done just now; its failure shows in what is asked of apt next. */
  const update = async (): Promise<boolean> => {
    if (updatedAt !== undefined && now() - updatedAt < listsFreshMs) return false
    unfetched = fetchComplaint(await run([...aptGet, 'update']))
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
    if (torn.length > 0) await run([...aptGet, '--reinstall', 'install', '--', ...torn])
  }

  const write = async (argv: readonly string[], goal: Goal): Promise<void> => {
    await recover()
    let result = await run(argv)
    if (result.code !== 0 && isAboutLists(aptComplaint(result)) && (await update())) result = await run(argv)
    // apt-get also fails for other packages that were left half-configured, after doing all that was asked of it.
    if (result.code === 0 || goal.isDone(read())) return
    throw refusal({ goal, result, unfetched, found: read() })
  }

  return {
    read,
    candidates: async (names) => {
      if (names.length === 0) return new Map()
      const argv = ['apt-cache', 'policy', '--', ...names]
      const result = await exec.run(argv, { env: environment, timeoutMs: readTimeoutMs })
      if (result.code === 0) return parseCandidates(result.stdout)
      throw new RekindleError({
        code: 'resource-unreadable',
        message: `Cannot tell the candidate versions: apt-cache answers "${aptComplaint(result)}"`,
      })
    },
    install: async (requests, { recommends }) => {
      if (!hasLists(root)) await update()
      const before = read()
      const names = requests.map(({ name }) => name)
      const torn = namesOfTorn(names, before)
      const exact = requests.some(({ version }) => version !== undefined)
      const argv = [
        ...aptGet,
        recommends ? '--install-recommends' : '--no-install-recommends',
        ...(exact ? ['--allow-downgrades'] : []),
        ...(torn.length > 0 ? ['--reinstall'] : []),
        'install',
        '--',
        ...requests.map(({ name, version }) => (version === undefined ? name : `${name}=${version}`)),
      ]
      await write(argv, {
        verb: 'install',
        names,
        isDone: (after) => requests.every((request) => isInstalledNow(request, before, after)),
      })
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
    ...(said.includes('--allow-change-held-packages')
      ? { hint: `Release the hold: apt-mark unhold ${names.join(' ')}` }
      : {}),
  })
}

function renderKept(name: string, found: DpkgPackage | undefined): string {
  if (found === undefined || found.state === 'not-installed') return `"${name}" is not installed`
  return `"${name}" ${found.version ?? ''} is ${found.state}`
}
