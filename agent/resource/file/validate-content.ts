/** Runs a file's `validate` command on its new content, before that is moved in. */
import { RekindleError } from '../../../schemas/errors.ts'
import type { FileParams } from '../../../schemas/generated/types.ts'
import type { Exec, ExecResult } from '../../host/exec.ts'

type Command = NonNullable<FileParams['validate']>

interface Validation {
  /** The resource, in the words of an error. */
  readonly subject: string
  readonly where: string
  readonly path: string
  readonly sensitive: boolean | undefined
  readonly command: Command
  readonly temporaryPath: string
}

const timeoutMs = 60_000
const shownLines = 40

/** @throws RekindleError `validate-failed` with the tool's answer, unless it exits 0 */
export async function validateContent(exec: Exec, validation: Validation): Promise<void> {
  const { path, sensitive, command, temporaryPath } = validation
  const argv = argumentsOf(command, temporaryPath)
  const result = await exec.run(argv, { timeoutMs }).catch((cause: unknown) => {
    throw refuse(validation, 'its validate command cannot be run', cause)
  })
  if (result.code === 0) return
  // The path that the answer names is gone when someone reads it.
  const answer = outputOf(result).replaceAll(temporaryPath, path)
  // A tool quotes the lines that it dislikes.
  const shown = sensitive === true ? '[redacted]' : answer
  throw refuse(validation, `${argv[0]} ${endingOf(result)}${answer === '' ? '' : `: ${shown}`}`)
}

/** @example argumentsOf('visudo -cf %', '/etc/.x') // ['visudo', '-cf', '/etc/.x'] */
export function argumentsOf(command: Command, path: string): readonly string[] {
  const words = typeof command === 'string' ? command.trim().split(/\s+/) : command
  return words.map((word) => word.replaceAll('%', path))
}

function endingOf({ code, signal, timedOut }: ExecResult): string {
  if (timedOut) return `did not end within ${timeoutMs / 1000} seconds`
  return code === null ? `was ended by ${signal}` : `exits with ${code}`
}

function outputOf({ stdout, stderr }: ExecResult): string {
  return `${stdout}${stderr}`.trim().split('\n').slice(-shownLines).join('\n')
}

function refuse({ subject, where }: Validation, reason: string, cause?: unknown): RekindleError {
  return new RekindleError({
    code: 'validate-failed',
    message: `Cannot apply ${subject}: ${reason}`,
    where,
    kept: 'what stood there before',
    cause,
  })
}
