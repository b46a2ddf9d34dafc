import { expect, test } from 'vitest'
import type { ArchiveParams } from '../../schemas/generated/types.ts'
import { type ArchiveState, archive } from './archive.ts'

const sha256 = 'a'.repeat(64)
const state: ArchiveState = {
  kind: 'directory',
  isEmpty: false,
  marker: { sha256, strip: 0 },
  isCreated: false,
  owner: 'root',
  group: 'root',
  changed: [],
}
const url = 'https://example.org/a.tar'
const gone: Partial<ArchiveState> = { kind: 'absent', marker: undefined }

test.each<[string, ArchiveParams, Partial<ArchiveState>, string[]]>([
  ['is as wanted', {}, {}, []],
  ['is of the site, as wanted', { blob: { sha256, size: 1 }, sha256: 'b' }, {}, []],
  ['is absent as wanted', { ensure: 'absent' }, gone, []],
  ['has what it creates', { creates: '/opt/app/bin' }, { isCreated: true, marker: undefined }, []],
  ['is absent', {}, gone, ['ensure: absent -> present']],
  ['is there and should not be', { ensure: 'absent' }, {}, ['ensure: present -> absent']],
  [
    'is something else',
    {},
    { kind: 'file', marker: undefined },
    ['ensure: a file that is no unpacked archive -> present'],
  ],
  ['lacks what it creates', { creates: '/opt/app/bin' }, {}, ['creates: absent -> /opt/app/bin']],
  ['is another', { sha256: 'b'.repeat(64) }, {}, [`sha256: ${sha256} -> ${'b'.repeat(64)}`]],
  ['was stripped otherwise', { strip: 1 }, {}, ['strip: 0 -> 1']],
  ['was never verified', { verify: true }, {}, ['verify: false -> true']],
  [
    'was changed',
    { verify: true },
    { marker: { sha256, strip: 0, files: {} }, changed: ['a', 'b', 'c', 'd', 'e', 'f'] },
    ['files: changed: a, b, c, d, e, and 1 more -> as unpacked'],
  ],
  ['belongs to another', { owner: 'www', group: 'www' }, {}, ['owner: root -> www', 'group: root -> www']],
])('diff() of one that %s', (_title, params, more, changes) => {
  const wanted = {
    id: 'archive:/opt/app',
    title: '/opt/app',
    params: { url, sha256, ...params },
    where: 'a.ts:1',
  } as const
  const found = archive.diff(wanted, { ...state, ...more })
  expect(found.map(({ property, from, to }) => `${property}: ${from} -> ${to}`)).toEqual(changes)
})
