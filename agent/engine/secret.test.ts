import { describe, expect, it } from 'vitest'
import type { CatalogResource, ResourceOutcome } from '../../schemas/generated/types.ts'
import { sha256 } from '../../schemas/hash.ts'
import { createRedact, createScrub, fillSecrets } from './secret.ts'

const values = new Map([['db/password', 'hunter2-secret']])

function resource(fields: Partial<CatalogResource>): CatalogResource {
  return { id: 'x:a', type: 'x', title: 'a', params: {}, where: 'site.ts:1', ...fields }
}

describe('fillSecrets()', () => {
  it('fills a content, which gets the name of its bytes', () => {
    const { params, content } = fillSecrets(
      resource({ secrets: [{ at: '/blob', pieces: ['p=', { secret: 'db/password' }, '\n'] }] }),
      values,
    )
    expect(Buffer.from(content ?? []).toString()).toBe('p=hunter2-secret\n')
    expect(params.blob).toEqual({ sha256: sha256('p=hunter2-secret\n'), size: 17 })
  })

  it('fills texts at any depth, and leaves the catalog as it was', () => {
    const given = resource({
      params: { env: { 'A/B~': '[secret db/password]' }, list: ['a', '[secret db/password]'] },
      secrets: [
        { at: '/env/A~1B~0', pieces: [{ secret: 'db/password' }] },
        { at: '/list/1', pieces: [{ secret: 'db/password' }] },
      ],
    })
    expect(fillSecrets(given, values).params).toEqual({
      env: { 'A/B~': 'hunter2-secret' },
      list: ['a', 'hunter2-secret'],
    })
    expect(JSON.stringify(given)).not.toContain('hunter2')
  })

  it.each([
    [
      'a secret that did not come',
      [{ at: '/a', pieces: [{ secret: 'other' }] }],
      'secret "other" did not come',
    ],
    ['a place that is none', [{ at: '/b', pieces: [{ secret: 'db/password' }] }], 'there is no "/b"'],
    [
      'a prototype',
      [{ at: '/__proto__/x', pieces: [{ secret: 'db/password' }] }],
      'there is no "/__proto__/x"',
    ],
  ])('refuses %s', (_, secrets, message) => {
    expect(() => fillSecrets(resource({ params: { a: '' }, secrets }), values)).toThrow(message)
  })
})

describe('createRedact()', () => {
  const outcome = (id: string): ResourceOutcome => ({
    ...{ id, where: 'site.ts:1', outcome: 'changed', durationMs: 1 },
    changes: [
      { property: 'mode', from: '0644', to: '0600' },
      {
        property: 'value',
        from: 'an older value',
        to: 'x hunter2-secret y',
        diff: '-old\n+hunter2-secret\n',
      },
    ],
    output: 'loaded hunter2-secret',
    error: { code: 'apply-failed', message: 'Cannot use "hunter2-secret"' },
  })
  const redact = createRedact(values, (id) => id === 'x:own')

  it('shows of a resource with secrets that it differs, and nothing of what was or is to be', () => {
    const told = redact(outcome('x:own'))
    expect(told.changes).toEqual([
      { property: 'mode', from: '0644', to: '0600' },
      { property: 'value', from: '[redacted]', to: '[redacted]' },
    ])
    expect(told.output).toBe('[redacted]')
    expect(JSON.stringify(told)).not.toMatch(/hunter2|older/)
  })

  it('takes values out of what other resources tell', () => {
    const told = redact(outcome('x:other'))
    expect(told.output).toBe('loaded [redacted]')
    expect(told.changes[1]).toEqual({
      ...{ property: 'value', from: 'an older value', to: 'x [redacted] y' },
      diff: '-old\n+[redacted]\n',
    })
    expect(JSON.stringify(told)).not.toContain('hunter2')
  })
})

it('createScrub() finds lines of a value that a diff has taken apart, and the longest of two values first', () => {
  const scrub = createScrub(
    new Map([
      ['key', 'BEGIN KEY\nabcdefgh12345\nEND'],
      ['short', 'abcd'],
      ['tiny', 'a'],
    ]),
  )
  expect(scrub('+BEGIN KEY\n+abcdefgh12345\n+END a abcd')).toBe('+[redacted]\n+[redacted]\n+END a [redacted]')
})
