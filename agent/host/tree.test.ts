import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createAsides } from './aside.ts'
import type { Exec } from './exec.ts'
import { createTrees } from './tree.ts'

let dir: string
let place: string
let path: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-tree-'))
  place = join(dir, 'place')
  path = join(place, 'app')
  mkdirSync(path, { recursive: true })
  writeFileSync(join(path, 'old'), 'x')
})
afterEach(() => rmSync(dir, { recursive: true }))

const ended = { code: 0, stdout: '', stderr: '', signal: null, timedOut: false }

/** @param mv what stands for `mv --exchange` */
function treesWith(mv: (from: string, to: string) => number) {
  const run: Exec['run'] = async (argv) => {
    const [from = '', to = ''] = argv.slice(-2)
    return argv[0] === 'mv' ? { ...ended, code: mv(from, to) } : ended
  }
  return createTrees({ run } as Exec, createAsides(join(dir, 'aside')))
}

function swap(from: string, to: string): number {
  renameSync(from, `${from}-on-the-way`)
  renameSync(to, from)
  renameSync(`${from}-on-the-way`, to)
  return 0
}

/** As the next run does first. */
const clear = () => createAsides(join(dir, 'aside')).clear()

describe.each([
  ['that can exchange', swap],
  ['that cannot', () => 1],
])('with an mv %s', (_title, mv) => {
  test('moveIn() replaces a directory and leaves nothing beside it, nor a note', async () => {
    const trees = treesWith(mv)
    const tree = await trees.makeBeside(path)
    writeFileSync(join(tree, 'new'), 'x')
    await trees.moveIn(tree, path)
    expect([readdirSync(place), readdirSync(path)]).toEqual([['app'], ['new']])
    expect(readdirSync(join(dir, 'aside'))).toEqual([])
  })
})

describe('what a kill leaves is gone after the next run has begun', () => {
  test('while a tree is made', async () => {
    await treesWith(() => 1).makeBeside(path)
    await clear()
    expect([readdirSync(place), readdirSync(path)]).toEqual([['app'], ['old']])
  })

  test('once the new tree is in, and the old one is still beside it', async () => {
    const trees = treesWith((from, to) => {
      swap(from, to)
      throw new Error('killed')
    })
    const tree = await trees.makeBeside(path)
    writeFileSync(join(tree, 'new'), 'x')
    await expect(trees.moveIn(tree, path)).rejects.toThrow()
    expect(existsSync(join(tree, 'old'))).toBe(true)
    await clear()
    expect([readdirSync(place), readdirSync(path)]).toEqual([['app'], ['new']])
  })
})

test('moveOut() removes the whole tree, and what stands at no path is no mistake', async () => {
  const trees = treesWith(() => 1)
  await trees.moveOut(path)
  await trees.moveOut(path)
  expect([readdirSync(place), readdirSync(join(dir, 'aside'))]).toEqual([[], []])
})
