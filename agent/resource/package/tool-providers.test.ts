import { describe, expect, it } from 'vitest'
import { toolProviders } from './tool-providers.ts'

describe.each(toolProviders.map((provider) => [provider.name, provider] as const))('%s', (name, provider) => {
  it('has its name to itself', () => {
    expect(toolProviders.filter((other) => other.name === name)).toEqual([provider])
  })

  it('can hold exactly when it says so', () => {
    expect(provider.hold !== undefined).toBe(provider.features.has('holdable'))
  })

  it.each([
    '',
    '-rf',
    '--root=/',
    '../x',
    'a b',
    'a;b',
    '$(x)',
    'a\nb',
    '*',
    'a*',
    '/etc/passwd',
    '~',
    'a=1',
    'a>1',
  ])(
    'does not take %j for a name, so that no title is an option, a pattern, a version or a path',
    (title) => {
      expect(provider.isName(title)).toBe(false)
    },
  )

  it.each(['guid', 'some-thing', 'some_thing', 'x2', '7zip'])('takes %j for a name', (title) => {
    expect(provider.isName(title)).toBe(true)
  })

  it('has an installed version be what it is', () => {
    for (const version of ['1.0', '1.10.2', '2.0.1']) expect(provider.isVersion(version, version)).toBe(true)
    expect(provider.isVersion('1.0.1', '1.0.2')).toBe(false)
  })
})

it.each([
  ['npm', '@scope/name', true],
  ['npm', '@scope', false],
  ['npm', 'Name', true],
  ['dnf', 'glibc.i686', true],
  ['dnf', 'gcc-c++', true],
  ['dnf', '@development-tools', false],
  ['zypper', 'libstdc++6', true],
  ['pacman', 'gtk2+extra', true],
  ['apk', '.build-deps', false],
  ['pip', 'zope.interface', true],
  ['pip', 'name[extra]', false],
])('%s: is %j a name? %s', (name, title, is) => {
  expect(toolProviders.find((provider) => provider.name === name)?.isName(title)).toBe(is)
})
