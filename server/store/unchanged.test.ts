import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Db, openDatabase } from './db.ts'
import { deleteHost, ensureHost, findHost, type Host } from './host.ts'
import { createIncarnation, findIncarnation } from './incarnation.ts'
import { transact } from './statement.ts'
import { whileUnchanged } from './unchanged.ts'

let dir: string
let db: Db
let reads: number
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-unchanged-'))
  db = openDatabase(join(dir, 'a.db'))
  reads = 0
})
afterEach(() => {
  db.close()
  rmSync(dir, { recursive: true })
})

function find(name: string): Host | undefined {
  return whileUnchanged(db, `host ${name}`, () => {
    reads += 1
    return findHost(db, name)
  })
}

const web = { name: 'web-1', managed: false }

it('reads once, while nobody writes', () => {
  ensureHost(db, web, 1)
  expect([find('web-1'), find('web-1')]).toMatchObject([web, web])
  expect(reads).toBe(1)
})

it('remembers no absence', () => {
  expect(find('web-1')).toBeUndefined()
  ensureHost(db, web, 1)
  expect(find('web-1')).toMatchObject(web)
})

it('sees what this connection writes, in a transaction too', () => {
  ensureHost(db, web, 1)
  find('web-1')
  transact(db, () => {
    deleteHost(db, 'web-1')
    expect(find('web-1')).toBeUndefined()
  })
  expect(find('web-1')).toBeUndefined()
})

it('sees what another connection writes', () => {
  ensureHost(db, web, 1)
  find('web-1')
  const other = openDatabase(join(dir, 'a.db'))
  deleteHost(other, 'web-1')
  other.close()
  expect(find('web-1')).toBeUndefined()
})

it('sees what goes because something else went', () => {
  ensureHost(db, web, 1)
  const { id } = createIncarnation(db, 'web-1', 1)
  const look = () => whileUnchanged(db, `incarnation ${id}`, () => findIncarnation(db, id))
  expect(look()).toBeDefined()
  deleteHost(db, 'web-1')
  expect(look()).toBeUndefined()
})

it('sees what was taken back', () => {
  const undone = new Error('undone')
  expect(() =>
    transact(db, () => {
      ensureHost(db, web, 1)
      expect(find('web-1')).toBeDefined()
      throw undone
    }),
  ).toThrow(undone)
  expect(find('web-1')).toBeUndefined()
})
