import { describe, expect, it } from 'vitest'
import {
  type Candidate,
  type Fleet,
  healthRefusal,
  isOut,
  isUnderWay,
  type OpenRebuild,
  refusal,
} from './budget.ts'
import { pool } from './world.fixture.ts'

const now = Date.parse('2026-01-01T12:00:00Z')
const host = (name: string, health: 'healthy' | 'sick' | 'unknown' = 'healthy', of = 'web') => ({
  host: name,
  pool: of,
  health,
})
const rebuild = (fields: Partial<OpenRebuild> = {}): OpenRebuild => ({
  host: 'web-2',
  pool: 'web',
  order: 'surge',
  state: 'creating',
  heldFrom: null,
  ...fields,
})
const fleet = (fields: Partial<Fleet> = {}): Fleet => ({
  hosts: [host('web-1'), host('web-2'), host('web-3')],
  rebuilds: [],
  ceiling: 2,
  now,
  ...fields,
})
const candidate = (fields: Partial<Candidate> = {}): Candidate => ({
  host: 'web-1',
  revision: 'rev-1',
  order: 'surge',
  first: false,
  byPerson: false,
  lastEndedAt: null,
  ...fields,
})
const rails = pool({ minHealthy: 1 })
const alone = { hosts: [host('web-1')] }

describe('refusal()', () => {
  it('lets a rebuild through that no rail holds', () => {
    expect(refusal(candidate(), fleet(), rails)).toBeUndefined()
    expect(refusal(candidate({ order: 'in-place' }), fleet(), rails)).toBeUndefined()
  })

  it.each<[string, Partial<Candidate>, Partial<Fleet>, Parameters<typeof pool>[0], string]>([
    [
      'the site has no good revision',
      { byPerson: true, first: true, revision: undefined },
      {},
      {},
      'not now: the site has no good revision to build from',
    ],
    [
      'the host is protected',
      {},
      {},
      { protect: ['web-1'] },
      'not now: web-1 is protected, and only a person may ask for its rebuild',
    ],
    [
      'as many are held as the breaker bears, even for a person',
      { byPerson: true },
      {
        rebuilds: [
          rebuild({ host: 'web-8', state: 'held', heldFrom: 'creating' }),
          rebuild({ host: 'web-9', state: 'held', heldFrom: 'proving' }),
        ],
      },
      {},
      'not now: 2 rebuilds of web are held, and none starts until a person resumes or cancels',
    ],
    [
      'the fleet is at its ceiling, even for a first machine',
      { first: true },
      { rebuilds: [rebuild({ host: 'a-1', pool: 'a' }), rebuild({ host: 'b-1', pool: 'b' })] },
      {},
      'not now: 2 rebuilds are under way in the fleet, and 2 may be',
    ],
    [
      'the pool is at its concurrency',
      { byPerson: true },
      { rebuilds: [rebuild()] },
      {},
      'not now: 1 rebuild of web is under way, and 1 may be',
    ],
    [
      'the host was rebuilt a short time ago',
      { lastEndedAt: now - 60_000 },
      {},
      {},
      'not now: web-1 was rebuilt at 2026-01-01T11:59:00.000Z, and its cooldown lasts until 2026-01-01T12:14:00.000Z',
    ],
    [
      'too few of the others are healthy, in place',
      { order: 'in-place', byPerson: true },
      { hosts: [host('web-1'), host('web-2', 'sick')] },
      {},
      'not now: 1 of 2 web hosts is out, and 1 must stay healthy',
    ],
    [
      'another one is out of the pool with its rebuild held',
      { order: 'in-place' },
      {
        hosts: [host('web-1'), host('web-2')],
        rebuilds: [rebuild({ order: 'in-place', state: 'held', heldFrom: 'proving' })],
      },
      {},
      'not now: 1 of 2 web hosts is out, and 1 must stay healthy',
    ],
    [
      'the others are not connected yet',
      { order: 'in-place' },
      { hosts: [host('web-1'), host('web-2', 'unknown')] },
      {},
      'not now: 1 of 2 web hosts is out, and 1 must stay healthy',
    ],
    [
      'the pool has one host, in place',
      { order: 'in-place' },
      alone,
      {},
      'not now: web-1 is the only web host, and 1 must stay healthy',
    ],
    [
      'the pool is smaller than its rail',
      { order: 'in-place' },
      {},
      { minHealthy: 3 },
      'not now: web has 3 hosts, and 3 must stay healthy while one is out',
    ],
    [
      'all the others are sick, in surge',
      {},
      { hosts: [host('web-1'), host('web-2', 'sick'), host('web-3', 'sick')] },
      {},
      'not now: 2 of 3 web hosts are out, and 1 must stay healthy',
    ],
    [
      'all are sick and no person asks',
      { order: 'in-place' },
      { hosts: [host('web-1', 'sick'), host('web-2', 'sick')] },
      {},
      'not now: 1 of 2 web hosts is out, and 1 must stay healthy',
    ],
    [
      'a person asks, but the host itself only looks unwell since the server has just started',
      { order: 'in-place', byPerson: true },
      { hosts: [host('web-1', 'unknown')] },
      {},
      'not now: web-1 is the only web host, and 1 must stay healthy',
    ],
  ])('holds when %s', (_, asked, state, fields, why) => {
    expect(refusal(candidate(asked), fleet(state), pool({ minHealthy: 1, ...fields }))).toBe(why)
  })

  it.each<[string, Partial<Candidate>, Partial<Fleet>, Parameters<typeof pool>[0]]>([
    ['a person asks for a protected host', { byPerson: true }, {}, { protect: ['web-1'] }],
    ['a person asks within the cooldown', { byPerson: true, lastEndedAt: now - 1 }, {}, {}],
    ['the cooldown is just over', { lastEndedAt: now - 900_000 }, {}, {}],
    [
      'one is held and the breaker bears two',
      {},
      { rebuilds: [rebuild({ state: 'held', heldFrom: 'creating' })] },
      {},
    ],
    ['the other one only waits before the rails', {}, { rebuilds: [rebuild({ state: 'requested' })] }, {}],
    ['the other one is of another pool', {}, { rebuilds: [rebuild({ host: 'db-1', pool: 'db' })] }, {}],
    [
      'a first machine joins a pool that is at its concurrency',
      { first: true },
      { rebuilds: [rebuild()] },
      {},
    ],
    [
      'a first machine joins an empty pool',
      { first: true, order: 'in-place' },
      { hosts: [host('web-1', 'sick')] },
      {},
    ],
    ['the pool says that none must stay healthy', { order: 'in-place' }, alone, { minHealthy: 0 }],
    ['a pool of one goes in surge, where the old one stays until the new one is proved', {}, alone, {}],
    [
      'a person asks for a host that is sick itself',
      { order: 'in-place', byPerson: true },
      { hosts: [host('web-1', 'sick'), host('web-2', 'sick')] },
      {},
    ],
  ])('lets through when %s', (_, asked, state, fields) => {
    expect(refusal(candidate(asked), fleet(state), pool({ minHealthy: 1, ...fields }))).toBeUndefined()
  })

  it('holds a host that no rule matches', () => {
    expect(refusal(candidate(), fleet(), undefined)).toBe('not now: no rule of the site matches web-1')
  })
})

describe('healthRefusal()', () => {
  it('asks for health alone: its own rebuild, cooldown and protection do not count any more', () => {
    const asked = candidate({ order: 'in-place', lastEndedAt: now - 1 })
    const state = fleet({ rebuilds: [rebuild({ host: 'web-1', order: 'in-place', state: 'draining' })] })
    expect(healthRefusal(asked, state, pool({ minHealthy: 2, protect: ['web-1'] }))).toBeUndefined()
    expect(healthRefusal(asked, state, pool({ minHealthy: 3 }))).toBeDefined()
  })
})

describe('isOut()', () => {
  it.each([
    ['in-place', 'admitted', null, false],
    ['in-place', 'draining', null, true],
    ['in-place', 'proving', null, true],
    ['in-place', 'held', 'creating', true],
    ['in-place', 'held', 'admitted', false],
    ['surge', 'destroying', null, false],
  ] as const)('of %s in %s (held from %s) is %s', (order, state, heldFrom, out) => {
    expect(isOut({ order, state, heldFrom })).toBe(out)
  })
})

it('isUnderWay() counts neither waiting nor held nor ended ones', () => {
  const states = ['requested', 'admitted', 'creating', 'held', 'cancelled', 'in-service'] as const
  expect(states.filter((state) => isUnderWay({ state }))).toEqual(['admitted', 'creating'])
})
