import { describe, expect, it } from 'vitest'
import type { FileParams } from '../../../schemas/generated/types.ts'
import { diff } from './diff.ts'
import { namesIn } from './names.ts'
import type { FileState } from './state.ts'

const names = namesIn('root:x:0:0::/root:/bin/sh\nwww:x:33:33::/:/bin/sh\n', 'root:x:0:\nwww:x:33:\n')
const oldHash = `aaaaaaaa${'0'.repeat(56)}`
const newHash = `bbbbbbbb${'0'.repeat(56)}`
const blob = { sha256: newHash, size: 3 }
const nothing = { uid: 0, gid: 0, mode: 0, size: 0, target: undefined, digest: undefined, names }
const absent: FileState = { ...nothing, kind: 'absent' }
const file: FileState = {
  ...nothing,
  kind: 'file',
  mode: 0o644,
  size: 3,
  digest: { algorithm: 'sha256', hex: newHash },
}
const oldFile: FileState = { ...file, digest: { algorithm: 'sha256', hex: oldHash } }
const directory: FileState = { ...nothing, kind: 'directory', mode: 0o755, size: 4096 }
const link: FileState = { ...nothing, kind: 'symlink', mode: 0o777, size: 5, target: '/a' }

interface Case {
  readonly title: string
  readonly params: FileParams
  readonly actual: FileState
}

function changesOf({ params, actual }: Case): readonly string[] {
  const wanted = { id: 'file:/etc/motd', title: '/etc/motd', params, where: 'site.ts:1' } as const
  return diff(wanted, actual).map(({ property, from, to }) => `${property}: ${from} -> ${to}`)
}

describe('diff() is empty when', () => {
  it.each<Case>([
    {
      title: 'content, owner, group and mode meet',
      params: { blob, owner: 'root', group: 'root', mode: '0644' },
      actual: file,
    },
    { title: 'mode "644" meets 0644', params: { mode: '644' }, actual: file },
    {
      title: 'mode "0755" meets a directory’s 0755',
      params: { ensure: 'directory', mode: '0755' },
      actual: directory,
    },
    { title: 'owner "33" meets www', params: { owner: '33' }, actual: { ...file, uid: 33 } },
    { title: 'only existence is managed', params: {}, actual: oldFile },
    { title: 'replace is false and content differs', params: { blob, replace: false }, actual: oldFile },
    {
      title: 'replace is false and size differs',
      params: { blob, replace: false },
      actual: { ...oldFile, size: 9 },
    },
    { title: 'the link points there', params: { target: '/a' }, actual: link },
    { title: 'a link has another mode', params: { target: '/a', mode: '0644' }, actual: link },
    { title: 'what is to be absent is', params: { ensure: 'absent', blob, owner: 'www' }, actual: absent },
  ])('$title', (one) => {
    expect(changesOf(one)).toEqual([])
  })
})

describe('diff() tells when', () => {
  it.each<Case & { changes: readonly string[] }>([
    {
      title: 'a file is missing',
      params: { blob, mode: '0600', owner: 'www' },
      actual: absent,
      changes: ['ensure: absent -> file', 'content: null -> sha256:bbbbbbbb'],
    },
    { title: 'an empty file is missing', params: {}, actual: absent, changes: ['ensure: absent -> file'] },
    {
      title: 'a directory is missing',
      params: { ensure: 'directory' },
      actual: absent,
      changes: ['ensure: absent -> directory'],
    },
    {
      title: 'a link is missing',
      params: { target: '/b' },
      actual: absent,
      changes: ['ensure: absent -> symlink', 'target: null -> /b'],
    },
    {
      title: 'content differs',
      params: { blob },
      actual: oldFile,
      changes: ['content: sha256:aaaaaaaa -> sha256:bbbbbbbb'],
    },
    {
      title: 'size differs and nothing was hashed',
      params: { blob },
      actual: { ...file, size: 9, digest: undefined },
      changes: ['content: 9 bytes -> sha256:bbbbbbbb'],
    },
    {
      title: 'sensitive content differs',
      params: { blob, sensitive: true },
      actual: oldFile,
      changes: ['content: [redacted] -> [redacted]'],
    },
    {
      title: 'a sensitive file is missing',
      params: { blob, sensitive: true },
      actual: absent,
      changes: ['ensure: absent -> file', 'content: null -> [redacted]'],
    },
    {
      title: 'replace is false and mode differs',
      params: { blob, replace: false, mode: '0600' },
      actual: oldFile,
      changes: ['mode: 0644 -> 0600'],
    },
    {
      title: 'owner and group differ',
      params: { owner: 'www', group: 'www' },
      actual: file,
      changes: ['owner: root -> www', 'group: root -> www'],
    },
    {
      title: 'nobody has the owner’s id',
      params: { owner: 'root' },
      actual: { ...file, uid: 77 },
      changes: ['owner: 77 -> root'],
    },
    {
      title: 'the wanted owner does not exist',
      params: { owner: 'nobody-such' },
      actual: file,
      changes: ['owner: root -> nobody-such'],
    },
    {
      title: 'setuid is off',
      params: { mode: '4755' },
      actual: { ...file, mode: 0o755 },
      changes: ['mode: 0755 -> 4755'],
    },
    {
      title: 'a directory has no x bit, which stays as written',
      params: { ensure: 'directory', mode: '0644' },
      actual: directory,
      changes: ['mode: 0755 -> 0644'],
    },
    {
      title: 'a link points elsewhere',
      params: { target: '/b' },
      actual: link,
      changes: ['target: /a -> /b'],
    },
    {
      title: 'a link’s owner differs',
      params: { target: '/a', owner: 'www' },
      actual: link,
      changes: ['owner: root -> www'],
    },
    {
      title: 'a FIFO stands there',
      params: { blob },
      actual: { ...file, kind: 'fifo' },
      changes: ['ensure: fifo -> file', 'content: null -> sha256:bbbbbbbb'],
    },
    {
      title: 'a directory stands there',
      params: { blob },
      actual: directory,
      changes: ['ensure: directory -> file', 'content: null -> sha256:bbbbbbbb'],
    },
    { title: 'a link stands there', params: {}, actual: link, changes: ['ensure: symlink -> file'] },
    {
      title: 'a file is to go',
      params: { ensure: 'absent' },
      actual: file,
      changes: ['ensure: file -> absent'],
    },
    {
      title: 'a directory is to go, without force',
      params: { ensure: 'absent' },
      actual: directory,
      changes: ['ensure: directory -> absent'],
    },
  ])('$title', ({ changes, ...one }) => {
    expect(changesOf(one)).toEqual(changes)
  })
})
