import { expect, test } from 'vitest'
import { renderWhole } from './whole.ts'

test('renderWhole() names the files that the folder stands for, and leaves other lines as they are', () => {
  const main = 'Defaults env_reset\n# @includedir is above\n#includedir /etc/sudoers.d\n@include /etc/more\n'
  expect(renderWhole(main, ['/etc/sudoers.d/a', '/etc/sudoers.d/b c'])).toBe(
    'Defaults env_reset\n# @includedir is above\n@include /etc/sudoers.d/a\n@include /etc/sudoers.d/b\\ c\n@include /etc/more\n',
  )
})

test.each([
  ['@includedir /etc/sudoers.d', '@include /x'],
  ['  @includedir\t"/etc/sudoers.d/"  ', '@include /x'],
  ['@includedir sudoers.d', '@include /x'],
  ['@includedir /etc/sudoers.d.old', '@includedir /etc/sudoers.d.old'],
  ['@include local.%h', '@include /etc/local.%h'],
  ['#include "local file"', '#include "/etc/local file"'],
  ['#included', '#included'],
])('renderWhole(%j) is %j', (line, whole) => {
  expect(renderWhole(line, ['/x'])).toBe(whole)
})
