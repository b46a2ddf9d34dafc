/** The commands that an author gives in place of what the init system would do. */
import { type ErrorCode, RekindleError } from '../../../schemas/errors.ts'
import type { ExecResult } from '../../host/exec.ts'
import type { Host } from '../../host/host.ts'
import { type ServiceState, timeoutMsOf, type WantedService } from './init-system.ts'

type Command = string | readonly string[]
export type CommandName = 'start' | 'stop' | 'restart' | 'reload'

/** The state with what the author's `status` says, where there is one. */
export async function withStatus(
  host: Host,
  wanted: WantedService,
  state: ServiceState,
): Promise<ServiceState> {
  const { status } = wanted.params
  if (status === undefined) return state
  const { code, timedOut } = await run(host, wanted, status)
  if (timedOut) {
    throw new RekindleError({
      code: 'resource-unreadable',
      message: `Cannot read ${wanted.id}: its status command did not end within ${timeoutMsOf([{ wanted }]) / 1000} seconds`,
      where: wanted.where,
    })
  }
  const runs = code === 0
  return { ...state, active: runs ? 'running' : 'stopped', runs, rests: !runs }
}

/** @throws RekindleError with what the command answered */
export async function runCommand(
  host: Host,
  wanted: WantedService,
  { name, command }: { readonly name: CommandName; readonly command: Command },
): Promise<void> {
  const result = await run(host, wanted, command)
  if (result.code !== 0) throw commandFailed(wanted, { name, result })
}

export function commandFailed(
  wanted: WantedService,
  { name, result }: { readonly name: CommandName; readonly result: ExecResult },
): RekindleError {
  const code: ErrorCode = name === 'start' || name === 'stop' ? 'apply-failed' : 'refresh-failed'
  const ending = result.timedOut
    ? `it did not end within ${timeoutMsOf([{ wanted }]) / 1000} seconds and was killed`
    : `it ended with ${result.code ?? result.signal}`
  const answer = lastLines(result)
  return new RekindleError({
    code,
    message: `Cannot ${name} ${wanted.id}: ${ending}${answer === '' ? '' : `:\n${answer}`}`,
    where: wanted.where,
  })
}

function run(host: Host, wanted: WantedService, command: Command): Promise<ExecResult> {
  const argv = typeof command === 'string' ? ['/bin/sh', '-c', command] : command
  return host.exec.run(argv, { timeoutMs: timeoutMsOf([{ wanted }]) })
}

function lastLines({ stdout, stderr }: ExecResult): string {
  const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '')
  return lines
    .slice(-20)
    .map((line) => `  ${line}`)
    .join('\n')
}
