/**
 * A command. It is due when all of its checks say so, and in sync otherwise; without a check it is due in every run.
 *
 * A check that cannot be started, or does not end in time, keeps the command from running and fails the resource: to run it
 * on no answer could do what its author wanted to prevent. A string is run by a shell, where a program that is not there is
 * an exit code of 127 like any other.
 */

import { RekindleError, toError } from '../../schemas/errors.ts'
import type { Change, ExecParams, ExecParamsCheck } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { ExecOptions, ExecResult } from '../host/exec.ts'
import type { Host } from '../host/host.ts'
import { pause } from '../host/pause.ts'
import type { Reading, ResourceType, Told, Wanted } from './resource-type.ts'

type Command = string | readonly string[]
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
  return isDue ? [{ property: 'run', from: null, to: renderCommand(params) }] : []
}

async function apply(host: Host, wanted: WantedExec): Promise<Told | undefined> {
  return runCommand(host, wanted, { verb: 'apply', command: wanted.params.command })
}

/** Runs the command, once more when it was due by itself, unless its checks say that it is no longer needed. */
async function refresh(host: Host, wanted: WantedExec): Promise<Told | undefined> {
  if (!(await passesChecks(host, wanted))) return undefined
  const command = wanted.params.refresh ?? wanted.params.command
  return runCommand(host, wanted, { verb: 'refresh', command })
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
  const { creates = [], onlyIf, unless } = wanted.params
  if ([creates].flat().some((path) => host.files.exists(path))) return false
  for (const command of commandsOf(onlyIf))
    if ((await check(host, wanted, { name: 'onlyIf', command })) !== 0) return false
  for (const command of commandsOf(unless))
    if ((await check(host, wanted, { name: 'unless', command })) === 0) return false
  return true
}

/** A list of strings is one command; a list of lists is several. */
function commandsOf(check: ExecParamsCheck | undefined): readonly Command[] {
  if (check === undefined) return []
  if (typeof check === 'string' || !check.some(Array.isArray)) return [check as Command]
  return check as readonly string[][]
}

async function check(
  host: Host,
  wanted: WantedExec,
  { name, command }: { readonly name: 'onlyIf' | 'unless'; readonly command: Command },
): Promise<number | null> {
  const about = `Cannot check ${name} of exec "${wanted.title}"`
  const result = await start(host, wanted, { about, command })
  if (!result.timedOut) return result.code
  const message = `${about}: ${tooLong(wanted)}`
  throw new RekindleError({ code: 'exec-timeout', message, where: wanted.where, kept })
}

async function start(
  host: Host,
  wanted: WantedExec,
  { about, command }: { readonly about: string; readonly command: Command },
): Promise<ExecResult> {
  return host.exec.run(argumentsOf(command), optionsOf(wanted)).catch((cause: unknown) => {
    // The reason names the program, which may be in what is not to be shown.
    const shown = wanted.params.sensitive === true ? {} : { cause }
    throw new RekindleError({ code: 'exec-failed', message: about, where: wanted.where, kept, ...shown })
  })
}

interface Attempt {
  readonly verb: 'apply' | 'refresh'
  readonly command: Command
}

async function runCommand(
  host: Host,
  wanted: WantedExec,
  { verb, command }: Attempt,
): Promise<Told | undefined> {
  const about = `Cannot ${verb} exec "${wanted.title}"`
  const { tries = 1, trySleep = 0, output = 'always', sensitive } = wanted.params
  for (let left = tries - 1; ; left--) {
    const result = await start(host, wanted, { about, command })
    const shown = sensitive === true || output === 'never' ? '' : lastLines(result)
    const failure = failureOf(wanted, result)
    if (failure === undefined) return shown === '' || output !== 'always' ? undefined : { output: shown }
    if (left === 0 || result.timedOut) {
      const tried = tries > 1 && !result.timedOut ? ` (${tries} tries)` : ''
      const answer = shown === '' ? '' : `\n${shown}`
      const code = result.timedOut ? 'exec-timeout' : 'exec-failed'
      throw new RekindleError({ code, message: `${about}: ${failure}${tried}${answer}`, where: wanted.where })
    }
    await pause(trySleep * 1000)
  }
}

/** Why what it ended with is no success. */
function failureOf(wanted: WantedExec, { timedOut, code, signal }: ExecResult): string | undefined {
  if (timedOut) return tooLong(wanted)
  const { exitCodes = [0] } = wanted.params
  if (code !== null && exitCodes.includes(code)) return undefined
  const ending = code === null ? `ended by ${signal}` : `exited with ${code}`
  return `${ending}, not with ${exitCodes.join(' or ')}`
}

/** A string needs a shell; a list is taken as it is. */
function argumentsOf(command: Command): readonly string[] {
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
  return lines.slice(-shownLines).join('\n')
}

function renderCommand({ command, sensitive }: ExecParams): string {
  if (sensitive === true) return '[redacted]'
  const text = typeof command === 'string' ? command : command.join(' ')
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > shownCommand ? `${line.slice(0, shownCommand)}…` : line
}

export const exec = { name: 'exec', read, diff, apply, refresh, canDrift } satisfies ResourceType<
  ExecParams,
  ExecState
>
