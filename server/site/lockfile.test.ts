import { describe, expect, it } from 'vitest'
import { lockfileProblems, neededPackages } from './lockfile.ts'

const integrity = 'sha512-abc='
const lock = (packages: Record<string, unknown>, lockfileVersion: unknown = 3) => ({
  lockfileVersion,
  packages,
})
const problemsOf = (locked: Record<string, unknown>) => lockfileProblems(lock({ 'node_modules/a': locked }))

describe('lockfileProblems()', () => {
  it.each([
    ['a registry', { resolved: 'https://registry.npmjs.org/a/-/a-1.0.0.tgz', integrity }],
    ['a tarball of the site', { resolved: 'file:vendor/a.tgz' }],
    ['a workspace', { resolved: 'packages/a', link: true }],
    ['another package', { inBundle: true }],
    ['a registry that is not written down', { integrity }],
  ])('has none for a package from %s', (_, locked) => {
    expect(problemsOf(locked)).toEqual([])
  })

  it.each([
    ['git', { resolved: 'git+ssh://git@example.org/a.git#abc' }, /it comes from git\+ssh/],
    ['a helper of git', { resolved: 'git+ext::sh -c evil' }, /it comes from git\+ext/],
    ['a file of the server', { resolved: 'file:/etc/secret.tgz' }, /outside of the site/],
    ['above the site', { resolved: 'file:vendor/../../a.tgz' }, /outside of the site/],
    ['a folder beside the site', { resolved: '../a', link: true }, /outside of the site/],
    ['a registry, its bytes unnamed', { resolved: 'https://example.org/a.tgz' }, /no "integrity"/],
    ['nowhere', {}, /no "integrity"/],
  ])('has one for a package from %s', (_, locked, message) => {
    expect(problemsOf(locked)).toEqual([expect.stringMatching(message)])
  })

  it.each([1, null, '3'])('refuses version %s', (version) => {
    expect(lockfileProblems(lock({}, version))).toHaveLength(1)
  })

  it('looks past packages for development and Rekindle’s own', () => {
    const packages = {
      '': {},
      'packages/a': {},
      'node_modules/rekindle': { resolved: '../rekindle', link: true },
      'node_modules/dev': { dev: true, resolved: 'git+https://example.org/dev.git' },
      'node_modules/a/node_modules/b': { integrity },
    }
    expect(lockfileProblems(lock(packages))).toEqual([])
    expect(neededPackages(lock(packages))).toEqual(['node_modules/a/node_modules/b'])
  })

  it.each([null, 'text', { lockfileVersion: 3 }, { lockfileVersion: 3, packages: [] }])(
    'bears %j',
    (value) => {
      expect(neededPackages(value)).toEqual([])
    },
  )
})
