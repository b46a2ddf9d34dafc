import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { emptyMemory, type Memory } from '../engine/memory.ts'
import {
  assertEnabled,
  createFactMemory,
  createMemoryStore,
  loadIdentity,
  removeDisabled,
  saveDisabled,
  saveIdentity,
} from './state.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-state-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const memory: Memory = {
  catalog: 'c',
  converged: new Map([['file:/etc/a:b', 'hash']]),
  attempted: new Set(['file:/c']),
  changedAt: new Map([['file:/c', [1, 2]]]),
  owed: new Map([['service:nginx', ['file:/etc/a:b']]]),
}

it('createMemoryStore() keeps all of a memory over a restart', () => {
  expect(createMemoryStore(dir).load()).toEqual(emptyMemory)
  createMemoryStore(dir).save(memory)
  expect(createMemoryStore(dir).load()).toEqual(memory)
})

it('createMemoryStore() sees what another process saved since', () => {
  const store = createMemoryStore(dir)
  store.save(emptyMemory)
  createMemoryStore(dir).save(memory)
  expect(store.load()).toEqual(memory)
})

it.each(['', '{"converged":', '[]', '{"converged":{"nonsense":1}}'])(
  'createMemoryStore() takes a broken file (%j) for an empty one',
  (text) => {
    writeFileSync(join(dir, 'state.json'), text)
    expect(createMemoryStore(dir).load()).toEqual(emptyMemory)
  },
)

it('createFactMemory() keeps values over a restart, and takes a broken file for an empty one', () => {
  expect(createFactMemory(dir).load()).toEqual({})
  createFactMemory(dir).save({ rack: { row: 4 } })
  expect(createFactMemory(dir).load()).toEqual({ rack: { row: 4 } })
  for (const text of ['{"rack":', '[]', 'null']) {
    writeFileSync(join(dir, 'facts.json'), text)
    expect(createFactMemory(dir).load()).toEqual({})
  }
})

it('saveIdentity() keeps the key from everyone but root, and leaves no other file', () => {
  const identity = { host: 'h', incarnation: 1, key: 'k', certificate: 'c', ca: 'a', catalogKey: 's' }
  expect(loadIdentity(dir)).toBeUndefined()
  saveIdentity(dir, identity)
  expect(loadIdentity(dir)).toEqual(identity)
  expect(statSync(join(dir, 'identity', 'identity.json')).mode & 0o777).toBe(0o600)
  expect(readdirSync(join(dir, 'identity'))).toEqual(['identity.json'])
})

it('assertEnabled() tells the reason while runs are disabled, and nothing once they are enabled (A2)', () => {
  assertEnabled(dir)
  saveDisabled(dir, 'moving the database', new Date(0))
  expect(() => assertEnabled(dir)).toThrow(
    'Cannot run: disabled since 1970-01-01T00:00:00.000Z: moving the database',
  )
  removeDisabled(dir)
  assertEnabled(dir)
})
