/** The audit log's hash chain: each entry's hash covers its own fields and the hash before it. Pure. */
import { canonical } from '../../schemas/canonical.ts'
import { sha256 } from '../../schemas/hash.ts'

/** What is hashed. `at` in milliseconds since the epoch. */
export interface AuditFacts {
  readonly seq: number
  readonly at: number
  readonly actor: string
  readonly action: string
  readonly target: string
  readonly detail: string | null
  readonly revision: string | null
}

export interface AuditEntry extends AuditFacts {
  readonly hash: string
}

/** The hash before the first entry. */
export const chainStart = '0'.repeat(64)

/** @example entryHash(chainStart, { seq: 1, at: 0, actor: 'server', ... }) // 64 hexadecimal characters */
export function entryHash(previousHash: string, facts: AuditFacts): string {
  const { seq, at, actor, action, target, detail, revision } = facts
  return sha256(previousHash + canonical({ seq, at, actor, action, target, detail, revision }))
}

/** How far a chain was followed: the last good hash and the next `seq`; `brokenAt` is the first entry that does not fit. */
export interface ChainState {
  readonly hash: string
  readonly length: number
  readonly brokenAt: number | null
}

export const chainBegin: ChainState = { hash: chainStart, length: 0, brokenAt: null }

/** Follows the chain over more entries, in order of `seq`. A gap counts as broken: the log numbers from 1 without holes. */
export function followChain(state: ChainState, entries: Iterable<AuditEntry>): ChainState {
  let { hash, length, brokenAt } = state
  for (const entry of entries) {
    length += 1
    if (brokenAt === null && (entry.seq !== length || entryHash(hash, entry) !== entry.hash)) {
      brokenAt = entry.seq
    }
    hash = entry.hash
  }
  return { hash, length, brokenAt }
}
