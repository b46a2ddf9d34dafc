/** Runs a program for a resource: what it answers when it fails, or which package brings it, becomes the error. */
import { type ErrorCode, RekindleError } from '../../schemas/errors.ts'
import type { ExecOptions, ExecResult } from '../host/exec.ts'
import type { Host } from '../host/host.ts'
import { cannotApply } from './cannot-apply.ts'
import type { Wanted } from './resource-type.ts'

export interface ToolOptions extends ExecOptions {
  /** What is done, as in `Cannot mount "/srv"`. */
  readonly doing: string
  readonly wanted: Pick<Wanted<unknown>, 'id' | 'where'>
  /** Debian package that brings the program. */
  readonly package: string
  /** Default `apply-failed`. */
  readonly code?: ErrorCode
  readonly kept?: string
  /** More about an answer: a hint to add. */
  readonly explain?: (result: ExecResult) => string | undefined
}

/** None of these programs takes longer by itself, and one that hangs must not hold the run up for ever. */
const defaultTimeoutMs = 300_000

/** @throws RekindleError when the program cannot be started, or ends with something else than 0 */
export async function runTool(
  host: Pick<Host, 'exec'>,
  argv: readonly string[],
  options: ToolOptions,
): Promise<ExecResult> {
  const result = await start(host, argv, options)
  if (result.code === 0) return result
  throw toolError(argv, options, result)
}

async function start(
  { exec }: Pick<Host, 'exec'>,
  argv: readonly string[],
  options: ToolOptions,
): Promise<ExecResult> {
  try {
    return await exec.run(argv, { timeoutMs: defaultTimeoutMs, ...options })
  } catch (error) {
    if (!(error instanceof RekindleError) || error.code !== 'exec-failed') throw error
    throw failed(options, error.message, `Declare the package "${options.package}" before it`)
  }
}

export function toolError(argv: readonly string[], options: ToolOptions, result: ExecResult): RekindleError {
  const program = argv[0] ?? ''
  const answer = answerOf(result)
  const ending = result.timedOut
    ? `${program} took too long and was ended`
    : `${program} ended with ${result.code ?? result.signal}${answer === '' ? '' : `: ${answer}`}`
  return failed(options, ending, options.explain?.(result))
}

function failed(
  { code = 'apply-failed', doing, wanted, kept }: ToolOptions,
  reason: string,
  hint: string | undefined,
): RekindleError {
  return cannotApply(wanted, `${doing}: ${reason}`, { code, kept, hint })
}

/** The last lines that it wrote, on one line. */
function answerOf({ stdout, stderr }: ExecResult): string {
  const text = stderr.trim() === '' ? stdout : stderr
  return text
    .trim()
    .split('\n')
    .slice(-5)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('; ')
}
