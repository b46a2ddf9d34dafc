import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sha256 } from '../../schemas/hash.ts'
import { checkToken, mintToken } from '../ca/token.ts'
import { appendAudit, auditAfter } from './audit.ts'
import { findOwnBlob, pruneCatalogs, saveCatalog } from './catalog.ts'
import { findHolder, markFirstUse, saveCertificate } from './certificate.ts'
import { type Db, openDatabase } from './db.ts'
import { deleteHost, ensureHost, findHost, findHostSummary } from './host.ts'
import {
  attributesOf,
  createIncarnation,
  currentIncarnation,
  findIncarnation,
  knownOfHost,
  retireIncarnation,
  saveAttributes,
  saveFacts,
  saveHandedCatalog,
  takeOver,
} from './incarnation.ts'
import { findPackages, packagesHashOf, prunePackages, savePackages } from './packages.ts'
import { hashPassword, isPassword } from './password.ts'
import { transact } from './statement.ts'
import { useToken } from './token.ts'

let db: Db

beforeEach(() => {
  db = openDatabase(':memory:')
  ensureHost(db, { name: 'web-1', managed: true }, 1)
})
afterEach(() => db.close())

const certificate = (name: string) => ({
  fingerprint: `fingerprint-${name}`,
  serial: name,
  publicKey: `key-${name}`,
  issuedAt: 10,
  expiresAt: 1000,
})

describe('incarnations', () => {
  it('tell what rules ask of a host: of the life in service, and facts of an earlier one when it has none', () => {
    expect(knownOfHost(db, 'web-1')).toEqual({ attributes: {}, facts: undefined })
    const first = createIncarnation(db, 'web-1', 2)
    saveAttributes(db, first.id, { tier: 'gold' })
    saveFacts(db, first.id, '{"life":1}', 3)
    expect(knownOfHost(db, 'web-1')).toEqual({ attributes: { tier: 'gold' }, facts: { life: 1 } })
    takeOver(db, first.id, 4)
    const second = createIncarnation(db, 'web-1', 5)
    saveAttributes(db, second.id, { tier: 'tin' })
    saveFacts(db, second.id, '{"life":2}', 6)
    expect(knownOfHost(db, 'web-1')).toEqual({ attributes: { tier: 'gold' }, facts: { life: 1 } })
    takeOver(db, second.id, 7)
    const third = createIncarnation(db, 'web-1', 8)
    takeOver(db, third.id, 9)
    expect(knownOfHost(db, 'web-1')).toEqual({ attributes: { tier: 'tin' }, facts: { life: 2 } })
  })

  it('are numbered by host, and named after it', () => {
    ensureHost(db, { name: 'db-1', managed: true }, 1)
    const made = [
      createIncarnation(db, 'web-1', 2),
      createIncarnation(db, 'web-1', 3),
      createIncarnation(db, 'db-1', 4),
    ]
    expect(made.map(({ machine, state }) => [machine, state])).toEqual([
      ['web-1-1', 'candidate'],
      ['web-1-2', 'candidate'],
      ['db-1-1', 'candidate'],
    ])
  })

  it('have the attributes of the one before, until they are given others', () => {
    const first = createIncarnation(db, 'web-1', 2)
    saveAttributes(db, first.id, { rack: 'b4' })
    const second = createIncarnation(db, 'web-1', 3)
    expect(attributesOf(db, second.id)).toEqual({ rack: 'b4' })
    saveAttributes(db, second.id, {})
    expect([attributesOf(db, first.id), attributesOf(db, second.id)]).toEqual([{ rack: 'b4' }, {}])
  })

  it('share packages, which go with the last that has them', () => {
    const [first, second] = [createIncarnation(db, 'web-1', 2), createIncarnation(db, 'web-1', 3)]
    expect(savePackages(db, first.id, { hash: 'h1' })).toBe(false)
    expect(savePackages(db, first.id, { hash: 'h1', versions: { nginx: '1' } })).toBe(true)
    expect(savePackages(db, second.id, { hash: 'h1' })).toBe(true)
    expect(findPackages(db, second.id)).toEqual({ hash: 'h1', versions: '{"nginx":"1"}' })
    savePackages(db, first.id, { hash: 'h2', versions: {} })
    expect([prunePackages(db), packagesHashOf(db, second.id)]).toEqual([0, 'h1'])
    retireIncarnation(db, second.id, 4)
    expect([prunePackages(db), findPackages(db, second.id), findPackages(db, first.id)?.hash]).toEqual([
      1,
      undefined,
      'h2',
    ])
  })

  it('take the name over from the one that had it, which is revoked and gone at once', () => {
    const [first, second] = [createIncarnation(db, 'web-1', 2), createIncarnation(db, 'web-1', 3)]
    expect(takeOver(db, first.id, 4)).toBeUndefined()
    expect(takeOver(db, second.id, 5)).toBe(first.id)
    expect(findIncarnation(db, first.id)).toMatchObject({ state: 'gone', revokedAt: 5 })
    expect(currentIncarnation(db, 'web-1')?.id).toBe(second.id)
    expect(takeOver(db, second.id, 6)).toBeUndefined()
    expect(findIncarnation(db, second.id)).toMatchObject({ state: 'current', revokedAt: null })
  })

  it('store facts only when they differ', () => {
    const { id } = createIncarnation(db, 'web-1', 2)
    expect([saveFacts(db, id, '{}', 3), saveFacts(db, id, '{}', 4), saveFacts(db, id, '{"a":1}', 5)]).toEqual(
      [true, false, true],
    )
  })

  it('go with their host, and so does everything of them but the audit log', () => {
    const { id } = createIncarnation(db, 'web-1', 2)
    takeOver(db, id, 3)
    saveCertificate(db, id, certificate('a'))
    appendAudit(db, { actor: 'server', action: 'x.y', target: 'host:web-1' }, 4)
    expect(deleteHost(db, 'web-1')).toBe(true)
    expect(findHost(db, 'web-1')).toBeUndefined()
    expect(findHolder(db, 'fingerprint-a')).toBeUndefined()
    expect(auditAfter(db, 0, 10)).toHaveLength(1)
  })
})

describe('certificates', () => {
  it('end when a newer one is first used, and not before', () => {
    const { id } = createIncarnation(db, 'web-1', 2)
    saveCertificate(db, id, certificate('old'))
    saveCertificate(db, id, certificate('new'))
    expect(findHolder(db, 'fingerprint-old')?.supersededAt).toBeNull()
    markFirstUse(db, 'fingerprint-old', 20)
    expect(findHolder(db, 'fingerprint-new')?.supersededAt).toBeNull()
    markFirstUse(db, 'fingerprint-new', 30)
    expect(findHolder(db, 'fingerprint-old')?.supersededAt).toBe(30)
    expect(findIncarnation(db, id)).toMatchObject({ serial: 'new', enrolledAt: 10 })
  })
})

describe('tokens', () => {
  const mint = (incarnation: number, now: number) =>
    mintToken(db, { incarnation, kind: 'join', ttlMs: 100 }, now, randomBytes).token
  const check = (token: string, now: number) => checkToken(db, token, now, () => false)

  it('are nowhere in the database as they are', () => {
    const token = mint(createIncarnation(db, 'web-1', 2).id, 0)
    const [row] = db.prepare('SELECT * FROM token').all()
    expect(JSON.stringify(row)).not.toContain(token)
    expect(JSON.stringify(row)).toContain(sha256(token))
  })

  it('hold until they expire, and for one use', () => {
    const token = mint(createIncarnation(db, 'web-1', 2).id, 0)
    expect(check(token, 99).host).toBe('web-1')
    expect(() => check(token, 100)).toThrow(expect.objectContaining({ code: 'token-expired' }))
    expect([useToken(db, sha256(token), 50), useToken(db, sha256(token), 51)]).toEqual([true, false])
    expect(() => check(token, 60)).toThrow(expect.objectContaining({ code: 'token-used' }))
  })

  it('are void when a newer one was made, or their incarnation is gone', () => {
    const { id } = createIncarnation(db, 'web-1', 2)
    const old = mint(id, 0)
    const token = mint(id, 1)
    expect(() => check(old, 2)).toThrow(expect.objectContaining({ code: 'token-invalid' }))
    takeOver(db, id, 3)
    takeOver(db, createIncarnation(db, 'web-1', 4).id, 5)
    expect(() => check(token, 6)).toThrow(/is gone/)
  })
})

describe('catalogs', () => {
  const bytes = Buffer.from('hello')
  const blob = sha256(bytes)
  const catalog = (hash: string) => ({ hash, host: 'web-1', revision: 'r', envelope: '{}' })

  it('give their blobs to the incarnation that was handed them, and to no other', () => {
    const [mine, other] = [createIncarnation(db, 'web-1', 2), createIncarnation(db, 'web-1', 3)]
    saveCatalog(db, catalog('c1'), new Map([[blob, bytes]]), 4)
    saveHandedCatalog(db, mine.id, { hash: 'c1', role: 'web', revision: 'r', environment: '' })
    expect(findOwnBlob(db, mine.id, blob)).toEqual(bytes)
    expect(findOwnBlob(db, other.id, blob)).toBeUndefined()
  })

  it('are pruned with their blobs, but for those that a living host was handed last', () => {
    const { id } = createIncarnation(db, 'web-1', 2)
    const lost = Buffer.from('lost')
    saveCatalog(
      db,
      catalog('old'),
      new Map([
        [blob, bytes],
        [sha256(lost), lost],
      ]),
      4,
    )
    saveCatalog(db, catalog('kept'), new Map([[blob, bytes]]), 5)
    saveHandedCatalog(db, id, { hash: 'kept', role: 'web', revision: 'r', environment: '' })
    expect(pruneCatalogs(db, 100)).toEqual({ catalogs: 1, blobs: 1 })
    expect(findOwnBlob(db, id, blob)).toEqual(bytes)
  })
})

it('transact() undoes everything when it fails in the middle, and nests', () => {
  const fail = () =>
    transact(db, () => {
      ensureHost(db, { name: 'web-2', managed: true }, 1)
      transact(db, () => ensureHost(db, { name: 'web-3', managed: true }, 1))
      throw new Error('power cut')
    })
  expect(fail).toThrow('power cut')
  expect([findHost(db, 'web-2'), findHost(db, 'web-3')]).toEqual([undefined, undefined])
})

it('findHostSummary() shows the newest candidate until one is in service', () => {
  createIncarnation(db, 'web-1', 2)
  const second = createIncarnation(db, 'web-1', 3)
  expect(findHostSummary(db, 'web-1')).toMatchObject({ incarnation: 2, rebuild: null, reportStatus: null })
  takeOver(db, second.id, 4)
  createIncarnation(db, 'web-1', 5)
  expect(findHostSummary(db, 'web-1')?.incarnation).toBe(2)
})

it('isPassword() knows the password it was made from, in any Unicode form, and no other', async () => {
  const stored = await hashPassword('pass caf\u00e9', Buffer.alloc(16, 7))
  expect(stored).not.toContain('pass')
  expect(await isPassword('pass cafe\u0301', stored)).toBe(true)
  expect(await isPassword('pass cafe', stored)).toBe(false)
  expect(await isPassword('', 'plain')).toBe(false)
})
