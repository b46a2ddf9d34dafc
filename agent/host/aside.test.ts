import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createAsides } from './aside.ts'

let dir: string
let notes: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-aside-'))
  notes = join(dir, 'state/aside')
})
afterEach(() => rmSync(dir, { recursive: true }))

function makeTree(name: string): string {
  mkdirSync(join(dir, name, 'below'), { recursive: true })
  writeFileSync(join(dir, name, 'below/file'), 'x')
  return join(dir, name)
}

describe('clear()', () => {
  test('removes what an agent that was killed has noted, and nothing else', async () => {
    const [left, done, other] = ['left', 'done', 'other'].map(makeTree)
    const killed = createAsides(notes)
    killed.note(left ?? '')
    killed.note(done ?? '')
    killed.forget(done ?? '')
    await createAsides(notes).clear()
    expect([left, done, other].map((path) => existsSync(path ?? ''))).toEqual([false, true, true])
    expect(readdirSync(notes)).toEqual([])
  })

  test('does nothing before anything was noted, and takes a tree that is gone already', async () => {
    const asides = createAsides(notes)
    await asides.clear()
    expect(existsSync(notes)).toBe(false)
    asides.note(join(dir, 'never-made'))
    await asides.clear()
    expect(readdirSync(notes)).toEqual([])
  })

  test('removes nothing for a note that was cut short', async () => {
    const tree = makeTree('tree')
    const asides = createAsides(notes)
    asides.note(`${tree}-2`)
    const [name = ''] = readdirSync(notes)
    writeFileSync(join(notes, name), tree)
    await asides.clear()
    expect([existsSync(tree), readdirSync(notes)]).toEqual([true, []])
  })
})
