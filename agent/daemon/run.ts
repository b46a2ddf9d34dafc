/**
 * One run from its request to its report: which catalog, converge, keep the report, send it. A run that the server does
 * not answer is done with the last good catalog, and says so.
 */
import { errorShape, RekindleError } from '../../schemas/errors.ts'
import type { FactProblem, Report } from '../../schemas/generated/types.ts'
import { converge } from '../engine/converge.ts'
import type { OnRunEvent } from '../engine/event.ts'
import type { MemoryStore } from '../engine/memory.ts'
import type { Selection } from '../engine/prepare.ts'
import { type Prepared, prepare, type Registry } from '../engine/prepare.ts'
import { makeFailureReport, makeReport, type RunFacts } from '../engine/report.ts'
import type { Collected } from '../facts/collect.ts'
import type { Host } from '../host/host.ts'
import type { Client } from '../link/client.ts'
import { isSealedFor, unseal } from '../link/unseal.ts'
import type { Spool } from '../spool/spool.ts'
import { type Blobs, blobsIn, fetchMissing } from './blobs.ts'
import { evidenceOf, isWorthReporting } from './evidence.ts'
import type { Log } from './log.ts'
import type { RunRequest } from './request.ts'
import type { CatalogStore, VerifiedCatalog } from './state.ts'

export interface RunPorts {
  /** This host's name, as its certificate has it. */
  readonly hostName: string
  readonly client: Pick<Client, 'fetchCatalog' | 'fetchBlob' | 'sendReport'>
  readonly host: Host
  readonly blobs: Blobs
  readonly registry: Registry
  readonly memory: MemoryStore
  readonly catalogs: CatalogStore
  /** This host's private keys, PEM, the present one first. Absent: no catalog has secrets. */
  readonly keys?: () => readonly string[]
  readonly spool: Spool
  readonly collectFacts: () => Promise<Collected>
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly newId: () => string
  readonly log: Log
}

export interface RunOptions {
  /** False: without an answer from the server there is no run. Default true. */
  readonly allowCached?: boolean
  /** Limits the run to a part of the catalog. */
  readonly selection?: Selection
  readonly signal?: AbortSignal
  readonly onEvent?: OnRunEvent
}

export interface RunResult {
  readonly report: Report
  /** Whether the report was told, or is in the spool to be. */
  readonly isReported: boolean
  readonly durationMs: number
}

export interface Runner {
  /** Does one run; the caller sees to it that there is one at a time. */
  run(request: RunRequest, options?: RunOptions): Promise<RunResult>
  /** The catalog that the last run applied, ready to be watched. */
  current(): Prepared | undefined
  /** Sends what waits in the spool. */
  flush(): Promise<void>
}

interface Source {
  readonly prepared: Prepared
  readonly cached: boolean
  /** Absent when no facts were asked for. */
  readonly factProblems?: readonly FactProblem[]
}

export function createRunner(ports: RunPorts): Runner {
  const prepareOnce = rememberPrepared(ports)
  let current: Prepared | undefined
  let lastTold: string | undefined

  async function attempt(request: RunRequest, facts: RunFacts, options: RunOptions): Promise<Report> {
    try {
      const source = await chooseCatalog(ports, prepareOnce, { request, options })
      const { prepared, cached, factProblems } = source
      current = prepared
      const { host, memory, now } = ports
      const convergence = await converge(prepared, { host, memory, now, noop: request.noop, ...options })
      const { catalogHash, catalog } = prepared
      return makeReport(
        { ...facts, factProblems, catalogHash, revision: catalog.revision, cached, finishedAt: now() },
        convergence,
      )
    } catch (error) {
      return makeFailureReport({ ...facts, finishedAt: ports.now() }, error)
    }
  }

  return {
    async run(request, options = {}) {
      const startedAt = ports.now()
      const { trigger, runId, noop } = request
      const facts = {
        id: ports.newId(),
        host: ports.hostName,
        trigger,
        runId,
        noop,
        cached: false,
        selection: options.selection,
        startedAt,
        finishedAt: startedAt,
      }
      const report = await attempt(request, facts, options)
      const durationMs = ports.now() - startedAt
      const isReported = isWorthReporting(report, lastTold)
      if (isReported) {
        ports.spool.add(report)
        // A no-op run, or one for a part of the catalog, is no word on what is left.
        if (!noop && report.selection === undefined) lastTold = evidenceOf(report)
        await flush(ports)
      }
      return { report, isReported, durationMs }
    },
    current: () => current,
    flush: () => flush(ports),
  }
}

/** Sends what waits; a server that does not take it now gets it after the next run. */
async function flush({ spool, client, log }: RunPorts): Promise<void> {
  const { left, error } = await spool.drain((report) => client.sendReport(report))
  if (error !== undefined) log.warn('report-kept', { left, error: errorShape(error) })
}

/** A fact that goes wrong is told, and stops no run. */
async function collect({ collectFacts, log }: RunPorts): Promise<Collected> {
  const collected = await collectFacts()
  for (const problem of collected.problems) log.warn('fact-problem', { ...problem })
  return collected
}

/** Preparing a catalog costs more than converging one that is in sync, so the last one is kept. */
function rememberPrepared({ registry, blobs, keys = () => [] }: RunPorts) {
  let known: Prepared | undefined
  return async ({ catalog, hash, sealed }: VerifiedCatalog): Promise<Prepared> => {
    if (known?.catalogHash !== hash) {
      const secrets = sealed === undefined ? new Map<string, string>() : await unseal(sealed, keys())
      known = prepare(catalog, hash, { registry, secrets })
      blobs.hold(known.contents)
    }
    return known
  }
}

type Prepare = ReturnType<typeof rememberPrepared>

interface Wish {
  readonly noop: boolean
  readonly signal: AbortSignal | undefined
  readonly collected: Collected
}

async function chooseCatalog(
  ports: RunPorts,
  prepareOnce: Prepare,
  { request, options }: { request: RunRequest; options: RunOptions },
): Promise<Source> {
  const last = ports.catalogs.load()
  // A watch event asks whether the host is still what it was; the server has nothing to say to that.
  if (request.trigger === 'watch' && last !== undefined) {
    return { prepared: await prepareOnce(last), cached: false }
  }
  const collected = await collect(ports)
  const { problems: factProblems } = collected
  try {
    const wish = { noop: request.noop, signal: options.signal, collected }
    return { prepared: await pull(ports, prepareOnce, wish), cached: false, factProblems }
  } catch (error) {
    if (options.allowCached === false) throw error
    if (last === undefined) throw unavailable(error)
    ports.log.warn('catalog-cached', { hash: last.hash, error: errorShape(error) })
    return { prepared: await prepareOnce(last), cached: true, factProblems }
  }
}

/** The catalog that the server wants now. A new one becomes the last good one once all of it is sound and here. */
async function pull(
  ports: RunPorts,
  prepareOnce: Prepare,
  { noop, signal, collected }: Wish,
): Promise<Prepared> {
  const { client, catalogs, blobs } = ports
  const last = catalogs.load()
  const { facts, packages, vitals, problems } = collected
  const word = { facts, packages, vitals, factProblems: [...problems] }
  const answer = await client.fetchCatalog(word, isCurrent(ports, last) ? last?.hash : undefined, signal)
  if (answer === 'unchanged') {
    if (last === undefined)
      throw new RekindleError({ code: 'catalog-unavailable', message: 'Cannot find the last good catalog' })
    await fetchMissing(blobsIn(last.catalog), blobs, (name) => client.fetchBlob(name))
    return prepareOnce(last)
  }
  const verified = catalogs.verify(answer)
  const { catalog } = verified
  const prepared = await prepareOnce(verified)
  if (noop) return prepared
  const names = blobsIn(catalog)
  await fetchMissing(names, blobs, (name) => client.fetchBlob(name))
  catalogs.save(answer)
  blobs.prune(names)
  return prepared
}

/** Secrets that are sealed for the key before the last renewal are asked for again, since the next one forgets that key. */
function isCurrent({ keys }: RunPorts, last: VerifiedCatalog | undefined): boolean {
  const [key] = keys?.() ?? []
  return last?.sealed === undefined || (key !== undefined && isSealedFor(last.sealed, key))
}

function unavailable(cause: unknown): RekindleError {
  return new RekindleError({
    code: 'catalog-unavailable',
    message: 'Cannot run: there is no catalog from the server, and none on the disk',
    kept: 'everything; nothing was changed',
    cause,
  })
}
