import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalName, isAddress, wrongName } from './certificate-name.ts'

describe('canonicalName()', () => {
  it.each([
    ['2001:DB8::7', '2001:db8::7'],
    ['2001:DB8:0:0:0:0:0:7', '2001:db8::7'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['WWW.Example.org', 'www.example.org'],
    ['*.Example.org', '*.example.org'],
    ['192.0.2.7', '192.0.2.7'],
    ['12:34', '12:34'],
    ['http://x:1', 'http://x:1'],
  ])('%s is %s', (name, canonical) => expect(canonicalName(name)).toBe(canonical))

  it('is itself in canonical form, whatever is written', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV6(), fc.ipV4(), fc.domain(), fc.string()), (name) => {
        expect(canonicalName(canonicalName(name))).toBe(canonicalName(name))
      }),
    )
  })
})

it.each(['192.0.2.300', '1.2.3', '192.0.2.07', '1', '1:2', ':::', '1::2::3'])('%s is no address', (name) => {
  expect(isAddress(name)).toBe(true)
  expect(wrongName(name)).toContain('is no address')
})

it.each(['192.0.2.3', '::', '2001:db8::7', 'a.org', '1.example.org', 'localhost'])('%s is taken', (name) => {
  expect(wrongName(name)).toBeUndefined()
})
