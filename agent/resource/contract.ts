/**
 * The suite that every resource type passes, on any host that it is given (resource-type.ts has the contract in words).
 * The checks are functions that throw, so that a test can see each of them fail for a type that breaks its promise.
 */
import { deepStrictEqual, notDeepStrictEqual, ok } from 'node:assert/strict'
import { describe, test } from 'vitest'
import type { Change } from '../../schemas/generated/types.ts'
import { renderResourceId } from '../../schemas/resource-id.ts'
import type { Host } from '../host/host.ts'
import type { ResourceType, Wanted } from './resource-type.ts'

export interface ContractCase<Params> {
  /** What is done to the host, as in "its mode was changed". */
  readonly title: string
  /** Title of the resource. */
  readonly resource: string
  readonly params: Params
  /** Brings the host, from whatever state, to one that differs from what is wanted. */
  readonly breakIt: (host: Host) => Promise<void> | void
  /** What no change may show. */
  readonly secrets?: readonly string[]
}

export interface ContractHost {
  open(): Promise<Host> | Host
  /** Equal for equal states of all that the type could write. */
  snapshot(host: Host): Promise<unknown> | unknown
}

/** Registers the suite; `open` is called for each test. */
export function resourceTypeContract<Params, State>(
  type: ResourceType<Params, State>,
  cases: readonly ContractCase<Params>[],
  on: ContractHost,
): void {
  describe(`${type.name} keeps the contract of a resource type`, () => {
    for (const one of cases) {
      test(`read() and diff() write nothing when ${one.title}`, async () => {
        const host = await on.open()
        await one.breakIt(host)
        await checkReadingWritesNothing({ host, type, wanted: wantedOf(type, one), snapshot: on.snapshot })
      })
      test(`a run converges and the next changes nothing when ${one.title}`, async () => {
        const host = await on.open()
        await one.breakIt(host)
        await checkSecondRunChangesNothing({ host, type, wanted: wantedOf(type, one), snapshot: on.snapshot })
      })
      test(`no change shows a secret when ${one.title}`, async () => {
        const host = await on.open()
        await one.breakIt(host)
        await checkNoSecret(
          { host, type, wanted: wantedOf(type, one), snapshot: on.snapshot },
          one.secrets ?? [],
        )
      })
    }
  })
}

export interface Subject<Params, State> {
  readonly host: Host
  readonly type: ResourceType<Params, State>
  readonly wanted: Wanted<Params>
  readonly snapshot: ContractHost['snapshot']
}

/** @throws AssertionError when looking at a broken host changes it */
export async function checkReadingWritesNothing<Params, State>(
  subject: Subject<Params, State>,
): Promise<void> {
  const before = await subject.snapshot(subject.host)
  const { changes, actual } = await look(subject)
  notDeepStrictEqual(changes, [], 'the host was broken, but nothing differs')
  await subject.type.explain?.(subject.host, subject.wanted, actual, changes)
  subject.type.watch?.(subject.wanted)
  deepStrictEqual(await subject.snapshot(subject.host), before, 'reading has changed the host')
}

/** @throws AssertionError when something differs after a run, or the next run writes */
export async function checkSecondRunChangesNothing<Params, State>(
  subject: Subject<Params, State>,
): Promise<void> {
  const { host, type, wanted, snapshot } = subject
  const { changes, actual } = await look(subject)
  notDeepStrictEqual(changes, [], 'the host was broken, but nothing differs')
  await type.apply(host, wanted, actual, changes)
  const converged = await snapshot(host)
  deepStrictEqual((await look(subject)).changes, [], 'something differs after the run')
  deepStrictEqual(await snapshot(host), converged, 'the second run has changed the host')
}

/** @throws AssertionError when a change, with its explanation, shows one of the secrets */
export async function checkNoSecret<Params, State>(
  subject: Subject<Params, State>,
  secrets: readonly string[],
): Promise<void> {
  const { host, type, wanted } = subject
  const { changes, actual } = await look(subject)
  const explained = (await type.explain?.(host, wanted, actual, changes)) ?? changes
  const shown = JSON.stringify([changes, explained])
  for (const secret of secrets)
    ok(!shown.includes(JSON.stringify(secret).slice(1, -1)), 'a change shows a secret')
}

async function look<Params, State>({
  host,
  type,
  wanted,
}: Subject<Params, State>): Promise<{ actual: State; changes: readonly Change[] }> {
  const actual = (await type.read(host, [wanted])).get(wanted.id)
  if (actual === undefined) throw new Error(`Cannot check ${wanted.id}: read() gave no state for it`)
  if (actual instanceof Error) throw actual
  return { actual, changes: type.diff(wanted, actual) }
}

function wantedOf<Params, State>(
  { name }: ResourceType<Params, State>,
  { resource, params }: ContractCase<Params>,
): Wanted<Params> {
  return { id: renderResourceId(name, resource), title: resource, params, where: 'contract' }
}
