import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { canonical } from './canonical.ts'
import { open, seal } from './envelope.ts'
import { errorShape, RekindleError, renderError } from './errors.ts'
import type { Catalog } from './generated/types.ts'
import { parseResourceId } from './resource-id.ts'
import { diagnose, validate } from './validate.ts'

describe('canonical()', () => {
  it.each([
    [{ b: 1, a: [true, null] }, '{"a":[true,null],"b":1}'],
    // RFC 8785 section 3.2.2.3 and appendix B: numbers as ECMAScript writes them.
    [[1e30, 4.5, 0.002, 1e-27, -0], '[1e+30,4.5,0.002,1e-27,0]'],
    // RFC 8785 section 3.2.3: keys sort by UTF-16 code units, so the emoji comes before U+FB33.
    [{ '\ufb33': 1, '\u{1f600}': 2, '\r': 3, '1': 4 }, '{"\\r":3,"1":4,"\u{1f600}":2,"\ufb33":1}'],
    [{ gone: undefined, stays: '\u20ac$\u000f\n"' }, '{"stays":"€$\\u000f\\n\\""}'],
  ])('renders %j', (value, expected) => {
    expect(canonical(value)).toBe(expected)
  })

  it.each([[Number.NaN], [Number.POSITIVE_INFINITY], [() => 1], [1n], ['\ud800']])('refuses %s', (value) => {
    expect(() => canonical({ value })).toThrow(TypeError)
  })
})

describe('open()', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const catalog: Catalog = {
    version: 1,
    host: 'web-1',
    role: 'web',
    revision: 'r1',
    drift: 'correct',
    resources: [],
  }

  it('gives back the catalog that seal() signed', () => {
    expect(open(seal(catalog, privateKey), publicKey, 'web-1')).toEqual(catalog)
  })

  it('refuses a changed payload, another signer and another host', () => {
    const envelope = seal(catalog, privateKey)
    const changed = { ...envelope, payload: envelope.payload.replace('web-1', 'web-2') }
    expect(() => open(changed, publicKey, 'web-2')).toThrow(/not signed/)
    expect(() => open(seal(catalog, generateKeyPairSync('ed25519').privateKey), publicKey, 'web-1')).toThrow(
      /not signed/,
    )
    expect(() => open(envelope, publicKey, 'web-2')).toThrow(/for host "web-1", not "web-2"/)
  })
})

describe('validate()', () => {
  it('lists everything that is wrong, with path, wanted and found', () => {
    expect(diagnose('resource/file', { mode: 420, colour: 'red' })).toEqual([
      { path: '/colour', wanted: 'no such parameter', found: '"red"' },
      { path: '/mode', wanted: 'string', found: '420' },
    ])
    expect(() => validate('resource/exec', {}, 'exec "x"')).toThrow(
      'Cannot read exec "x": /command: wanted a value, found nothing',
    )
  })
})

describe('RekindleError', () => {
  it('renders the chain of causes once, then where, kept and do', () => {
    const error = new RekindleError({
      code: 'apply-failed',
      message: 'Cannot apply file "/etc/motd"',
      where: 'role/web.ts:12',
      kept: 'the old file',
      cause: new Error('ENOSPC: no space left on device'),
    })
    expect(renderError(error)).toBe(
      'Cannot apply file "/etc/motd": ENOSPC: no space left on device\n  at:     role/web.ts:12\n  kept:   the old file',
    )
    expect(errorShape(error)).toMatchObject({
      code: 'apply-failed',
      where: 'role/web.ts:12',
      kept: 'the old file',
    })
  })
})

it('parseResourceId() splits at the first colon only', () => {
  expect(parseResourceId('file:/srv/a:b')).toEqual({ type: 'file', title: '/srv/a:b' })
  expect(() => parseResourceId('nonsense')).toThrow(/Cannot read resource id/)
})
