/** Incarnations: the lives of a host, each with its own certificate, facts, catalog and reports. */
import { canonical } from '../../schemas/canonical.ts'
import { RekindleError } from '../../schemas/errors.ts'
import type { KnownOfHost } from '../../schemas/host-rule.ts'
import type { Attributes } from '../../schemas/trusted.ts'
import { findClassification } from './classification.ts'
import type { Db } from './db.ts'
import { allRows, change, getRow, transact } from './statement.ts'

/** Times in milliseconds since the epoch. */
export interface Incarnation {
  readonly id: number
  readonly host: string
  /** From 1, without holes in the order in which they were made. */
  readonly number: number
  /** The driver's name for it, `<host>-<number>`. */
  readonly machine: string
  readonly state: 'candidate' | 'current' | 'gone'
  readonly createdAt: number
  /** Empty until it was seen. */
  readonly address: string
  readonly serial: string | null
  readonly fingerprint: string | null
  readonly enrolledAt: number | null
  readonly revokedAt: number | null
  /** Canonical JSON of `protocol/facts`. */
  readonly facts: string | null
  readonly catalogHash: string | null
  readonly catalogRole: string | null
  readonly catalogRevision: string | null
  readonly reportId: string | null
  readonly reportAt: number | null
  readonly convergedAt: number | null
  readonly provedAt: number | null
  readonly provedRevision: string | null
}

const columns = `id, host, number, machine, state, created_at AS createdAt, address, serial, fingerprint,
  enrolled_at AS enrolledAt, revoked_at AS revokedAt, facts, catalog_hash AS catalogHash,
  catalog_role AS catalogRole, catalog_revision AS catalogRevision, report_id AS reportId, report_at AS reportAt,
  converged_at AS convergedAt, proved_at AS provedAt, proved_revision AS provedRevision`

/** Attributes of an incarnation: the classifier's go before its own. */
const merged = `json_patch(incarnation.attributes, coalesce(
    (SELECT classification.attributes FROM classification WHERE classification.host = incarnation.host), '{}'))`

/** Makes the host's next incarnation, a candidate with the attributes of the one before it. */
export function createIncarnation(db: Db, host: string, now: number): Incarnation {
  return transact(db, () => {
    const next = getRow<{ number: number }>(
      db,
      'SELECT coalesce(max(number), 0) + 1 AS number FROM incarnation WHERE host = ?',
      host,
    )
    const number = next?.number ?? 1
    const made = getRow<Incarnation>(
      db,
      `INSERT INTO incarnation (host, number, machine, state, created_at, attributes) VALUES (?, ?, ?, 'candidate', ?,
         coalesce((SELECT attributes FROM incarnation WHERE host = ? ORDER BY number DESC LIMIT 1), '{}'))
       RETURNING ${columns}`,
      host,
      number,
      `${host}-${number}`,
      now,
      host,
    )
    if (made === undefined) {
      throw new RekindleError({ code: 'internal', message: `Cannot make an incarnation of host "${host}"` })
    }
    return made
  })
}

export function findIncarnation(db: Db, id: number): Incarnation | undefined {
  return getRow(db, `SELECT ${columns} FROM incarnation WHERE id = ?`, id)
}

export function findIncarnationByMachine(db: Db, machine: string): Incarnation | undefined {
  return getRow(db, `SELECT ${columns} FROM incarnation WHERE machine = ?`, machine)
}

/** The incarnation in service, or undefined. */
export function currentIncarnation(db: Db, host: string): Incarnation | undefined {
  return getRow(
    db,
    `SELECT ${columns} FROM incarnation WHERE id = (SELECT current FROM host WHERE name = ?)`,
    host,
  )
}

/** What a compile is told of a host. */
export interface ToldFacts {
  readonly host: string
  /** Null where no incarnation is in service. */
  readonly number: number | null
  /** Canonical JSON of `protocol/facts`; null until it was sent. */
  readonly facts: string | null
  readonly attributes: string | null
  readonly packagesHash: string | null
}

/** Of all hosts, by name: what the incarnations in service told last. */
export function listToldFacts(db: Db): readonly ToldFacts[] {
  return allRows(
    db,
    `SELECT host.name AS host, incarnation.number, facts, ${merged} AS attributes, packages_hash AS packagesHash
     FROM host LEFT JOIN incarnation ON incarnation.id = host.current ORDER BY host.name`,
  )
}

/** Newest first. */
export function listIncarnations(db: Db, host: string, limit: number): readonly Incarnation[] {
  return allRows(
    db,
    `SELECT ${columns} FROM incarnation WHERE host = ? ORDER BY number DESC LIMIT ?`,
    host,
    limit,
  )
}

/** Stores facts (canonical JSON) when they differ from the stored ones. */
export function saveFacts(db: Db, id: number, facts: string, now: number): boolean {
  return (
    change(
      db,
      'UPDATE incarnation SET facts = ?, facts_at = ? WHERE id = ? AND facts IS NOT ?',
      facts,
      now,
      id,
      facts,
    ) > 0
  )
}

/** Of a join token. */
export function saveAttributes(db: Db, id: number, attributes: Attributes): void {
  change(db, 'UPDATE incarnation SET attributes = ? WHERE id = ?', canonical(attributes), id)
}

/** What rules ask of a host: its attributes, and the facts that it sent last, be it in an earlier life. */
export function knownOfHost(db: Db, host: string): KnownOfHost {
  const current = '(SELECT current FROM host WHERE name = ?)'
  const row = getRow<{ attributes: string; facts: string | null }>(
    db,
    `SELECT ${merged} AS attributes, (SELECT facts FROM incarnation WHERE host = ? AND facts IS NOT NULL
       ORDER BY id IS ${current} DESC, number DESC LIMIT 1) AS facts
     FROM incarnation WHERE host = ? ORDER BY id IS ${current} DESC, number DESC LIMIT 1`,
    ...[host, host, host, host],
  )
  // Written by saveAttributes() and saveFacts() alone.
  return {
    // A host that is about to be made has no life yet.
    attributes:
      row === undefined ? (findClassification(db, host) ?? {}) : (JSON.parse(row.attributes) as Attributes),
    facts: row?.facts == null ? undefined : (JSON.parse(row.facts) as unknown),
  }
}

/** What its join token carried, and before that what the classifier says. */
export function attributesOf(db: Db, id: number): Attributes {
  const row = getRow<{ attributes: string }>(
    db,
    `SELECT ${merged} AS attributes FROM incarnation WHERE id = ?`,
    id,
  )
  // Both are written by this server alone.
  return JSON.parse(row?.attributes ?? '{}') as Attributes
}

/** What its join token, or that of an earlier life, carried. */
export function carriedAttributes(db: Db, id: number): Attributes {
  const row = getRow<{ attributes: string }>(db, 'SELECT attributes FROM incarnation WHERE id = ?', id)
  // Written by saveAttributes() alone.
  return JSON.parse(row?.attributes ?? '{}') as Attributes
}

export function saveAddress(db: Db, id: number, address: string): boolean {
  return (
    change(db, 'UPDATE incarnation SET address = ? WHERE id = ? AND address <> ?', address, id, address) > 0
  )
}

/** Remembers the catalog that was handed to it. */
export function saveHandedCatalog(
  db: Db,
  id: number,
  catalog: { hash: string; role: string; revision: string; environment: string },
): void {
  change(
    db,
    `UPDATE incarnation SET catalog_hash = ?, catalog_role = ?, catalog_revision = ?, catalog_environment = ?
     WHERE id = ?`,
    catalog.hash,
    catalog.role,
    catalog.revision,
    catalog.environment,
    id,
  )
}

/** Takes its certificates' power; it keeps its state. A second time changes nothing. */
export function revokeIncarnation(db: Db, id: number, now: number): boolean {
  return change(db, 'UPDATE incarnation SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL', now, id) > 0
}

/** Ends a life: revoked, gone, and no longer the host's current one. */
export function retireIncarnation(db: Db, id: number, now: number): void {
  transact(db, () => {
    revokeIncarnation(db, id, now)
    change(db, "UPDATE incarnation SET state = 'gone' WHERE id = ?", id)
    change(db, 'UPDATE host SET current = NULL WHERE current = ?', id)
  })
}

/**
 * Gives the host's name to this incarnation; the one that had it is revoked and gone in the same transaction.
 *
 * @returns the id of the retired one, whose connection the caller closes; undefined when there was none.
 */
export function takeOver(db: Db, id: number, now: number): number | undefined {
  return transact(db, () => {
    const row = getRow<{ host: string; current: number | null }>(
      db,
      'SELECT host.name AS host, host.current FROM incarnation JOIN host ON host.name = incarnation.host WHERE incarnation.id = ?',
      id,
    )
    if (row === undefined)
      throw new RekindleError({ code: 'not-found', message: `Cannot find incarnation ${id}` })
    const old = row.current === null || row.current === id ? undefined : row.current
    if (old !== undefined) retireIncarnation(db, old, now)
    change(db, "UPDATE incarnation SET state = 'current' WHERE id = ?", id)
    change(db, 'UPDATE host SET current = ? WHERE name = ?', id, row.host)
    return old
  })
}

/** A prove run changed nothing and the health checks passed. */
export function saveProof(db: Db, id: number, revision: string, now: number): void {
  change(db, 'UPDATE incarnation SET proved_at = ?, proved_revision = ? WHERE id = ?', now, revision, id)
}
