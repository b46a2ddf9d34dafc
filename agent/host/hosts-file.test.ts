import fc from 'fast-check'
import { expect, test } from 'vitest'
import { setOwnName } from './hosts-file.ts'

const v6 = '\n# The following lines are desirable for IPv6 capable hosts\n::1     localhost ip6-localhost\n'

test.each<[title: string, before: string, domain: string | undefined, after: string]>([
  [
    'it is right',
    '127.0.0.1\tlocalhost\n127.0.1.1\tnew\n',
    undefined,
    '127.0.0.1\tlocalhost\n127.0.1.1\tnew\n',
  ],
  [
    'it has the old name',
    `127.0.0.1 localhost\n127.0.1.1 old # me\n${v6}`,
    undefined,
    `127.0.0.1 localhost\n127.0.1.1 new # me\n${v6}`,
  ],
  [
    'it has the old name with its domain',
    '127.0.1.1\told.example.org old\n',
    undefined,
    '127.0.1.1\tnew.example.org new\n',
  ],
  [
    'it has another domain',
    '127.0.1.1\tnew.example.org new\n',
    'example.com',
    '127.0.1.1\tnew.example.com new\n',
  ],
  ['it has aliases', '127.0.1.1  old  db older', undefined, '127.0.1.1  new db older'],
  ['there is no line', '127.0.0.1 localhost', 'a.org', '127.0.0.1 localhost\n127.0.1.1\tnew.a.org new\n'],
  ['there is nothing', '', undefined, '127.0.1.1\tnew\n'],
  ['it is commented out', '#127.0.1.1 old\n', undefined, '127.0.1.1\tnew\n#127.0.1.1 old\n'],
])('setOwnName() when %s', (_, before, domain, after) => {
  expect(setOwnName(before, { name: 'new', domain, old: 'old' })).toBe(after)
})

test('setOwnName() is idempotent, and leaves every other line', () => {
  const line = fc.constantFrom(
    '',
    '# x',
    '127.0.0.1 localhost',
    '10.0.0.1\tdb  db.example.org',
    '127.0.1.1 old',
    '127.0.1.1',
  )
  const name = fc.constantFrom('new', 'new.example.org', 'old')
  fc.assert(
    fc.property(
      fc.array(line),
      name,
      fc.option(fc.constant('d.org'), { nil: undefined }),
      (lines, own, domain) => {
        const once = setOwnName(lines.join('\n'), { name: own, domain, old: 'old' })
        expect(setOwnName(once, { name: own, domain, old: own })).toBe(once)
        const foreign = (text: string) =>
          text.split('\n').filter((one) => one !== '' && !one.startsWith('127.0.1.1'))
        expect(foreign(once)).toEqual(foreign(lines.join('\n')))
      },
    ),
  )
})
