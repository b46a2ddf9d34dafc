import { describe, expect, test } from 'vitest'
import { hasLinks, isStartedAtBoot, linkOf, parseStatusCode } from './sysv.ts'

const links = (byDirectory: Record<string, readonly string[]>) => ({
  list: (path: string) => byDirectory[path] ?? [],
})

describe('isStartedAtBoot()', () => {
  test.each<{ title: string; there: Record<string, readonly string[]>; starts: boolean; known: boolean }>([
    { title: 'has no links', there: {}, starts: false, known: false },
    { title: 'has a start link', there: { '/etc/rc3.d': ['S01legacy'] }, starts: true, known: true },
    { title: 'has kill links only', there: { '/etc/rc3.d': ['K01legacy'] }, starts: false, known: true },
    { title: 'is of Red Hat', there: { '/etc/rc.d/rc5.d': ['S99legacy'] }, starts: true, known: true },
    { title: 'starts early', there: { '/etc/rcS.d': ['S03legacy'] }, starts: true, known: true },
    { title: 'is started at halt only', there: { '/etc/rc0.d': ['S03legacy'] }, starts: false, known: false },
    { title: 'ends like another', there: { '/etc/rc2.d': ['S01my-legacy'] }, starts: false, known: false },
  ])('is $starts of a script that $title', ({ there, starts, known }) => {
    expect(isStartedAtBoot(links(there), 'legacy')).toBe(starts)
    expect(hasLinks(links(there), 'legacy')).toBe(known)
  })
})

test('linkOf() takes only names that init takes', () => {
  expect(linkOf('S01hwclock.sh')).toEqual({ script: 'hwclock.sh' })
  expect(linkOf('README')).toBeUndefined()
  expect(linkOf('S1short')).toBeUndefined()
})

test.each([
  [0, 'running'],
  [1, 'failed'],
  [2, 'failed'],
  [3, 'stopped'],
  [4, undefined],
  [null, undefined],
])('a status that ends with %s is %s', (code, state) => {
  expect(parseStatusCode(code)).toBe(state)
})
