import { expect, test } from 'vitest'
import { writeError } from './write-error.ts'

test.each([
  ['ENOSPC', 'no space is left on the file system', 'df -h "/etc"'],
  ['EROFS', 'the file system is read-only', 'findmnt -T "/etc"'],
  ['EPERM', 'the kernel does not permit it', 'lsattr -d "/etc/motd" "/etc"'],
  ['ENOENT', 'directory "/etc" does not exist', 'Declare file "/etc"'],
  ['ENOTDIR', '"/etc" is not a directory', undefined],
])('writeError() says what %s means and what to do', (code, text, hint) => {
  const error = writeError('/etc/motd', Object.assign(new Error(code), { code }), 'all')
  expect(error).toMatchObject({
    code: 'apply-failed',
    message: `Cannot write "/etc/motd": ${text} (${code})`,
    kept: 'all',
  })
  if (hint !== undefined) expect(error.hint).toContain(hint)
})

test('writeError() keeps an error that it does not know as the cause', () => {
  const cause = Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })
  expect(writeError('/etc/motd', cause, 'all')).toMatchObject({ message: 'Cannot write "/etc/motd"', cause })
})
