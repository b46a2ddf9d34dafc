import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HostEntryParams } from '../../../schemas/generated/types.ts'
import { hostEntry } from '../host-entry.ts'
import type { TextFile } from '../text-file.ts'
import { type HostsEntry, parseHosts, setHostsEntry } from './hosts-entry.ts'

/** From Debian, with lines that people have broken. */
const text = `127.0.0.1\tlocalhost
::1     localhost ip6-localhost ip6-loopback
ff02::1 ip6-allnodes

# The following lines
10.0.0.5  db db.example.org   # primary
10.0.0.999 broken
10.0.0.7
nonsense here
fe80::1%eth0 router
`

test('parseHosts() leaves out comments and what is no entry', () => {
  expect(parseHosts(text)).toEqual([
    { ip: '127.0.0.1', name: 'localhost', aliases: [], comment: '' },
    { ip: '::1', name: 'localhost', aliases: ['ip6-localhost', 'ip6-loopback'], comment: '' },
    { ip: 'ff02::1', name: 'ip6-allnodes', aliases: [], comment: '' },
    { ip: '10.0.0.5', name: 'db', aliases: ['db.example.org'], comment: 'primary' },
    { ip: 'fe80::1%eth0', name: 'router', aliases: [], comment: '' },
  ])
})

function file(content: string | undefined): TextFile {
  return {
    path: '/etc/hosts',
    kind: content === undefined ? 'absent' : 'file',
    text: content,
    mode: 0o644,
    uid: 0,
    gid: 0,
  }
}

function properties(title: string, params: HostEntryParams, content: string | undefined = text) {
  const wanted = { id: `host_entry:${title}`, title, params, where: 'a.ts:1' } as const
  return hostEntry.diff(wanted, file(content)).map(({ property }) => property)
}

describe('host_entry diff()', () => {
  test.each<readonly [string, string, HostEntryParams, readonly string[]]>([
    ['in sync', 'db', { ip: '10.0.0.5' }, []],
    ['in sync with all', 'db', { ip: '10.0.0.5', aliases: ['db.example.org'], comment: 'primary' }, []],
    ['in sync in another case', 'DB', { ip: '10.0.0.5' }, []],
    ['in sync: one family does not see the other', 'localhost', { ip: '::1' }, []],
    ['ip', 'db', { ip: '10.0.0.6' }, ['ip']],
    ['aliases', 'db', { ip: '10.0.0.5', aliases: [] }, ['aliases']],
    ['comment', 'db', { ip: '10.0.0.5', comment: '' }, ['comment']],
    ['missing', 'web', { ip: '10.0.0.8' }, ['ensure']],
    ['an alias is no entry', 'db.example.org', { ip: '10.0.0.5' }, ['ensure']],
    ['the other family is missing', 'db', { ip: '2001:db8::5' }, ['ensure']],
    ['absent in sync', 'web', { ensure: 'absent' }, []],
    ['absent', 'db', { ensure: 'absent' }, ['ensure']],
    ['absent: another address', 'db', { ensure: 'absent', ip: '10.0.0.6' }, []],
  ])('%s', (_, title, params, wanted) => expect(properties(title, params)).toEqual(wanted))

  test('an empty file, and a name that stands twice', () => {
    expect(properties('db', { ip: '10.0.0.5' }, '')).toEqual(['ensure'])
    expect(properties('db', { ip: '10.0.0.5' }, `${text}10.0.0.9 db\n`)).toEqual(['lines'])
  })
})

describe('setHostsEntry()', () => {
  const isDb = ({ name }: HostsEntry) => name === 'db'
  test.each([
    ['address alone', { ip: '10.0.0.6', name: 'db' }, text.replace('0.5', '0.6').replace('org   #', 'org #')],
    ['aliases', { ip: '10.0.0.5', name: 'db', aliases: [] }, text.replace('db db.example.org   #', 'db #')],
    ['no comment', { ip: '10.0.0.5', name: 'db', comment: '' }, text.replace('   # primary', '')],
    ['nothing', { ip: '10.0.0.5', name: 'db' }, text],
  ])('changes %s', (_, entry, wanted) => expect(setHostsEntry(text, isDb, entry)).toBe(wanted))

  test('takes lines of the same name away, and no malformed ones', () => {
    expect(setHostsEntry(`${text}10.0.0.9 db\n`, isDb, { ip: '10.0.0.5', name: 'db' })).toBe(text)
    expect(setHostsEntry(`db\n10.0.0.9 db\n10.0.0 db\n`, isDb, undefined)).toBe('db\n10.0.0 db\n')
  })
})

const lines = fc.array(
  fc.constantFrom(...text.trimEnd().split('\n'), '10.0.0.9 other', '\t', '1.2.3.4 #mine'),
)
const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9-]{0,5}$/), { maxLength: 3 })

test('setHostsEntry() is idempotent, is read back, and taking the entry away leaves every other line as it was', () => {
  fc.assert(
    fc.property(
      lines,
      names,
      fc.constantFrom('', 'note'),
      fc.constantFrom('\n', '\r\n'),
      (given, aliases, comment, eol) => {
        const isMine = ({ name }: HostsEntry) => name === 'mine'
        const before = given.map((line) => line + eol).join('')
        const entry = { ip: '10.9.9.9', name: 'mine', aliases, comment }
        const added = setHostsEntry(before, isMine, entry)
        expect(setHostsEntry(added, isMine, entry)).toBe(added)
        expect(parseHosts(added).filter(isMine)).toEqual([entry])
        const changed = setHostsEntry(added, isMine, { ip: '10.9.9.8', name: 'mine' })
        expect(parseHosts(changed).filter(isMine)).toEqual([{ ...entry, ip: '10.9.9.8' }])
        expect(setHostsEntry(changed, isMine, undefined)).toBe(before)
      },
    ),
  )
})
