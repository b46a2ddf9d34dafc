/** Runs a program of the server's machine: no shell, no terminal, and ended when it takes too long. */
import { type ChildProcess, spawn } from 'node:child_process'
import { toError } from '../../schemas/errors.ts'

export interface ProgramOptions {
  readonly cwd: string
  /** The whole of it: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>
  readonly timeoutMs: number
  /** What it reads from standard input. Absent: nothing. */
  readonly input?: string
  /** Ends the program, too. */
  readonly signal?: AbortSignal | undefined
}

export interface ProgramEnd {
  /** Null: it could not be started, or was ended by a signal. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** Why it was ended before it was done, or could not be started. */
  readonly cut: string | undefined
}

/** Of each stream; more of it is dropped. */
const keptCharacters = 1_000_000
/** Between asking it to end, so that it can remove its locks, and making it. */
const graceMs = 3_000

/** Resolves however the program ends. */
export function runProgram(
  argv: readonly [string, ...string[]],
  options: ProgramOptions,
): Promise<ProgramEnd> {
  const { cwd, env, timeoutMs, input, signal } = options
  const [program, ...args] = argv
  return new Promise((resolve) => {
    // A group of its own: what it starts ends with it.
    const child = spawn(program, args, { cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
    // One that ends without reading it did not want it.
    child.stdin.on('error', () => {}).end(input)
    const stdout = keep(child.stdout)
    const stderr = keep(child.stderr)
    let cut: string | undefined
    let kill: NodeJS.Timeout | undefined
    const end = (why: string) => {
      cut ??= why
      signalGroup(child, 'SIGTERM')
      kill ??= setTimeout(() => {
        signalGroup(child, 'SIGKILL')
        // What it started in a group of its own may hold the pipes for ever.
        child.stdout.destroy()
        child.stderr.destroy()
      }, graceMs)
    }
    const onAbort = () => end('the server stopped')
    const timer = setTimeout(() => end(`it took more than ${timeoutMs / 1000} s`), timeoutMs)
    const finish = (code: number | null) => {
      clearTimeout(timer)
      clearTimeout(kill)
      signal?.removeEventListener('abort', onAbort)
      resolve({ code, stdout: stdout(), stderr: stderr(), cut })
    }
    child.once('error', (error) => {
      cut ??= toError(error).message
      if (child.pid === undefined) finish(null)
    })
    child.once('close', finish)
    if (signal?.aborted === true) onAbort()
    signal?.addEventListener('abort', onAbort)
  })
}

function keep(stream: NodeJS.ReadableStream): () => string {
  let text = ''
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text = `${text}${chunk}`.slice(0, keptCharacters)
  })
  return () => text
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // It is gone already.
  }
}

const inherited = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'TMPDIR', 'XDG_CONFIG_HOME', 'SSH_AUTH_SOCK'],
  ...['http_proxy', 'https_proxy', 'no_proxy', 'HTTPS_PROXY', 'NO_PROXY', 'all_proxy', 'ALL_PROXY'],
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'GIT_SSL_CAINFO', 'NODE_EXTRA_CA_CERTS'],
]

/** Of the server's environment what says how to reach the network, and nothing that could hold a secret or steer a program. */
export function plainEnvironment(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    inherited.flatMap((name) => {
      const value = process.env[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}
