/**
 * A command. It is due when all of its checks say so, and in sync otherwise; without a check it is due in every run.
 *
 * A check that cannot be started, or does not end in time, keeps the command from running and fails the resource: to run it
 * on no answer could do what its author wanted to prevent. A string is run by a shell, where a program that is not there is
 * an exit code of 127 like any other.
 */

import { RekindleError } from '../../schemas/errors.ts'
import type { Change, ExecParams, ExecParamsCommand } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { ExecOptions, ExecResult } from '../host/exec.ts'
import type { Host } from '../host/host.ts'
import type { Reading, ResourceType, Wanted } from './resource-type.ts'

type WantedExec = Wanted<ExecParams>

export interface ExecState {
  /** Whether the command is to run. */
  readonly isDue: boolean
}

const defaultTimeoutSeconds = 300
const shownLines = 40
const shownCommand = 200
const kept = 'everything: the command was not run'

/** Checks run one after the other, in no-op mode too: what they may do to each other only their author knows. */
async function read(host: Host, wanted: readonly WantedExec[]): Promise<Reading<ExecState>> {
  const found = new Map<ResourceId, ExecState | Error>()
  for (const one of wanted) {
    // A command that waits for a refresh asks its checks when the refresh comes.
    const isDue = one.params.refreshOnly === true ? Promise.resolve(false) : passesChecks(host, one)
    found.set(one.id, await isDue.then((due) => ({ isDue: due }), toError))
  }
  return found
}

function diff({ params }: WantedExec, { isDue }: ExecState): readonly Change[] {
  return isDue ? [{ property: 'run', from: null, to: renderCommand(params.command) }] : []
}

async function apply(host: Host, wanted: WantedExec): Promise<void> {
  await runCommand(host, wanted, 'apply')
}

/** Runs the command, once more when it was due by itself, unless its checks say that it is no longer needed. */
async function refresh(host: Host, wanted: WantedExec): Promise<void> {
  if (await passesChecks(host, wanted)) await runCommand(host, wanted, 'refresh')
}

/**
 * Only `creates` and `unless` say what is so once the command has run. `onlyIf` may go on to hold, as in "only where this
 * program is installed".
 */
function canDrift({ params }: WantedExec): boolean {
  if (params.refreshOnly === true) return false
  return params.creates !== undefined || params.unless !== undefined
}

async function passesChecks(host: Host, wanted: WantedExec): Promise<boolean> {
  const { creates, onlyIf, unless } = wanted.params
  if (creates !== undefined && host.files.exists(creates)) return false
  if (onlyIf !== undefined && (await check(host, wanted, 'onlyIf', onlyIf)) !== 0) return false
  return unless === undefined || (await check(host, wanted, 'unless', unless)) !== 0
}

async function check(
  host: Host,
  wanted: WantedExec,
  name: 'onlyIf' | 'unless',
  command: ExecParamsCommand,
): Promise<number | null> {
  const about = `Cannot check ${name} of exec "${wanted.title}"`
  const { where } = wanted
  const result = await host.exec.run(argumentsOf(command), optionsOf(wanted)).catch((cause: unknown) => {
    throw new RekindleError({ code: 'exec-failed', message: about, where, kept, cause })
  })
  if (!result.timedOut) return result.code
  throw new RekindleError({ code: 'exec-timeout', message: `${about}: ${tooLong(wanted)}`, where, kept })
}

async function runCommand(host: Host, wanted: WantedExec, verb: 'apply' | 'refresh'): Promise<void> {
  const about = `Cannot ${verb} exec "${wanted.title}"`
  const { where } = wanted
  const { command, exitCodes = [0] } = wanted.params
  const result = await host.exec.run(argumentsOf(command), optionsOf(wanted)).catch((cause: unknown) => {
    throw new RekindleError({ code: 'exec-failed', message: about, where, kept, cause })
  })
  const output = lastLines(result)
  if (result.timedOut) {
    throw new RekindleError({ code: 'exec-timeout', message: `${about}: ${tooLong(wanted)}${output}`, where })
  }
  if (result.code !== null && exitCodes.includes(result.code)) return
  const ending = result.code === null ? `ended by ${result.signal}` : `exited with ${result.code}`
  const message = `${about}: ${ending}, not with ${exitCodes.join(' or ')}${output}`
  throw new RekindleError({ code: 'exec-failed', message, where })
}

/** A string needs a shell; a list is taken as it is. */
function argumentsOf(command: ExecParamsCommand): readonly string[] {
  return typeof command === 'string' ? ['/bin/sh', '-c', command] : command
}

function optionsOf({ params }: WantedExec): ExecOptions {
  const { cwd, env, user, umask } = params
  return {
    timeoutMs: timeoutSeconds(params) * 1000,
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
    ...(user === undefined ? {} : { user }),
    ...(umask === undefined ? {} : { umask }),
  }
}

function timeoutSeconds({ timeout = defaultTimeoutSeconds }: ExecParams): number {
  return timeout
}

function tooLong({ params }: WantedExec): string {
  return `it did not end within ${timeoutSeconds(params)} seconds and was killed`
}

function lastLines({ stdout, stderr }: ExecResult): string {
  const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '')
  return lines.length === 0 ? '' : `\n${lines.slice(-shownLines).join('\n')}`
}

function renderCommand(command: ExecParamsCommand): string {
  const text = typeof command === 'string' ? command : command.join(' ')
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > shownCommand ? `${line.slice(0, shownCommand)}…` : line
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

export const exec = { name: 'exec', read, diff, apply, refresh, canDrift } satisfies ResourceType<
  ExecParams,
  ExecState
>
