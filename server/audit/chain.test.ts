import { describe, expect, it } from 'vitest'
import { type AuditEntry, chainBegin, chainStart, entryHash, followChain } from './chain.ts'

function log(length: number): AuditEntry[] {
  const entries: AuditEntry[] = []
  for (let seq = 1; seq <= length; seq += 1) {
    const facts = {
      seq,
      at: seq * 1000,
      actor: 'user:admin',
      action: 'x.y',
      target: 't',
      detail: null,
      revision: null,
    }
    entries.push({ ...facts, hash: entryHash(entries.at(-1)?.hash ?? chainStart, facts) })
  }
  return entries
}

/** The log with one entry changed. */
function changed(entries: readonly AuditEntry[], seq: number, fields: Partial<AuditEntry>): AuditEntry[] {
  return entries.map((entry) => (entry.seq === seq ? { ...entry, ...fields } : entry))
}

describe('followChain()', () => {
  it('finds a log intact that nobody touched, in one piece and in several', () => {
    const entries = log(5)
    const whole = followChain(chainBegin, entries)
    expect(whole).toEqual({ hash: entries[4]?.hash, length: 5, brokenAt: null })
    expect(followChain(followChain(chainBegin, entries.slice(0, 2)), entries.slice(2))).toEqual(whole)
  })

  it.each<[string, Partial<AuditEntry>]>([
    ['time', { at: 1 }],
    ['actor', { actor: 'user:mallory' }],
    ['action', { action: 'x.z' }],
    ['target', { target: 'other' }],
    ['detail', { detail: '' }],
    ['revision', { revision: 'r' }],
    ['hash', { hash: chainStart }],
  ])('finds the entry whose %s was changed', (_field, fields) => {
    expect(followChain(chainBegin, changed(log(5), 3, fields)).brokenAt).toBe(3)
  })

  it('finds a removed entry, and one whose hash was made to fit afterwards', () => {
    const entries = log(5)
    expect(followChain(chainBegin, entries.toSpliced(1, 1)).brokenAt).toBe(3)
    const forged = { ...entries[2], actor: 'user:mallory' } as AuditEntry
    const hash = entryHash(entries[1]?.hash ?? '', forged)
    expect(followChain(chainBegin, changed(entries, 3, { ...forged, hash })).brokenAt).toBe(4)
  })
})
