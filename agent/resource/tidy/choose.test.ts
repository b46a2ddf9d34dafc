import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TidyParams } from '../../../schemas/generated/types.ts'
import type { SweptEntry } from '../../host/sweep.ts'
import { bytesOf, choose, millisecondsOf } from './choose.ts'

const now = 1_800_000_000_000
const day = 86_400_000

function entry(path: string, more: Partial<SweptEntry> = {}): SweptEntry {
  const old = now - 10 * day
  const times = { atimeMs: old, mtimeMs: old, ctimeMs: old }
  return { path, kind: 'file', isListed: false, size: 10, dev: 1, ino: 1, ...times, ...more }
}
const directory = (path: string, more: Partial<SweptEntry> = {}) =>
  entry(path, { kind: 'directory', isListed: true, ...more })
const young = { mtimeMs: now - day / 2 }

const chosen = (params: TidyParams, entries: readonly SweptEntry[]) =>
  choose(params, { root: '/t', entries, now }).map(({ path }) => path)

describe('choose()', () => {
  it.each<[title: string, TidyParams, SweptEntry[], string[]]>([
    ['nothing where nothing is', { age: '1d' }, [], []],
    ['what is older, and nothing else (X9)', { age: '1d' }, [entry('old'), entry('new', young)], ['old']],
    ['nothing that is exactly as old', { age: '10d' }, [entry('a')], []],
    ['by the time that is asked for', { age: '1d', ageBy: 'atime' }, [entry('a', young)], ['a']],
    ['by the time of the last change', { age: '1d', ageBy: 'ctime' }, [entry('a', { ctimeMs: now })], []],
    ['what has the size', { size: '1k' }, [entry('a', { size: 1023 }), entry('b', { size: 1024 })], ['b']],
    [
      'what meets both, not either',
      { size: '1k', age: '1d' },
      [entry('a'), entry('b', { size: 2048, ...young })],
      [],
    ],
    [
      'by names',
      { matches: ['*.log', 'core.?'] },
      ['a.log', 'd/b.log', 'alog', 'core.1', 'core.12'].map((path) => entry(path)),
      ['a.log', 'd/b.log', 'core.1'],
    ],
    [
      'no sockets, FIFOs and devices',
      { matches: ['*'] },
      (['socket', 'fifo', 'device', 'symlink'] as const).map((kind) => entry(kind, { kind })),
      ['symlink'],
    ],
    [
      'the kinds that are asked for',
      { matches: ['*'], kinds: ['fifo'] },
      [entry('a'), entry('b', { kind: 'fifo' })],
      ['b'],
    ],
    [
      'nothing that is declared',
      { age: '1d', declaredBelow: ['/t/a', '/t/d/b'] },
      [entry('a'), entry('ab'), entry('d/b'), entry('d/c')],
      ['ab', 'd/c'],
    ],
    ['no directory unless told', { age: '1d' }, [entry('d/a'), directory('d')], ['d/a']],
    [
      'a directory that it leaves empty',
      { age: '1d', rmdirs: true },
      [entry('d/e/a'), directory('d/e'), directory('d')],
      ['d/e/a', 'd/e', 'd'],
    ],
    [
      'no directory in which something stays',
      { age: '1d', rmdirs: true },
      [entry('d/e/a', young), directory('d/e'), directory('d'), directory('f')],
      ['f'],
    ],
    [
      'no directory that is young, nor one that it stands in',
      { age: '1d', rmdirs: true },
      [directory('d/e', young), directory('d')],
      [],
    ],
    [
      'no directory that was not looked into',
      { age: '1d', rmdirs: true },
      [directory('d', { isListed: false })],
      [],
    ],
    [
      'no directory that is declared, or holds what is',
      { age: '1d', rmdirs: true, declaredBelow: ['/t/d/e'] },
      [directory('d/e'), directory('d')],
      [],
    ],
  ])('%s', (_, params, entries, paths) => {
    expect(chosen(params, entries)).toEqual(paths)
  })

  it('never leaves anything in a directory that goes', () => {
    const name = fc.constantFrom('a', 'b', 'c')
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'))
    fc.assert(
      fc.property(fc.uniqueArray(path, { maxLength: 12 }), fc.func(fc.boolean()), (leaves, isYoung) => {
        const entries = treeOf(leaves, isYoung)
        const going = new Set(chosen({ age: '1d', rmdirs: true }, entries))
        for (const { path: at } of entries) {
          const above = [...going].find((one) => at.startsWith(`${one}/`))
          expect(above === undefined || going.has(at), `${at} below ${above}`).toBe(true)
        }
      }),
    )
  })
})

/** Directories after what is in them, as walk() gives them. */
function treeOf(paths: readonly string[], isYoung: (path: string) => boolean): readonly SweptEntry[] {
  const all = new Set(
    paths.flatMap((path) => path.split('/').map((_, at, names) => names.slice(0, at + 1).join('/'))),
  )
  const isAbove = (path: string) => [...all].some((one) => one.startsWith(`${path}/`))
  return [...all]
    .sort((a, b) => b.split('/').length - a.split('/').length)
    .map((path) => (isAbove(path) ? directory(path) : entry(path, isYoung(path) ? young : {})))
}

it.each([
  ['90s', 90_000],
  ['5m', 300_000],
  ['2h', 7_200_000],
  ['1d', day],
  ['2w', 14 * day],
])('millisecondsOf(%s) is %d', (age, milliseconds) => {
  expect(millisecondsOf(age)).toBe(milliseconds)
})

it.each([
  ['0', 0],
  ['7b', 7],
  ['4k', 4096],
  ['2m', 2_097_152],
  ['1g', 1_073_741_824],
  ['1t', 1_099_511_627_776],
])('bytesOf(%s) is %d', (size, bytes) => {
  expect(bytesOf(size)).toBe(bytes)
})
