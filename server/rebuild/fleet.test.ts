import { describe, expect, it } from 'vitest'
import type { HostLife } from '../store/rebuild.ts'
import { healthOf, longestLived } from './fleet.ts'
import { pool } from './world.fixture.ts'

const life = (fields: Partial<HostLife> = {}): HostLife => ({
  host: 'web-1',
  managed: true,
  incarnation: 1,
  bornAt: 100,
  revokedAt: null,
  convergedAt: 200,
  reportStatus: 'in-sync',
  ...fields,
})

describe('healthOf()', () => {
  it.each<[string, Partial<HostLife>, boolean, boolean, string]>([
    ['connected and in sync', {}, true, false, 'healthy'],
    ['connected and drifted: it still serves', { reportStatus: 'drifted' }, true, true, 'healthy'],
    ['not connected, soon after the start', {}, false, false, 'unknown'],
    ['not connected, long after the start', {}, false, true, 'sick'],
    ['failed', { reportStatus: 'failed' }, true, true, 'sick'],
    ['never converged', { convergedAt: null }, true, true, 'sick'],
    ['revoked', { revokedAt: 5 }, true, true, 'sick'],
    ['without a machine', { incarnation: null }, false, false, 'sick'],
  ])('of a host that is %s', (_, fields, connected, settled, health) => {
    expect(healthOf(life(fields), { connected, settled })).toBe(health)
  })
})

describe('longestLived()', () => {
  const lives = [
    life({ host: 'a', bornAt: 3 }),
    life({ host: 'b', bornAt: 1 }),
    life({ host: 'c', bornAt: 2 }),
  ]

  it('is the host whose incarnation was made first', () => {
    expect(longestLived(pool(), lives, [])?.host).toBe('b')
  })

  it('passes over protected hosts, machines of others, hosts without one, and those being rebuilt', () => {
    expect(longestLived(pool({ protect: ['b'] }), lives, [])?.host).toBe('c')
    expect(longestLived(pool(), lives, [{ host: 'b', requestedBy: 'policy' }])?.host).toBe('c')
    expect(longestLived(pool(), [life({ managed: false }), life({ bornAt: null })], [])).toBeUndefined()
  })

  it('is none while a scheduled rebuild of the pool is open', () => {
    expect(longestLived(pool(), lives, [{ host: 'a', requestedBy: 'schedule' }])).toBeUndefined()
    expect(longestLived(pool(), lives, [{ host: 'other', requestedBy: 'schedule' }])?.host).toBe('b')
  })
})
