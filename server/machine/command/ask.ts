/** Asks one program: a JSON object in, a JSON object out, within a time limit. */
import { RekindleError } from '../../../schemas/errors.ts'
import type { MachineAnswer, MachineOperation } from '../../../schemas/generated/types.ts'
import { diagnose, renderDiagnostic } from '../../../schemas/validate.ts'
import { plainEnvironment, runProgram } from '../../site/program.ts'

const tailLines = 5
const tailCharacters = 1000

/** @throws RekindleError `machine-failed` with the program, how it ended, and the end of what it said on stderr. */
export async function askProgram(
  argv: readonly string[],
  request: MachineOperation,
  timeoutMs: number,
): Promise<MachineAnswer> {
  const [program = '', ...args] = argv
  const input = `${JSON.stringify(request)}\n`
  const options = { cwd: '/', env: plainEnvironment(), timeoutMs, input }
  const { code, stdout, stderr, cut } = await runProgram([program, ...args], options)
  const fail = (how: string) => failed(request, argv, redact(`${how}${tailOf(stderr)}`, request))
  if (cut !== undefined) throw fail(`was ended: ${cut}`)
  if (code !== 0) throw fail(code === null ? 'was ended by a signal' : `ended with exit code ${code}`)
  return parseAnswer(stdout, fail)
}

/** A program that has nothing to say answers as if with `{}`. */
function parseAnswer(stdout: string, fail: (how: string) => RekindleError): MachineAnswer {
  if (stdout.trim() === '') return {}
  let answer: unknown
  try {
    answer = JSON.parse(stdout)
  } catch {
    throw fail('answered with something that is no JSON')
  }
  const wrong = diagnose('protocol/machine-answer', answer)
  if (wrong.length > 0) throw fail(`answered wrongly: ${wrong.map(renderDiagnostic).join('; ')}`)
  // Found sound just above.
  return answer as MachineAnswer
}

function tailOf(stderr: string): string {
  const tail = stderr.trim().split('\n').slice(-tailLines).join('; ').slice(-tailCharacters)
  return tail === '' ? '' : `: ${tail}`
}

/** The token is a secret, and programs like to print their input. */
function redact(text: string, { agentConfig }: MachineOperation): string {
  return agentConfig === undefined ? text : text.replaceAll(agentConfig.token, '[token]')
}

function failed({ operation, machine }: MachineOperation, argv: readonly string[], how: string) {
  const changes = ['create', 'destroy', 'start', 'stop'].includes(operation)
  return new RekindleError({
    code: 'machine-failed',
    message: `Cannot ${operation}${machine === undefined ? '' : ` machine "${machine}"`}: "${argv.join(' ')}" ${how}`,
    ...(changes && { kept: 'whatever the program had done by then' }),
    hint: `Run the program by hand: echo '{"version":1,"operation":"${operation}"...}' | ${argv.join(' ')}`,
  })
}
