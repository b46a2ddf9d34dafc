import { expect, test } from 'vitest'
import { bestChoice, parseLinkGroup } from './alternatives.ts'

// As dpkg 1.21 writes them.
const pager = `auto
/usr/bin/pager
pager.1.gz
/usr/share/man/man1/pager.1.gz

/bin/more
50
/usr/share/man/man1/more.1.gz
/usr/bin/less
77
/usr/share/man/man1/less.1.gz

`
const awk = 'manual\n/usr/bin/cc\n\n/usr/bin/clang\n10\n/usr/bin/gcc\n10\n\n'

test('parseLinkGroup() passes over slaves', () => {
  const group = parseLinkGroup(pager)
  expect(group).toEqual({
    mode: 'auto',
    link: '/usr/bin/pager',
    choices: [
      { path: '/bin/more', priority: 50 },
      { path: '/usr/bin/less', priority: 77 },
    ],
  })
  expect(group && bestChoice(group)?.path).toBe('/usr/bin/less')
})

test('parseLinkGroup() reads a group without slaves, where the first of equals is best', () => {
  const group = parseLinkGroup(awk)
  expect(group).toMatchObject({
    mode: 'manual',
    choices: [{ path: '/usr/bin/clang' }, { path: '/usr/bin/gcc' }],
  })
  expect(group && bestChoice(group)?.path).toBe('/usr/bin/clang')
})

test.each(['', 'auto', 'what\n/x\n\n'])('parseLinkGroup(%j) is no group', (text) => {
  expect(parseLinkGroup(text)).toBeUndefined()
})
