import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RekindleError } from '../../schemas/errors.ts'
import type { Report } from '../../schemas/generated/types.ts'
import { createSpool } from './spool.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-spool-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const report = (id: string, revision = 'r'): Report => ({
  version: 1,
  id,
  host: 'h',
  trigger: 'poll',
  startedAt: '',
  finishedAt: '',
  cached: false,
  noop: false,
  status: 'in-sync',
  counts: { total: 0, inSync: 0, changed: 0, drifted: 0, failed: 0, skipped: 0, refreshed: 0 },
  revision,
  resources: [],
})
const idIn = (text: string): string => (JSON.parse(text) as Report).id

describe('createSpool()', () => {
  it('sends the oldest first, across restarts of the agent, and forgets what was acknowledged', async () => {
    createSpool(dir).add(report('a'))
    const spool = createSpool(dir)
    spool.add(report('b'))
    const sent: string[] = []
    const send = async (text: string) => void sent.push(idIn(text))
    expect(await spool.drain(send)).toEqual({ sent: 2, left: 0 })
    expect(sent).toEqual(['a', 'b'])
    expect(await spool.drain(send)).toEqual({ sent: 0, left: 0 })
  })

  it('keeps everything and stops while the server cannot be reached', async () => {
    const spool = createSpool(dir)
    for (const id of ['a', 'b']) spool.add(report(id))
    let tries = 0
    const away = new RekindleError({ code: 'server-unreachable', message: 'away' })
    const drained = await spool.drain(() => {
      tries++
      return Promise.reject(away)
    })
    expect(drained).toEqual({ sent: 0, left: 2, error: away })
    expect(tries).toBe(1)
  })

  it('keeps a report that the server refuses without holding up the others', async () => {
    const spool = createSpool(dir)
    for (const id of ['a', 'b']) spool.add(report(id))
    const refused = new RekindleError({ code: 'bad-request', message: 'no' })
    const drained = await spool.drain((text) =>
      idIn(text) === 'a' ? Promise.reject(refused) : Promise.resolve(),
    )
    expect(drained).toEqual({ sent: 1, left: 1, error: refused })
  })

  it('drops the oldest past its bounds, and counts them across restarts', async () => {
    const spool = createSpool(dir, { maxCount: 2 })
    for (const id of ['a', 'b', 'c', 'd']) spool.add(report(id))
    expect(spool.size()).toBe(2)
    expect(createSpool(dir, { maxCount: 2 }).dropped()).toBe(2)
    const sent: string[] = []
    await spool.drain(async (text) => void sent.push(idIn(text)))
    expect(sent).toEqual(['c', 'd'])
  })

  it('is bounded in bytes too, and always keeps the newest', () => {
    const spool = createSpool(dir, { maxBytes: 100 })
    spool.add(report('a', 'x'.repeat(500)))
    spool.add(report('b', 'x'.repeat(500)))
    expect(spool.size()).toBe(1)
  })

  it('sends once when it is drained twice at the same time', async () => {
    const spool = createSpool(dir)
    spool.add(report('a'))
    let sends = 0
    const send = async () => void sends++
    await Promise.all([spool.drain(send), spool.drain(send)])
    expect(sends).toBe(1)
  })

  it('removes what a crash in the middle of a write left', () => {
    writeFileSync(join(dir, '000000000007-x.json.123.new'), '{"half":')
    const spool = createSpool(dir)
    expect(spool.size()).toBe(0)
    expect(readdirSync(dir)).toEqual([])
  })
})
