/**
 * Runs programs: argument lists in, exit code and output out. No shell, a clean environment, `/` as the working
 * directory, closed standard input, a process group of its own that a time limit ends as a whole.
 *
 * The end of the program is the end of the run, as in Puppet: a daemon that it left behind with its output still open is
 * not waited for. Its output is read on and dropped while this process lives, so that it does not die of SIGPIPE.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { RekindleError } from '../../schemas/errors.ts'
import { type KeptOutput, keepOutput } from './kept-output.ts'

export interface ExecOptions {
  /** Default `/`. */
  readonly cwd?: string
  /** Added to PATH and LC_ALL, and to HOME, USER and LOGNAME where `user` is given. */
  readonly env?: Readonly<Record<string, string>>
  /** Name of the user to run as, with its primary and supplementary groups. Default: the agent's own. */
  readonly user?: string
  /** Octal. Default `0022`. */
  readonly umask?: string
  /** 0 and absent: no limit. */
  readonly timeoutMs?: number
  /** Absent: standard input is closed. */
  readonly stdin?: string
  /** How much of each output is kept, half of it from the beginning; for lists that count as a whole. Default 1 MiB. */
  readonly keptBytes?: number
}

export interface ExecResult {
  /** Null when a signal ended the program. */
  readonly code: number | null
  /** Such as `SIGTERM`; null when the program ended by itself. */
  readonly signal: string | null
  /** The beginning and the end, where it is more than is kept. */
  readonly stdout: string
  readonly stderr: string
  /** True when the time limit ended it. */
  readonly timedOut: boolean
}

export interface Exec {
  /**
   * Any way to end is a result, a non-zero exit code included.
   *
   * @throws RekindleError `exec-failed` only when the program cannot be started
   */
  run(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>
}

const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const defaultKeptBytes = 1024 * 1024
/** Between SIGTERM and SIGKILL: enough for dpkg to finish the step that it is in. */
const graceMs = 2000
/** How long the output of a program that has ended may be silent, or go on, while someone else holds it open. */
const silentMs = 50
const chattyMs = 1000

export function createExec(): Exec {
  return { run }
}

async function run(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
  const cwd = options.cwd ?? '/'
  const name = argv[0] ?? ''
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw cannotRun(name, `working directory "${cwd}" does not exist`)
  }
  const as = options.user === undefined ? undefined : await findUser(options.user, name)
  const env = {
    PATH: systemPath,
    LC_ALL: 'C.UTF-8',
    ...(as === undefined ? {} : { HOME: as.home, USER: as.name, LOGNAME: as.name }),
    ...options.env,
  }
  const full = as === undefined ? argv : [...asUser(as), ...argv]
  const result = await startAndWait(full, { ...options, cwd, env })
  if (as !== undefined && result.code === 127 && result.stderr.startsWith('setpriv: ')) {
    throw cannotRun(name, result.stderr.trim())
  }
  return result
}

type StartOptions = ExecOptions & { readonly cwd: string; readonly env: Readonly<Record<string, string>> }

async function startAndWait(argv: readonly string[], options: StartOptions): Promise<ExecResult> {
  const child = start(argv, options)
  const stdout = keepOutput(options.keptBytes ?? defaultKeptBytes)
  const stderr = keepOutput(options.keptBytes ?? defaultKeptBytes)
  const drained = collect(child, { stdout, stderr })
  const limit = limitTime(child, options.timeoutMs ?? 0)
  try {
    const { code, signal } = await ended(child, argv[0] ?? '')
    limit.ended()
    await drained
    return { code, signal, stdout: stdout.text(), stderr: stderr.text(), timedOut: limit.passed() }
  } finally {
    limit.cancel()
  }
}

function start(argv: readonly string[], { cwd, env, stdin, umask }: StartOptions): ChildProcess {
  const [name = '', ...rest] = argv
  // spawn() forks before it returns, so the mask is the child's alone.
  const ownMask = process.umask(Number.parseInt(umask ?? '0022', 8))
  try {
    const child = spawn(name, rest, {
      cwd,
      env,
      detached: true,
      stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    if (stdin !== undefined && child.stdin !== null) {
      // A program may end without reading its input: EPIPE is no failure of ours.
      child.stdin.on('error', () => {})
      child.stdin.end(stdin)
    }
    return child
  } catch (cause) {
    throw new RekindleError({ code: 'exec-failed', message: `Cannot run "${name}"`, cause })
  } finally {
    process.umask(ownMask)
  }
}

interface Ending {
  readonly code: number | null
  readonly signal: string | null
}

function ended(child: ChildProcess, name: string): Promise<Ending> {
  const { promise, resolve, reject } = Promise.withResolvers<Ending>()
  child.once('exit', (code, signal) => resolve({ code, signal }))
  child.once('error', (error: NodeJS.ErrnoException) => reject(cannotRun(name, startReason(error))))
  return promise
}

/** Settles once the output is closed, or once the program has ended and its own output has surely been read. */
function collect(
  child: ChildProcess,
  kept: { readonly stdout: KeptOutput; readonly stderr: KeptOutput },
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let silent: NodeJS.Timeout | undefined
  let chatty: NodeJS.Timeout | undefined
  let done = false
  let moved = false
  const finish = () => {
    done = true
    clearTimeout(silent)
    clearTimeout(chatty)
    for (const stream of [child.stdout, child.stderr]) letGo(stream)
    resolve()
  }
  const listen = (stream: Readable | null, output: KeptOutput) =>
    stream?.on('data', (chunk: Buffer) => {
      if (done) return
      output.add(chunk)
      moved = true
    })
  // Timers run before the loop reads pipes: only a whole turn of the loop without a byte is silence.
  const finishWhenSilent = () => {
    moved = false
    setImmediate(() => (moved ? silent?.refresh() : finish()))
  }
  listen(child.stdout, kept.stdout)
  listen(child.stderr, kept.stderr)
  child.once('close', finish)
  child.once('error', finish)
  child.once('exit', () => {
    silent = setTimeout(finishWhenSilent, silentMs)
    chatty = setTimeout(finish, chattyMs)
  })
  return promise
}

function letGo(stream: Readable | null): void {
  stream?.on('error', () => {})
  if (stream instanceof Socket) stream.unref()
}

/** Ends the whole process group when the limit is over: SIGTERM first, SIGKILL to what is left. */
function limitTime(child: ChildProcess, timeoutMs: number) {
  let passed = false
  let kill: NodeJS.Timeout | undefined
  const stop = () => {
    passed = true
    signalGroup(child, 'SIGTERM')
    kill = setTimeout(() => signalGroup(child, 'SIGKILL'), graceMs)
  }
  const timer = timeoutMs > 0 ? setTimeout(stop, timeoutMs) : undefined
  return {
    passed: () => passed,
    /** The program is gone: no limit any more, and none of its children stays when the limit had ended it. */
    ended() {
      clearTimeout(timer)
      clearTimeout(kill)
      if (passed) signalGroup(child, 'SIGKILL')
    },
    cancel() {
      clearTimeout(timer)
      clearTimeout(kill)
    },
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // ESRCH: the group is empty, which is what was asked for.
  }
}

interface User {
  readonly name: string
  readonly gid: string
  readonly home: string
}

/** getent, and not /etc/passwd, so that users of a directory service count too. */
async function findUser(user: string, program: string): Promise<User> {
  const { code, stdout } = await run(['getent', 'passwd', '--', user])
  const [name, , , gid, , home] = stdout.trimEnd().split(':')
  if (code !== 0 || name === undefined || gid === undefined) {
    throw cannotRun(program, `user "${user}" does not exist`)
  }
  return { name, gid, home: home ?? '/' }
}

function asUser({ name, gid }: User): readonly string[] {
  return ['setpriv', '--reuid', name, '--regid', gid, '--init-groups', '--']
}

function startReason(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOENT':
      return 'no such program'
    case 'EACCES':
      return 'it is not executable'
    default:
      return error.message
  }
}

function cannotRun(name: string, reason: string): RekindleError {
  return new RekindleError({ code: 'exec-failed', message: `Cannot run "${name}": ${reason}` })
}
