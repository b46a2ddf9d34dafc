/** Runs a program of the machine's own host for the driver: argument list in, output out; a failure is an error. */
import { execFile } from 'node:child_process'
import { RekindleError } from '../../../schemas/errors.ts'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Any exit code is a result; `-1` stands for a signal or a program that could not be started. */
export function tryRun(
  argv: readonly string[],
  { timeoutMs = 60_000, input }: { timeoutMs?: number; input?: string } = {},
): Promise<Ran> {
  const [program = '', ...args] = argv
  const { promise, resolve } = Promise.withResolvers<Ran>()
  const child = execFile(
    program,
    args,
    { timeout: timeoutMs, maxBuffer: 16 << 20, killSignal: 'SIGKILL' },
    (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({
        code,
        stdout,
        stderr: stderr === '' && error !== null && code === -1 ? error.message : stderr,
      })
    },
  )
  child.stdin?.on('error', () => {})
  child.stdin?.end(input)
  return promise
}

/** @throws RekindleError `machine-failed` with what the program answered. */
export async function run(
  argv: readonly string[],
  options: { timeoutMs?: number; input?: string } = {},
): Promise<string> {
  const { code, stdout, stderr } = await tryRun(argv, options)
  if (code === 0) return stdout
  throw new RekindleError({
    code: 'machine-failed',
    message: `Cannot run "${argv.join(' ')}": exit code ${code}: ${stderr.trim().split('\n').slice(-5).join('; ')}`,
  })
}
