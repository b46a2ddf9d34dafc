import { describe, expect, it } from 'vitest'
import { renderEvidence } from './evidence.ts'

const drift = {
  id: 1,
  resource: 'file:/etc/motd',
  where: 'role/web.ts:3',
  changes: [
    { property: 'content', from: 'a', to: 'b', diff: '-b\n+a\n' },
    { property: 'mode', from: '0666', to: '0644' },
  ],
  seenAt: 0,
}

describe('renderEvidence()', () => {
  it('shows the differences with their diffs, and the log', () => {
    expect(
      renderEvidence({ machine: 'web-1-1', drift: [drift], log: 'last\n' }, 10_000),
    ).toBe(`Machine web-1-1

file:/etc/motd (role/web.ts:3), off since 1970-01-01T00:00:00.000Z
  content:
-b
+a
  mode: 0666 (wanted: 0644)

Last lines of its log:
last
`)
  })

  it.each([
    ['a long log', [drift], 'x'.repeat(100_000)],
    [
      'a long diff',
      [{ ...drift, changes: [{ property: 'p', from: '', to: '', diff: 'y'.repeat(100_000) }] }],
      'z',
    ],
    ['text of many bytes a character', [drift], '\u{1F525}'.repeat(30_000)],
    ['text that is no Unicode', [drift], '\uD800'.repeat(30_000)],
  ])('keeps %s within its bytes', (_, differences, log) => {
    const text = renderEvidence({ machine: 'web-1-1', drift: differences, log }, 65_536)
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(65_536)
    expect(text).toContain('[cut here]')
    expect(text).toContain('file:/etc/motd')
  })

  it('keeps the newest lines of the log', () => {
    const text = renderEvidence({ machine: 'm', drift: [], log: `old\n${'x'.repeat(5_000)}\nnewest` }, 1_000)
    expect(text).toMatch(/newest$/)
    expect(text).not.toContain('old')
  })
})
