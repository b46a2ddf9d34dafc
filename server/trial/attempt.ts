/** One throwaway host from bare to its catalog's state, and what went wrong on the way. Pure but for the host it is handed. */
import { RekindleError } from '../../schemas/errors.ts'
import type { Catalog, Report, ResourceOutcome } from '../../schemas/generated/types.ts'
import { validate } from '../../schemas/validate.ts'
import type { ThrowawayHost } from '../machine/throwaway.ts'
import { type HostState, lookCommand, parseState } from './state.ts'

export interface Attempt {
  /** In the order in which its resources stand; the agent converges them so. */
  readonly catalog: Catalog
  readonly blobs: ReadonlyMap<string, Uint8Array>
  /** The agent is killed right after each of these that it changes, once each, and then runs to its end. */
  readonly killAfter?: readonly string[]
  /** Boots the host again, and looks whether it still holds. */
  readonly reboot?: boolean
}

export interface Attempted {
  /** Ids that were changed, in order; without those of runs that were killed. */
  readonly changed: readonly string[]
  /** Ids after which the agent was killed. */
  readonly killed: readonly string[]
  /** The first of what went wrong; absent when nothing did. */
  readonly fault?: Fault
  /** What the host has in the end; absent after a fault. */
  readonly state?: HostState
}

export interface Fault {
  /** `first`: a run from bare. `second`: a run that should have changed nothing. `reboot`: that after a reboot. */
  readonly step: 'first' | 'second' | 'reboot' | 'state'
  /** The resource that it shows in; absent when it is the run as a whole, or the state. */
  readonly id?: string
  readonly where?: string
  /** What differs or failed, one for a line. */
  readonly details: readonly string[]
}

export async function attempt(host: ThrowawayHost, { catalog, blobs, ...how }: Attempt): Promise<Attempted> {
  const files = new Map<string, string | Uint8Array>(blobs)
  const folder = host.put(files.set('catalog.json', JSON.stringify(catalog)))
  const apply = (killAfter: readonly string[]) => runAgent(host, folder, killAfter)
  const killed: string[] = []
  let left = how.killAfter ?? []
  let run = await apply(left)
  while (typeof run === 'string') {
    const after = run
    killed.push(after)
    left = left.filter((id) => id !== after)
    run = await apply(left)
  }
  const changed = run.resources.filter(isChange).map(({ id }) => id)
  const done = { changed, killed }
  const first = faultOf('first', run, isFailure)
  if (first !== undefined) return { ...done, fault: first }
  const second = faultOf('second', await runToEnd(apply), isFailureOrChange)
  if (second !== undefined) return { ...done, fault: second }
  if (how.reboot === true) {
    await host.reboot()
    const third = faultOf('reboot', await runToEnd(apply), isFailureOrChange)
    if (third !== undefined) return { ...done, fault: third }
  }
  const { code, stdout, stderr } = await host.run(lookCommand)
  if (code !== 0) throw unusable(`cannot be looked at: ${stderr.trim()}`)
  return { ...done, state: parseState(stdout) }
}

async function runToEnd(apply: (killAfter: readonly string[]) => Promise<Report | string>): Promise<Report> {
  const run = await apply([])
  if (typeof run === 'string') throw unusable(`killed its agent after ${run}, unasked`)
  return run
}

/** Gives the report, or the id after which the agent was killed. */
async function runAgent(
  host: ThrowawayHost,
  folder: string,
  killAfter: readonly string[],
): Promise<Report | string> {
  const kills = killAfter.flatMap((id) => ['--kill-after', id])
  const apply = ['rekindle', 'apply', `${folder}/catalog.json`, '--blobs', folder, '--json', ...kills]
  const { code, stdout, stderr } = await host.run(apply)
  const killed = /^killed after (.+)$/m.exec(stderr)?.[1]
  if (killed !== undefined && killAfter.includes(killed)) return killed
  if (stdout === '') throw unusable(`gave no report: exit code ${code}: ${stderr.trim()}`)
  return validate('protocol/report', JSON.parse(stdout), 'the throwaway host’s report', 'machine-failed')
}

function unusable(why: string): RekindleError {
  return new RekindleError({ code: 'machine-failed', message: `Cannot use the throwaway host: it ${why}` })
}

const isFailure = ({ outcome }: ResourceOutcome) => outcome === 'failed' || outcome === 'skipped'
const isChange = ({ outcome, refreshed }: ResourceOutcome) => outcome === 'changed' || refreshed !== undefined
const isFailureOrChange = (outcome: ResourceOutcome) =>
  isFailure(outcome) || isChange(outcome) || outcome.outcome === 'drifted'

/** @param isWrong what an outcome must not be; what waits for its schedule, or is only audited, is in order */
export function faultOf(
  step: Fault['step'],
  { resources, error }: Pick<Report, 'resources' | 'error'>,
  isWrong: (outcome: ResourceOutcome) => boolean,
): Fault | undefined {
  const wrong = resources.filter(isWrong)
  // What was skipped says less than what it was skipped for.
  const [first] = [...wrong.filter(({ outcome }) => outcome !== 'skipped'), ...wrong]
  if (first === undefined && error === undefined) return undefined
  const details = wrong.flatMap(renderOutcome)
  return {
    step,
    ...(first === undefined ? {} : { id: first.id, where: first.where }),
    details: error === undefined ? details : [...details, error.message],
  }
}

function renderOutcome({ id, outcome, changes, refreshed, error }: ResourceOutcome): readonly string[] {
  if (outcome === 'skipped') return []
  if (error !== undefined) return [`${id} ${outcome}: ${error.message}`]
  const show = (value: string | null) => (value === null ? 'nothing' : JSON.stringify(value))
  const what = changes.map(({ property, from, to }) => `${property} ${show(from)} -> ${show(to)}`)
  const by = refreshed === undefined ? [] : [`refreshed by ${refreshed.join(', ')}`]
  return [`${id} ${outcome}: ${[...what, ...by].join(', ')}`]
}
