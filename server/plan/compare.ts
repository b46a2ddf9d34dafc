/**
 * Compares what every host is served with what it would be served. Both compiles are functions of their reads, so their
 * difference is one too: hosts that look the same to both are compared once.
 */
import { type ErrorShape, errorShape, RekindleError } from '../../schemas/errors.ts'
import type { PlacedHost } from '../../schemas/fleet-change.ts'
import type { Facts } from '../../schemas/generated/types.ts'
import { rolesNamed } from '../../schemas/host-rule.ts'
import type { Trusted } from '../../schemas/trusted.ts'
import { createReadCache, type ReadCache } from '../compiler/cache.ts'
import type { CompileResult, PreparedCompile } from '../compiler/prepare.ts'
import type { Read } from '../compiler/recorder.ts'
import { findDrop } from '../site/drop.ts'
import { type CatalogChange, type Compared, diffCatalogs } from './change.ts'

export interface KnownHost {
  readonly name: string
  readonly facts: Facts
  readonly life: Omit<Trusted, 'pool'>
}

/** One of the two states of the site that are compared. */
export interface Side {
  /** @throws RekindleError when the host gets no catalog of it */
  prepare(host: KnownHost): PreparedHost
}

export interface PreparedHost extends PreparedCompile {
  /** As people name it. */
  readonly environment: string
}

export interface ComparedHost {
  readonly name: string
  /** Of its two states the one it is in now, or else the other; undefined when it gets no catalog of either. */
  readonly place: (PlacedHost & { readonly environment: string }) | undefined
}

/** What the change means for a host. */
export type HostOutcome =
  | { readonly kind: 'same' }
  | {
      readonly kind: 'changed'
      readonly change: CatalogChange
      /** Why it gets no catalog now; absent when it does. */
      readonly before?: ErrorShape
      /** Whether its name is among what was read, so that a text of the change may have it. */
      readonly readsName: boolean
    }
  /** It would get no catalog. */
  | { readonly kind: 'refused'; readonly reason: ErrorShape; readonly isNew: boolean }
  /** No rule is for it, before and after. */
  | { readonly kind: 'unmatched' }

type Outcomes = ReadCache<Extract<HostOutcome, { kind: 'same' | 'changed' }>>

/** Of one pair of roles; each is small but for its diffs. */
const keptOutcomes = 20_000

export interface CompareOptions {
  /** Compiles under way at once. */
  readonly lanes: number
  readonly onOutcome: (host: ComparedHost, outcome: HostOutcome) => void
}

export async function compareHosts(
  hosts: readonly KnownHost[],
  sides: Sides,
  { lanes, onOutcome }: CompareOptions,
): Promise<void> {
  const pairs = pairHosts(hosts, sides)
  for (const [, [first, ...others]] of pairs) {
    const outcomes: Outcomes = createReadCache(keptOutcomes)
    const compare = async (pair: Pair) => onOutcome(comparedHost(pair), await comparePair(pair, outcomes))
    if (first === undefined) continue
    // Alone, so that its equals find what it gave.
    await compare(first)
    const waiting = others.values()
    await Promise.all(
      Array.from({ length: lanes }, async () => {
        for (const pair of waiting) await compare(pair)
      }),
    )
  }
}

interface Sides {
  readonly before: Side
  readonly after: Side
}

interface Pair {
  readonly host: string
  readonly before: PreparedHost | RekindleError
  readonly after: PreparedHost | RekindleError
}

/** Hosts whose result may be one another's stand together. */
function pairHosts(hosts: readonly KnownHost[], { before, after }: Sides): ReadonlyMap<string, Pair[]> {
  const pairs = hosts.map(
    (host): Pair => ({ host: host.name, before: attempt(before, host), after: attempt(after, host) }),
  )
  return Map.groupBy(pairs, (pair) => JSON.stringify([placementOf(pair.before), placementOf(pair.after)]))
}

function comparedHost({ host: name, before, after }: Pair): ComparedHost {
  const prepared = before instanceof RekindleError ? after : before
  if (prepared instanceof RekindleError) return { name, place: undefined }
  const { pool, role, environment } = prepared
  return { name, place: { name, pool, roles: rolesNamed(role), environment } }
}

function attempt(side: Side, host: KnownHost): PreparedHost | RekindleError {
  try {
    return side.prepare(host)
  } catch (error) {
    if (error instanceof RekindleError) return error
    throw error
  }
}

function placementOf(prepared: PreparedHost | RekindleError): Compared['placement'] {
  if (prepared instanceof RekindleError) return {}
  const { role, pool, environment, drift } = prepared
  return { role, pool, environment, drift }
}

async function comparePair(pair: Pair, outcomes: Outcomes): Promise<HostOutcome> {
  const { before, after } = pair
  if (after instanceof RekindleError) return refuse(after, before)
  if (before instanceof RekindleError) return gained(after, before)
  const input = { before: before.input, after: after.input }
  const known = outcomes.find(input)
  if (known !== undefined) return known
  const [old, next] = await Promise.all([settle(before), settle(after)])
  if (next instanceof RekindleError) return refuse(next, old)
  if (old instanceof RekindleError) return gained(after, old, next)
  const reads = [...prefixed('before', old.reads), ...prefixed('after', next.reads)]
  const change = diffCatalogs(comparedOf(before, old), comparedOf(after, next))
  const outcome =
    change === undefined
      ? ({ kind: 'same' } as const)
      : ({
          kind: 'changed',
          change: { ...change, ...heldBy(after, old, next) },
          readsName: reads.some(isName),
        } as const)
  outcomes.keep(input, reads, outcome)
  return outcome
}

function heldBy(
  { maxDropPercent }: PreparedHost,
  { catalog: before }: CompileResult,
  { catalog: after }: CompileResult,
): Pick<CatalogChange, 'held'> {
  const drop = findDrop(before, after, maxDropPercent)
  if (drop === undefined) return {}
  return { held: { dropped: drop.dropped.length, resources: drop.resources, maxDropPercent } }
}

/** A failure of the site's is a value; one of ours is not. */
async function settle(prepared: PreparedHost): Promise<CompileResult | RekindleError> {
  return prepared.compile().catch((error: unknown) => {
    if (error instanceof RekindleError && error.code !== 'internal') return error
    throw error
  })
}

function refuse(reason: RekindleError, before: object): HostOutcome {
  const isUnmatched = (error: object) => error instanceof RekindleError && error.code === 'not-found'
  if (isUnmatched(reason) && isUnmatched(before)) return { kind: 'unmatched' }
  return { kind: 'refused', reason: shapeOf(reason), isNew: !(before instanceof RekindleError) }
}

/** What is kept differs: nothing was served yet. */
function shapeOf(error: RekindleError): ErrorShape {
  const { kept: _, ...shape } = errorShape(error)
  return shape
}

async function gained(
  after: PreparedHost,
  reason: RekindleError,
  compiled?: CompileResult,
): Promise<HostOutcome> {
  const next = compiled ?? (await settle(after))
  if (next instanceof RekindleError) return refuse(next, reason)
  const nothing: Compared = { placement: {}, resources: [], blobs: new Map() }
  const change = diffCatalogs(nothing, comparedOf(after, next)) ?? { placement: [], resources: [] }
  return { kind: 'changed', change, before: shapeOf(reason), readsName: true }
}

function comparedOf(prepared: PreparedHost, { catalog, blobs }: CompileResult): Compared {
  return { placement: placementOf(prepared), resources: catalog.resources, blobs }
}

function prefixed(side: string, reads: readonly Read[]): readonly Read[] {
  return reads.map(({ kind, path }) => ({ kind, path: [side, ...path] }))
}

function isName({ path: [, ...path] }: Read): boolean {
  const [first, second, third] = path
  return (
    first === 'host' ||
    (first === 'facts' && (second === 'hostname' || (second === 'network' && third === 'fqdn')))
  )
}
