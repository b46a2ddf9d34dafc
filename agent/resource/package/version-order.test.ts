/**
 * Each line is how the tool itself orders versions, as it answered for every pair of them: rpm 4.18 (`rpm.vercmp` in
 * Lua), pacman 6.0.2 (`vercmp`), apk-tools 3.0.6 (`apk version -t`), RubyGems 3.3.15 (`Gem::Version`), pip 23.0.1
 * (`packaging.version`), npm 11 (`semver.compare`).
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareApkVersions } from './apk-version.ts'
import { compareGemVersions } from './gem-version.ts'
import { compareNpmVersions } from './npm-version.ts'
import { comparePacmanVersions } from './pacman-version.ts'
import { comparePipVersions } from './pip-version.ts'
import { compareRpmParts, compareRpmVersions, isRpmVersion } from './rpm-version.ts'

const orders: Readonly<Record<string, readonly [(a: string, b: string) => number, string]>> = {
  rpm: [
    compareRpmParts,
    `~ < +_ < ^ < a = a+ = a_ = +a = _a < xyz.4 < xyz10 < xyz10.1 < 0 < 1~ < 1.~a < 1 = 00001 < 1^~a < 1b.fc17 < 1.el9 <
     1.el9_4 < 1.el10 < 1.fc17 < 1g.fc17 < 1.0~rc1~git123 < 1.0~rc1 < 1.0~rc1^git1 < 1.0~rc2 < 1.0 = 1..0 = 1.0. < 1.0^ <
     1.0^git1~pre < 1.0^git1 < 1.0^git2 < 1.0^20160101 < 1.0^20160101^git1 < 1.0^20160102 < 1.0.1 < 1.01 < 1.05 = 1.5 <
     1.9 < 1.0010 < 2 < 2.0 = 2_0 < 2.0.1 < 2.0.1a < 4.999.9 < 5.0 < 5.5p1 < 5.5p2 < 5.5p10 < 8 < 10xyz < 10.0001 <
     10.1xyz < 10.0039 < 2023a < 2023c < 20101121 < 20101122 < 99999999999999999998 < 99999999999999999999`,
  ],
  pacman: [
    comparePacmanVersions,
    `a < b < r12.ab < r13.ab < 1 < 1.0a < 1.0alpha < 1.0b < 1.0beta < 1.0p < 1.0pre < 1.0rc1 < 1.0 < 1.0.a < 1.0+git < 1.0.0 <
     1.0.1 = 1.0_1 < 1.1a1 < 1.01 = 1.001 < 1.1.a < 1.1.1 < 1.5 < 1.5.a < 1.5.b < 1.5.1 < 1.9 < 1.10 < 1..0 < 2.0 = 2_0 <
     2.39+r52+gf8e4623421-1 < 2.40+r16+gaa533d58ff-2 < 2..0 < 6.0.2-3 < 6.0.10-1 < 11 < 20240203-1 <
     99999999999999999998-1 < 99999999999999999999-1 < 1:0.9 < 1:1.0-1 < 2:0.1-3`,
  ],
  apk: [
    compareApkVersions,
    `0.02 < 0.09 < 0.1 < 0.1.0_alpha < 0.1.0_alpha2 < 0.1.3_alpha < 0.10 < 1.0.2 < 1.0.4-r3 < 1.0.4-r4 < 1.01 <
     1.1_alpha1 < 1.1_alpha1_p2 < 1.1_alpha_p1 < 1.1_beta < 1.1_pre2 < 1.1_rc < 1.1_rc1 < 1.1 < 1.1-r0 < 1.1-r9 < 1.1-r10 <
     1.1_cvs < 1.1_svn1 < 1.1_git20230101 < 1.1_hg < 1.1_p < 1.1_p1 < 1.1_p1-r1 < 1.1b < 1.1b-r1 < 1.1c < 1.1.0 <
     1.2.3_git20220101-r0 < 1.6 < 1.10 < 1.36.1-r29 < 1.36.1-r30 < 2.2.39-r1 < 3.0.0_rc1-r0 < 3.0.0 < 3.0.0a < 4.8 <
     4.8-r0 < 4.8~ab12 < 4.8~ab12-r1 < 9 < 10 < 20240226-r0 < 99999999999`,
  ],
  gem: [
    compareGemVersions,
    `0 < 0.0.1.a < 1.A < 1.B < 1.0.0.a.0.b < 1.0.a = 1.a = 1.a.0 = 1.0.0.a.0 < 1.a.1 < 1.0.a2 < 1.0.a10 < 1.0.b1 <
     1.0.0.pre < 1.0-1 = 1.0.pre.1 < 1.0.0.pre.2 < 1.0.rc1 = 1.0.rc.1 < 1 = 1.0 = 1.0.0 < 1.0.1 < 1.8.2.a < 1.8.2.a9 <
     1.8.2.a10 < 1.8.2.b < 1.8.2 < 1.9 < 1.10 < 2 < 3.1.7 < 3.1.7.1 < 10.0.beta1`,
  ],
  pip: [
    comparePipVersions,
    `0 = 0.0.0 < 1.0.dev0 = 1.0dev < 1.0.dev456 < 1.0a < 1.0a1 = 1.0-alpha-1 < 1.0a2.dev456 < 1.0a12.dev456 < 1.0a12 <
     1.0b1.dev456 < 1.0b2 < 1.0b2.post345.dev456 < 1.0b2.post345 < 1.0rc1.dev456 < 1.0rc1 = 1.0c1 = 1.0.0rc1 < 1.0.preview2 <
     1.0 = 1 = 1.0.0 < 1.0+abc.5 < 1.0+abc.7 < 1.0+ubuntu-1 = 1.0+ubuntu.1 < 1.0+ubuntu_2 < 1.0+5 < 1.0+5.a < 1.0-post <
     1.0-1 = 1.0.post1 < 1.0rev2 < 1.0.post456.dev34 < 1.0.post456 < 1.0.0.1 < 1.1.dev1 < v1.1 < 1.9 < 1.10 < 66.1.1 <
     2023.7.22 < 1!0.1 < 2!1.0b2`,
  ],
  npm: [
    compareNpmVersions,
    `0.0.0 < 0.0.1 < 0.1.0 < 1.0.0-0 < 1.0.0-1.1 < 1.0.0-1.a < 1.0.0-999 < 1.0.0-A < 1.0.0-alpha < 1.0.0-alpha.1 <
     1.0.0-alpha.beta < 1.0.0-beta < 1.0.0-beta.2 < 1.0.0-beta.11 < 1.0.0-rc.1 < 1.0.0 = 1.0.0+build1 = 1.0.0+build2 <
     1.0.1 < 1.2.0 < 1.2.3-- < 1.2.3-0-0 < 1.10.0 < 2.0.0-1 < 2.0.0-a < 2.0.0-a-b < 2.0.0 < 9007199254740991.0.0`,
  ],
}

describe.each(Object.entries(orders))('versions of %s', (_name, [compare, order]) => {
  const ranks = order.split(/\s+<\s+/).map((group) => group.trim().split(' = '))

  it('are in the order that the tool has them in, every pair of them', () => {
    const wrong = ranks.flatMap((left, l) =>
      ranks.flatMap((right, r) =>
        left.flatMap((a) =>
          right.flatMap((b) => (Math.sign(compare(a, b)) === Math.sign(l - r) ? [] : [`${a} ? ${b}`])),
        ),
      ),
    )
    expect(ranks.length).toBeGreaterThan(20)
    expect(wrong).toEqual([])
  })

  it('have one order whichever comes first, whatever is written', () => {
    const text = fc.string({ unit: fc.constantFrom(...'0129.-_+~^abr:!') })
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compare(a, b)) + Math.sign(compare(b, a))).toBe(0)
        expect(Math.sign(compare(a, a))).toBe(0)
      }),
    )
  })
})

describe('comparePacmanVersions()', () => {
  it.each([
    ['1.0-1', '1.0', 0],
    ['1.0', '1.0-2', 0],
    ['1.0-1', '1.0-1.1', -1],
    ['0:1.0-1', '1.0-1', 0],
    ['1.0', '1.0.', -1],
    ['1.0.', '1.0.a', 1],
    ['1.0', '+a', -1],
  ])('%s and %s: %i', (a, b, order) => {
    expect(Math.sign(comparePacmanVersions(a, b))).toBe(order)
  })
})

describe('compareRpmVersions()', () => {
  it.each([
    ['1:1.0-1', '2.0-1', 1],
    ['0:2.0-1', '2.0-1.noarch', 0],
    ['2.0-1', '2.0-2', -1],
    ['2.0', '2.0-2', 0],
    ['1.19-1.x86_64', '1.2-1.x86_64', 1],
  ])('%s and %s: %i', (a, b, order) => {
    expect(Math.sign(compareRpmVersions(a, b))).toBe(order)
  })
})

describe('isRpmVersion()', () => {
  it.each([
    ['1:1.1-1', true],
    ['1:1.1-1.noarch', true],
    ['1.1-1', true],
    ['1.1', true],
    ['1:1.1', true],
    ['2:1.1-1', false],
    ['1.1-2', false],
    ['1:1.1-1.x86_64', false],
    ['1.10-1', false],
  ])('1:1.1-1.noarch as %s: %s', (asked, is) => {
    expect(isRpmVersion('1:1.1-1.noarch', asked)).toBe(is)
  })
})
