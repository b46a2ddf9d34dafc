/** `rekindle apply` and `rekindle plan`: a compiled catalog file, unsigned, on this host, without a server. */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RekindleError } from '../../schemas/errors.ts'
import type { Report } from '../../schemas/generated/types.ts'
import { hashOf } from '../../schemas/hash.ts'
import { validate } from '../../schemas/validate.ts'
import { converge, planNow } from '../engine/converge.ts'
import type { OnRunEvent } from '../engine/event.ts'
import type { Plan } from '../engine/plan.ts'
import type { Selection } from '../engine/prepare.ts'
import { type Prepared, prepare } from '../engine/prepare.ts'
import { makeReport } from '../engine/report.ts'
import type { Host } from '../host/host.ts'
import { createHost } from '../host/real-host.ts'
import { resourceTypes } from '../resource/registry.ts'
import { acquireLock } from './lock.ts'
import { createMemoryStore } from './state.ts'

export interface LocalOptions {
  readonly stateDir: string
  /** Folder of blobs, each named by its SHA-256, in place of the agent's own. Nothing is copied. */
  readonly blobsDir?: string
}

export interface ApplyOptions {
  readonly noop: boolean
  readonly selection?: Selection | undefined
  /** Aborted: the resource at hand is finished, the others are skipped. */
  readonly signal: AbortSignal
  readonly onEvent?: OnRunEvent | undefined
}

/** @throws RekindleError `catalog-invalid`, or `run-locked` while another run is under way */
export async function applyCatalog(
  path: string,
  options: LocalOptions,
  { noop, selection, signal, onEvent }: ApplyOptions,
): Promise<Report> {
  const prepared = loadPrepared(path)
  const lock = await acquireLock(join(options.stateDir, 'lock'))
  try {
    const now = () => performance.timeOrigin + performance.now()
    const startedAt = now()
    const memory = createMemoryStore(options.stateDir)
    const convergence = await converge(prepared, {
      host: hostFor(options),
      memory,
      noop,
      now,
      signal,
      ...(onEvent === undefined ? {} : { onEvent }),
      ...picked(selection),
    })
    const { catalog, catalogHash } = prepared
    const { host, revision } = catalog
    const facts = {
      id: randomUUID(),
      host,
      revision,
      catalogHash,
      trigger: 'manual',
      cached: false,
      noop,
      selection,
    } as const
    return makeReport({ ...facts, startedAt, finishedAt: now() }, convergence)
  } finally {
    lock.release()
  }
}

/** What applyCatalog() would do now. Writes nothing. */
export function planCatalog(path: string, options: LocalOptions, selection?: Selection): Promise<Plan> {
  const memory = createMemoryStore(options.stateDir)
  return planNow(loadPrepared(path), { host: hostFor(options), memory, ...picked(selection) })
}

function picked(selection: Selection | undefined) {
  return selection === undefined ? {} : { selection }
}

function loadPrepared(path: string): Prepared {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new RekindleError({ code: 'catalog-invalid', message: `Cannot read catalog "${path}"`, cause })
  }
  const catalog = validate('protocol/catalog', value, `catalog "${path}"`, 'catalog-invalid')
  return prepare(catalog, hashOf(catalog), { registry: resourceTypes })
}

function hostFor({ stateDir, blobsDir }: LocalOptions): Host {
  return createHost({ stateDir, ...(blobsDir === undefined ? {} : { blobDir: blobsDir }) })
}
