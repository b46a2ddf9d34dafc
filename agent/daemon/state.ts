/** What the agent keeps in its state folder between runs. Every file is whole or as it was before. */
import { createPublicKey } from 'node:crypto'
import { readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { open, verifySealed } from '../../schemas/envelope.ts'
import { hasCode, RekindleError } from '../../schemas/errors.ts'
import type { Catalog, Envelope } from '../../schemas/generated/types.ts'
import { parseResourceId, renderResourceId } from '../../schemas/resource-id.ts'
import { validate } from '../../schemas/validate.ts'
import { emptyMemory, type Memory, type MemoryStore } from '../engine/memory.ts'
import type { FactMemory } from '../facts/collect.ts'
import type { Identity } from '../link/identity.ts'
import { saveDurably } from '../spool/durable-file.ts'

/** `state.json`: what the engine remembers. One that is broken counts as empty: memory is a witness, not the truth. */
export function createMemoryStore(stateDir: string): MemoryStore {
  const path = join(stateDir, 'state.json')
  const cache = rememberFile(path, loadMemory)
  return {
    load: cache.load,
    save(memory) {
      saveDurably(path, renderMemory(memory))
      cache.put(memory)
    },
  }
}

/** `facts.json`: the last good values of the site's own facts. One that is broken counts as empty. */
export function createFactMemory(stateDir: string): FactMemory {
  const path = join(stateDir, 'facts.json')
  return {
    load() {
      const value = readJson(path)
      return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
    },
    save: (values) => saveDurably(path, JSON.stringify(values)),
  }
}

/** A catalog that was signed by this host's server for this host. */
export interface VerifiedCatalog {
  readonly catalog: Catalog
  readonly hash: string
  /** Values of its secrets, still encrypted (compact JWE); absent when it has none. */
  readonly sealed?: string
}

export interface CatalogStore {
  /** The last good catalog; undefined when there is none, or it does not verify any more. */
  load(): VerifiedCatalog | undefined
  /** @throws RekindleError `signature-invalid` or `catalog-invalid` */
  verify(envelope: Envelope): VerifiedCatalog
  /** Makes a verified envelope the last good one. */
  save(envelope: Envelope): void
}

/** `catalog.json`: the last good catalog as it was signed, and verified again whenever it is loaded. */
export function createCatalogStore(
  stateDir: string,
  identity: Pick<Identity, 'host' | 'catalogKey'>,
): CatalogStore {
  const path = join(stateDir, 'catalog.json')
  const key = createPublicKey(identity.catalogKey)
  const verify = (envelope: Envelope): VerifiedCatalog => {
    const catalog = open(envelope, key, identity.host)
    const sealed = verifySealed(envelope, key)
    return { catalog, hash: envelope.hash, ...(sealed === undefined ? {} : { sealed }) }
  }
  const cache = rememberFile(path, () => loadCatalog(path, verify))
  return {
    load: cache.load,
    verify,
    save(envelope) {
      const verified = verify(envelope)
      saveDurably(path, JSON.stringify(envelope))
      cache.put(verified)
    },
  }
}

/** `identity/identity.json`: one file, so that key and certificate always belong together. */
export function loadIdentity(stateDir: string): Identity | undefined {
  const value = readJson(identityPath(stateDir))
  return isIdentity(value) ? value : undefined
}

export function saveIdentity(stateDir: string, identity: Identity): void {
  saveDurably(identityPath(stateDir), JSON.stringify(identity))
}

/** Why runs are disabled on this host, and since when (ISO 8601); undefined when they are not. */
export function loadDisabled(
  stateDir: string,
): { readonly reason: string; readonly since: string } | undefined {
  const value = readJson(join(stateDir, 'disabled.json'))
  if (typeof value !== 'object' || value === null) return undefined
  const reason = 'reason' in value ? String(value.reason) : ''
  return { reason, since: 'since' in value ? String(value.since) : '' }
}

export function saveDisabled(stateDir: string, reason: string, since: Date): void {
  saveDurably(join(stateDir, 'disabled.json'), JSON.stringify({ reason, since: since.toISOString() }))
}

export function removeDisabled(stateDir: string): void {
  rmSync(join(stateDir, 'disabled.json'), { force: true })
}

/** @throws RekindleError `run-disabled` with the reason that was given */
export function assertEnabled(stateDir: string): void {
  const disabled = loadDisabled(stateDir)
  if (disabled === undefined) return
  throw new RekindleError({
    code: 'run-disabled',
    message: `Cannot run: disabled since ${disabled.since}: ${disabled.reason}`,
    kept: 'everything; nothing was changed',
    hint: 'rekindle agent enable',
  })
}

/** What a file was parsed to, until another process (`rekindle agent --once` beside the daemon) has replaced the file. */
function rememberFile<T>(path: string, load: (path: string) => T): { load(): T; put(value: T): void } {
  let known: { readonly stamp: string; readonly value: T } | undefined
  return {
    load() {
      const stamp = stampOf(path)
      if (known?.stamp !== stamp) known = { stamp, value: load(path) }
      return known.value
    },
    put(value) {
      known = { stamp: stampOf(path), value }
    },
  }
}

/** Atomic replacement gives a file a new inode and ctime. */
function stampOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? '' : `${stat.ino}:${stat.ctimeNs}:${stat.size}`
}

function identityPath(stateDir: string): string {
  return join(stateDir, 'identity', 'identity.json')
}

function isIdentity(value: unknown): value is Identity {
  if (typeof value !== 'object' || value === null) return false
  const texts = ['host', 'key', 'certificate', 'ca', 'catalogKey']
  return texts.every((name) => typeof Reflect.get(value, name) === 'string') && 'incarnation' in value
}

function loadCatalog(path: string, verify: CatalogStore['verify']): VerifiedCatalog | undefined {
  const value = readJson(path)
  if (value === undefined) return undefined
  try {
    return verify(validate('protocol/envelope', value, `"${path}"`))
  } catch {
    // Made for an older incarnation, or tampered with: it counts for nothing, and the server gives a new one.
    return undefined
  }
}

function renderMemory(memory: Memory): string {
  return JSON.stringify({
    ...(memory.catalog === undefined ? {} : { catalog: memory.catalog }),
    converged: Object.fromEntries(memory.converged),
    attempted: [...memory.attempted],
    owed: Object.fromEntries(memory.owed),
    ...(memory.changedAt.size === 0 ? {} : { changedAt: Object.fromEntries(memory.changedAt) }),
  })
}

function loadMemory(path: string): Memory {
  const value = readJson(path)
  if (value === undefined) return emptyMemory
  try {
    return parseMemory(value)
  } catch {
    return emptyMemory
  }
}

/** @throws TypeError for a shape that renderMemory() never wrote */
function parseMemory(value: unknown): Memory {
  // The agent's own file, mode 0600: what does not fit throws below, and nothing else depends on it.
  const { catalog, converged, attempted, owed, changedAt = {} } = value as Record<string, unknown>
  const entries = (object: unknown) => Object.entries(object as object)
  return {
    ...(typeof catalog === 'string' ? { catalog } : {}),
    converged: new Map(entries(converged).map(([id, hash]) => [toId(id), String(hash)])),
    attempted: new Set((attempted as unknown[]).map(toId)),
    changedAt: new Map(entries(changedAt).map(([id, times]) => [toId(id), (times as unknown[]).map(Number)])),
    owed: new Map(entries(owed).map(([id, by]) => [toId(id), (by as unknown[]).map(toId)])),
  }
}

function toId(text: unknown) {
  const { type, title } = parseResourceId(String(text))
  return renderResourceId(type, title)
}

/** A file's JSON; undefined when it is not there or is no JSON (only another program can have broken it). */
function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}
