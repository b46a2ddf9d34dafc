import { describe, expect, it } from 'vitest'
import type { SessionView } from '../http/view.ts'
import { canCancel, canRebuild, canResume, canRun } from './can.ts'

const viewer: SessionView = { name: 'vera', role: 'viewer' }
const operator: SessionView = { name: 'otto', role: 'operator' }
const host = { name: 'web-1', connected: true, rebuild: null }

describe('can', () => {
  it('lets an operator and an admin act, and a viewer never, naming the role it needs', () => {
    for (const session of [operator, { name: 'ada', role: 'admin' } as const]) {
      expect(canRun(session, host)).toEqual({ allowed: true })
      expect(canRebuild(session, host)).toEqual({ allowed: true })
      expect(canResume(session, { state: 'held' })).toEqual({ allowed: true })
      expect(canCancel(session, { state: 'creating' })).toEqual({ allowed: true })
    }
    for (const verdict of [
      canRun(viewer, host),
      canRebuild(viewer, host),
      canResume(viewer, { state: 'held' }),
      canCancel(viewer, { state: 'creating' }),
    ]) {
      expect(verdict).toEqual({ allowed: false, why: 'it needs the role operator; vera is a viewer' })
    }
  })

  it.each([
    [
      'a run on a host that is not connected',
      canRun(operator, { ...host, connected: false }),
      'not connected',
    ],
    ['a second rebuild', canRebuild(operator, { ...host, rebuild: 'x' }), 'already under way'],
    ['resuming what is not held', canResume(operator, { state: 'creating' }), 'only a held rebuild'],
    [
      'cancelling what is in service',
      canCancel(operator, { state: 'in-service' }),
      'it has ended: in-service',
    ],
    [
      'cancelling past the point of return',
      canCancel(operator, { state: 'destroying' }),
      'being destroyed already',
    ],
    ['cancelling twice', canCancel(operator, { state: 'cancelled' }), 'it has ended: cancelled'],
  ])('refuses %s, with the reason', (_, verdict, why) => {
    expect(verdict).toMatchObject({ allowed: false, why: expect.stringContaining(why) })
  })
})
