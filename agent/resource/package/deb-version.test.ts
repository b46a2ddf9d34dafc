import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { compareDebVersions } from './deb-version.ts'
import { isInRange, isRange, newestInRange } from './version-range.ts'

/** Oldest first. */
const ordered = [
  '0~~',
  '0~',
  '0',
  '0.0.1',
  '1.0~~rc1-1',
  '1.0~rc1',
  '1.0~rc1-1',
  '1.0',
  '1.0-1',
  '1.0-1ubuntu1',
  '1.0-1+b1',
  '1.0-1.1',
  '1.0a',
  '1.0+dfsg-1',
  '1.1',
  '1.9',
  '1.10',
  '1.19-1',
  '2.0',
  '20240101',
  '1:0.1',
  '2:0.0-1',
]

describe('compareDebVersions()', () => {
  it('puts every pair in its order', () => {
    for (const [at, a] of ordered.entries())
      for (const [other, b] of ordered.entries())
        expect(Math.sign(compareDebVersions(a, b)), `${a} and ${b}`).toBe(Math.sign(at - other))
  })

  it.each([
    ['1.0', '1.00'],
    ['1.0', '0:1.0'],
    ['1.0', '1.0-0'],
    ['01', '1'],
  ])('of %s and %s, which are one, is 0', (a, b) => {
    expect(compareDebVersions(a, b)).toBe(0)
  })

  it.skipIf(spawnSync('dpkg', ['--version']).status !== 0)('agrees with dpkg --compare-versions', () => {
    const neighbours = ordered.slice(1).map((version, at) => [ordered[at] ?? '', version] as const)
    for (const [a, b] of neighbours)
      expect(spawnSync('dpkg', ['--compare-versions', a, 'lt', b]).status, `${a} < ${b}`).toBe(0)
  })
})

describe('a range of versions', () => {
  it.each([
    ['<=1.19-1', '1.19-1'],
    ['>1.19-1', '20240101'],
    ['>1.0 <2', '1.19-1'],
    ['>=1.0~rc1 <1.0', '1.0~rc1-1'],
    ['=1.1', '1.1'],
    ['>9:0', undefined],
  ])('%s takes %s', (range, newest) => {
    const versions = ordered.filter((version) => !version.includes(':') || range.includes(':'))
    expect(newestInRange(versions, range, compareDebVersions)).toBe(newest)
  })

  it('is told from one version by its first character', () => {
    expect(['1.0', '1:2-3', '>=1', '<2', '=3'].map(isRange)).toEqual([false, false, true, true, true])
    expect(isInRange('1.5', '>=1.2 <2', compareDebVersions)).toBe(true)
    expect(isInRange('2', '>=1.2 <2', compareDebVersions)).toBe(false)
  })
})
