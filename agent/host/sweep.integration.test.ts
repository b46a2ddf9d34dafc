import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSweep, type SweptEntry } from './sweep.ts'

const sweep = createSweep()
const all = { levels: Number.POSITIVE_INFINITY, crossMounts: false }
let dir: string
let root: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-sweep-'))
  root = join(dir, 'root')
  mkdirSync(join(root, 'a/b'), { recursive: true })
  writeFileSync(join(root, 'a/b/file'), 'x')
  mkdirSync(join(dir, 'precious'))
  writeFileSync(join(dir, 'precious/file'), 'x')
})
afterEach(() => rmSync(dir, { recursive: true }))

function entryAt(path: string): SweptEntry {
  const found = sweep.walk(root, all).find((entry) => entry.path === path)
  if (found === undefined) throw new Error(`no ${path}`)
  return found
}

describe('walk()', () => {
  it('gives directories after what is in them, and follows no link', () => {
    symlinkSync(join(dir, 'precious'), join(root, 'link'))
    const found = sweep.walk(root, all).map(({ path, kind, isListed }) => [path, kind, isListed])
    expect(found.slice(0, 3)).toEqual([
      ['a/b/file', 'file', false],
      ['a/b', 'directory', true],
      ['a', 'directory', true],
    ])
    expect(found.slice(3)).toEqual([['link', 'symlink', false]])
  })

  it('goes as deep as it is told, and says what it has not looked into', () => {
    const found = sweep.walk(root, { levels: 2, crossMounts: false })
    expect(found.map(({ path, isListed }) => [path, isListed])).toEqual([
      ['a/b', false],
      ['a', true],
    ])
  })

  it.each(['not-there', 'a/b/file'])('finds nothing in %s', (name) => {
    expect(sweep.walk(join(root, name), all)).toEqual([])
  })

  it.runIf(process.getuid?.() === 0)('stays out of what is mounted, of the same file system too', () => {
    mkdirSync(join(root, 'bound'))
    execFileSync('mount', ['--bind', join(dir, 'precious'), join(root, 'bound')])
    try {
      const paths = (crossMounts: boolean) =>
        sweep.walk(root, { ...all, crossMounts }).map(({ path }) => path)
      expect(paths(false)).toContain('bound')
      expect(paths(false)).not.toContain('bound/file')
      expect(paths(true)).toContain('bound/file')
    } finally {
      execFileSync('umount', [join(root, 'bound')])
    }
  })
})

describe('remove()', () => {
  it('removes a file, a link and an empty directory', () => {
    symlinkSync(join(dir, 'precious/file'), join(root, 'link'))
    for (const path of ['a/b/file', 'a/b', 'a', 'link']) {
      expect(sweep.remove(root, entryAt(path)), path).toBe(true)
    }
    expect(readdirSync(root)).toEqual([])
    expect(existsSync(join(dir, 'precious/file'))).toBe(true)
  })

  it('follows no link that was put on the way since', () => {
    const entry = entryAt('a/b/file')
    renameSync(join(root, 'a/b'), join(root, 'a/moved'))
    symlinkSync(join(dir, 'precious'), join(root, 'a/b'))
    expect(sweep.remove(root, entry)).toBe(false)
    expect(existsSync(join(dir, 'precious/file'))).toBe(true)
  })

  it.each<[title: string, path: string, change: () => void]>([
    ['a file that was written since', 'a/b/file', () => utimesSync(join(root, 'a/b/file'), 1, 1)],
    [
      'another file of the same name',
      'a/b/file',
      () => {
        writeFileSync(join(root, 'a/b/new'), 'y')
        renameSync(join(root, 'a/b/new'), join(root, 'a/b/file'))
      },
    ],
    ['a directory in which something is', 'a/b', () => {}],
    [
      'a directory that is a file now',
      'a/b',
      () => {
        rmSync(join(root, 'a/b'), { recursive: true })
        writeFileSync(join(root, 'a/b'), '')
      },
    ],
  ])('leaves %s', (_, path, change) => {
    const entry = entryAt(path)
    change()
    expect(sweep.remove(root, entry)).toBe(false)
    expect(existsSync(join(root, path))).toBe(true)
  })

  it('has nothing to do where it is gone', () => {
    const entry = entryAt('a/b/file')
    rmSync(join(root, 'a'), { recursive: true })
    expect(sweep.remove(root, entry)).toBe(false)
  })
})
