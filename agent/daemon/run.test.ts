import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { seal } from '../../schemas/envelope.ts'
import { RekindleError } from '../../schemas/errors.ts'
import type { Catalog, Envelope, Report } from '../../schemas/generated/types.ts'
import { sha256 } from '../../schemas/hash.ts'
import type { RunRequest } from './request.ts'
import { createRunner, type Runner } from './run.ts'
import { createCatalogStore, createMemoryStore } from './state.ts'
import { catalogOf, keys, sealed, type TestMachine, testMachine } from './testing/machine.ts'

const poll: RunRequest = { trigger: 'poll', noop: false }
const watch: RunRequest = { trigger: 'watch', noop: false }
const away = new RekindleError({ code: 'server-unreachable', message: 'Cannot fetch: the server is away' })

let dir = ''
let machine: TestMachine
let runner: Runner
let sent: Report[]
let known: (string | undefined)[]
let fetched: string[]
/** What the server answers; an error is thrown. */
let answer: Envelope | 'unchanged' | Error
let content: Record<string, string>

const answerOrThrow = <T>(value: T | Error): T => {
  if (value instanceof Error) throw value
  return value
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-run-'))
  machine = testMachine(dir)
  ;[sent, known, fetched, content] = [[], [], [], {}]
  answer = sealed(catalogOf({ '/a': '1' }))
  runner = newRunner()
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** What a restart of the agent gives: the same files, nothing in memory. */
function newRunner(): Runner {
  const memory = createMemoryStore(dir)
  const catalogs = createCatalogStore(dir, { host: 'web-1', catalogKey: keys.publicPem })
  return createRunner({
    ...machine.ports,
    memory,
    catalogs,
    client: {
      async fetchCatalog(_facts, hash) {
        known.push(hash)
        return answerOrThrow(answer)
      },
      async fetchBlob(name) {
        fetched.push(name)
        return Readable.from([Buffer.from(answerOrThrow<string>(content[name] ?? away))])
      },
      async sendReport(report) {
        if (answer === away) throw away
        sent.push(JSON.parse(report) as Report)
      },
    },
  })
}

describe('run()', () => {
  it('converges the server’s catalog, reports it, and asks next time with its hash', async () => {
    const { report } = await runner.run({ ...poll, trigger: 'push', runId: 'x' })
    expect(report).toMatchObject({
      status: 'changed',
      trigger: 'push',
      runId: 'x',
      cached: false,
      revision: 'r1',
    })
    expect(sent).toEqual([report])
    answer = 'unchanged'
    expect((await runner.run(poll)).report.status).toBe('in-sync')
    expect(known).toEqual([undefined, report.catalogHash])
    expect(sent).toHaveLength(2)
  })

  it('converges from the last good catalog while the server is away, also after a restart, and keeps the report', async () => {
    await runner.run(poll)
    machine.files.clear()
    answer = away
    runner = newRunner()
    const { report } = await runner.run(poll)
    expect(report).toMatchObject({ status: 'changed', cached: true, counts: { drifted: 1 } })
    expect(sent).toHaveLength(1)
    answer = 'unchanged'
    await runner.run(poll)
    expect(sent.map(({ cached }) => cached)).toEqual([false, true, false])
  })

  it('does not run from the disk when that is not wanted (A8)', async () => {
    await runner.run(poll)
    machine.files.clear()
    answer = away
    const { report } = await runner.run(poll, { allowCached: false })
    expect(report).toMatchObject({ status: 'failed', error: { code: 'server-unreachable' } })
    expect(machine.files.size).toBe(0)
  })

  it('fails when there is neither a server nor a catalog', async () => {
    answer = away
    expect((await runner.run(poll)).report).toMatchObject({
      status: 'failed',
      error: { code: 'catalog-unavailable' },
    })
  })

  it.each<[string, () => Envelope]>([
    ['of another server', () => seal(catalogOf({ '/a': 'evil' }), generateKeyPairSync('ed25519').privateKey)],
    ['for another host', () => sealed(catalogOf({ '/a': 'evil' }, { host: 'db-1' }))],
    [
      'with a bad parameter',
      () =>
        sealed(
          catalogOf(
            { '/a': 'evil' },
            { resources: [{ id: 'file:/a', type: 'file', title: '/a', params: { mod: '1' }, where: 'x:1' }] },
          ),
        ),
    ],
    [
      'whose bytes were changed',
      () => ({
        ...sealed(catalogOf({ '/a': 'evil' })),
        payload: JSON.stringify(catalogOf({ '/a': 'worse' })),
      }),
    ],
  ])('keeps to the last good catalog when it is given one %s (A10)', async (_, make) => {
    await runner.run(poll)
    answer = make()
    expect((await runner.run(poll)).report).toMatchObject({ status: 'in-sync', cached: true })
    answer = away
    runner = newRunner()
    expect((await runner.run(poll)).report).toMatchObject({ status: 'in-sync', cached: true })
    expect(machine.files.get('/a')).toBe('1')
  })

  it('in no-op mode changes nothing and does not replace the last good catalog', async () => {
    await runner.run(poll)
    answer = sealed(catalogOf({ '/a': '2' }))
    const { report } = await runner.run({ trigger: 'manual', noop: true })
    expect(report).toMatchObject({ status: 'pending', noop: true })
    expect(machine.files.get('/a')).toBe('1')
    answer = away
    runner = newRunner()
    expect((await runner.run(poll)).report.status).toBe('in-sync')
  })
})

describe('blobs', () => {
  const withBlob = (text: string): Catalog =>
    catalogOf(
      {},
      {
        resources: [
          {
            id: 'file:/b',
            type: 'file',
            title: '/b',
            params: { blob: { sha256: sha256(text), size: text.length } },
            where: 'x:1',
          },
        ],
      },
    )

  it('are all here before a catalog is accepted, and those of older catalogs go', async () => {
    content = { [sha256('one')]: 'one', [sha256('two')]: 'two' }
    answer = sealed(withBlob('one'))
    await runner.run(poll)
    answer = sealed(withBlob('two'))
    await runner.run(poll)
    expect([...machine.blobs.keys()]).toEqual([sha256('two')])
    expect(fetched).toEqual([sha256('one'), sha256('two')])
  })

  it('that cannot be had leave the last good catalog in place', async () => {
    await runner.run(poll)
    answer = sealed(withBlob('one'))
    expect((await runner.run(poll)).report).toMatchObject({ cached: true, status: 'in-sync' })
  })
})

describe('a check after a watch event', () => {
  it('asks no server, and is not reported when all is in sync', async () => {
    await runner.run(poll)
    expect((await runner.run(watch)).isReported).toBe(false)
    expect(known).toHaveLength(1)
    expect(sent).toHaveLength(1)
  })

  it('corrects drift and reports it', async () => {
    await runner.run(poll)
    machine.files.set('/a', 'hacked')
    const { report } = await runner.run(watch)
    expect(report).toMatchObject({ trigger: 'watch', status: 'changed', resources: [{ cause: 'drift' }] })
    expect(sent).toHaveLength(2)
    expect((await runner.run(watch)).isReported).toBe(false)
  })

  it('reports drift that is left once, again when it changes, at every poll, and when it is gone', async () => {
    answer = sealed(catalogOf({ '/a': '1' }, { drift: 'rebuild' }))
    await runner.run(poll)
    const told = async (request: RunRequest) => {
      const { report, isReported } = await runner.run(request)
      return [report.status, isReported]
    }
    machine.files.set('/a', 'hacked')
    expect(await told(watch)).toEqual(['drifted', true])
    expect(await told(watch)).toEqual(['drifted', false])
    machine.files.set('/a', 'hacked again')
    expect(await told(watch)).toEqual(['drifted', true])
    expect(await told(poll)).toEqual(['drifted', true])
    expect(machine.files.get('/a')).toBe('hacked again')
    machine.files.set('/a', '1')
    expect(await told(watch)).toEqual(['in-sync', true])
    expect(await told(watch)).toEqual(['in-sync', false])
  })
})
