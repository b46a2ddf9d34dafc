import { expect, test } from 'vitest'
import { makerOf, temporaryName } from './temporary-name.ts'

test('temporaryName() is hidden, says who made it, and ends as the real name does', () => {
  const name = temporaryName('nginx.conf')
  expect(name).toMatch(/^\.rekindle-\d+-[0-9a-f]{32}-nginx\.conf$/)
  expect(makerOf(name)).toBe(process.pid)
  expect(temporaryName('nginx.conf')).not.toBe(name)
})

test.each(['x'.repeat(255), 'ü'.repeat(127)])(
  'temporaryName() fits what the kernel allows for "%s"',
  (name) => {
    expect(Buffer.byteLength(temporaryName(name))).toBeLessThanOrEqual(255)
  },
)

test.each(['.rekindle-notes', 'rekindle-1-x', '.rekindle-12-abc-motd', 'motd', '.motd.swp'])(
  'makerOf() knows "%s" as none of ours',
  (name) => {
    expect(makerOf(name)).toBeUndefined()
  },
)
