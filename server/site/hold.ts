/** Holds back catalogs that leave out too much of the ones before, until a person signs that off. */
import { RekindleError } from '../../schemas/errors.ts'
import type { Catalog } from '../../schemas/generated/types.ts'
import type { Context } from '../context.ts'
import { appendAudit } from '../store/audit.ts'
import { findOwnEnvelope } from '../store/catalog.ts'
import {
  approveChange,
  findHeldChange,
  type HeldChange,
  holdChange,
  isApproved,
  releaseChange,
} from '../store/held-change.ts'
import { transact } from '../store/statement.ts'
import { type Drop, findDrop } from './drop.ts'

interface Successor {
  /** Of the host's life that asks. */
  readonly incarnation: number
  readonly catalog: Catalog
  /** What its pool allows to be left out. */
  readonly maxDropPercent: number
}

/**
 * Lets a new catalog pass, or notes that it waits. A life's first catalog leaves nothing out.
 *
 * @throws RekindleError `change-held`
 */
export function holdBack(context: Context, successor: Successor): void {
  const { incarnation, catalog, maxDropPercent } = successor
  const before = catalogOf(findOwnEnvelope(context.db, incarnation))
  const drop = before && findDrop(before, catalog, maxDropPercent)
  if (drop === undefined) {
    releaseChange(context.db, incarnation)
  } else if (!isApproved(context.db, incarnation, drop)) {
    const what = `it leaves out ${drop.dropped.length} of ${drop.resources} resources, more than ${maxDropPercent} %`
    noteHeld(context, successor, { drop, what })
    throw refusal(catalog.host, { drop, what })
  }
}

interface Why {
  readonly drop: Drop
  readonly what: string
}

function noteHeld(context: Context, { incarnation, catalog }: Successor, { drop, what }: Why): void {
  const { host, revision } = catalog
  const { db } = context
  const isNew = transact(db, () => {
    const isHeld = holdChange(db, incarnation, { ...drop, revision }, context.now())
    const audit = { actor: 'server', action: 'change.held', target: `host:${host}`, revision, detail: what }
    if (isHeld) appendAudit(db, audit, context.now())
    return isHeld
  })
  if (!isNew) return
  context.log.warn({ host, revision, what }, 'change.held')
  context.live.emit({ type: 'audit' })
  context.live.emit({ type: 'host', host })
}

function refusal(host: string, { drop: { dropped }, what }: Why): RekindleError {
  return new RekindleError({
    code: 'change-held',
    message: `Cannot hand out the new catalog of host "${host}": ${what}`,
    found: `${dropped.slice(0, 3).join(', ')}${dropped.length > 3 ? ', …' : ''}`,
    kept: 'the last good catalog',
    hint: `If that is meant, sign it off on the page of the host, or with: rekindle approve ${host}`,
  })
}

function catalogOf(envelope: string | undefined): Catalog | undefined {
  if (envelope === undefined) return undefined
  // The server sealed it itself.
  const { payload } = JSON.parse(envelope) as { readonly payload: string }
  return JSON.parse(payload) as Catalog
}

/**
 * Signs off what is held for a host's life in service; the host gets it with its next request.
 *
 * @param evidence the one that the person looked at; absent, whatever is held now
 * @throws RekindleError `conflict` when that is not held, or not any more
 */
export function approve(
  { db, now }: Pick<Context, 'db' | 'now'>,
  host: string,
  { by, evidence }: { readonly by: string; readonly evidence?: string },
): HeldChange {
  const held = findHeldChange(db, host)
  if (held === undefined || held.approvedAt !== null) throw conflict(host, 'no change of its catalog waits')
  const isSame = evidence === undefined || evidence === held.evidence
  if (!isSame) throw conflict(host, 'another change waits by now', 'Look at it again')
  transact(db, () => {
    approveChange(db, held.incarnation, held.evidence, now())
    const detail = `${held.dropped.length} of ${held.resources} resources are left out`
    const { revision } = held
    appendAudit(db, { actor: by, action: 'change.approved', target: `host:${host}`, revision, detail }, now())
  })
  return held
}

function conflict(host: string, why: string, hint?: string): RekindleError {
  return new RekindleError({
    code: 'conflict',
    message: `Cannot approve the catalog of host "${host}": ${why}`,
    hint,
  })
}
