import { expect, it } from 'vitest'
import { judgeMachine, type Verdict } from './tidy.ts'

const of = (state: 'candidate' | 'current' | 'gone') => ({ id: 7, state })
const open = (state: 'creating' | 'proving' | 'held' | 'destroying' | 'cancelled', role: 'from' | 'to') => ({
  from: role === 'from' ? 7 : 1,
  to: role === 'to' ? 7 : 2,
  state,
})

it.each<[string, Parameters<typeof judgeMachine>, Verdict]>([
  ['nobody knows', [{ state: 'running' }, undefined, undefined], 'destroy'],
  ['runs and is in service', [{ state: 'running' }, of('current'), undefined], 'keep'],
  ['stopped and is in service', [{ state: 'stopped' }, of('current'), undefined], 'start'],
  ['is gone', [{ state: 'stopped' }, of('gone'), undefined], 'destroy'],
  [
    'is gone, and its rebuild is destroying it',
    [{ state: 'running' }, of('gone'), open('destroying', 'from')],
    'keep',
  ],
  ['is a candidate of no rebuild', [{ state: 'running' }, of('candidate'), undefined], 'destroy'],
  ['is being made', [{ state: 'stopped' }, of('candidate'), open('creating', 'to')], 'keep'],
  ['is being proved and stopped', [{ state: 'stopped' }, of('candidate'), open('proving', 'to')], 'start'],
  ['is held to be looked at', [{ state: 'stopped' }, of('candidate'), open('held', 'to')], 'keep'],
  ['is being undone', [{ state: 'running' }, of('gone'), open('cancelled', 'to')], 'keep'],
  [
    'was given up by a resume',
    [{ state: 'running' }, of('gone'), { from: 1, to: 9, state: 'creating' }],
    'destroy',
  ],
])('judgeMachine() of one that %s', (_, args, verdict) => {
  expect(judgeMachine(...args)).toBe(verdict)
})
