import { describe, expect, it } from 'vitest'
import { complain, isNear, type TypeRule } from './parameter.ts'
import type { ResourceTypeName } from './reference.ts'
import { accountRule } from './resource/account.ts'
import { fileRule } from './resource/file.ts'
import { packageRule } from './resource/package.ts'
import { serviceRule } from './resource/service.ts'

const rules: Partial<Record<ResourceTypeName, TypeRule>> = {
  file: fileRule,
  package: packageRule,
  service: serviceRule,
  user: accountRule,
  group: accountRule,
}
const ruleOf = (type: ResourceTypeName): TypeRule => rules[type] ?? {}

describe('normaliseTitle', () => {
  it.each<[ResourceTypeName, string, string]>([
    ['file', '/a', '/a'],
    ['file', '/a/', '/a'],
    ['file', '//a///b//', '/a/b'],
    ['file', '/a/./b/.', '/a/b'],
    ['file', '/', '/'],
    ['file', '/a/..', '/a/..'],
    ['file', '/a/.hidden', '/a/.hidden'],
    ['service', 'nginx.service', 'nginx'],
    ['service', 'fstrim.timer', 'fstrim.timer'],
    ['package', 'nginx', 'nginx'],
  ])('of %s %s is %s', (type, title, wanted) => {
    expect(ruleOf(type).normaliseTitle?.(title) ?? title).toBe(wanted)
  })
})

describe('complain()', () => {
  const cases: readonly (readonly [ResourceTypeName, string, Record<string, unknown>, readonly string[]])[] =
    [
      ['file', '/a', { content: 'x', mode: '0644' }, []],
      ['file', 'a', {}, ['the title is not an absolute path']],
      ['file', '/a/../b', {}, ['the title has ".." in its path']],
      ['file', '/a', { owner: 3 }, ['parameter "owner": wanted string, found 3']],
      [
        'file',
        '/a',
        { mode: 'rw' },
        [
          'parameter "mode": wanted match pattern "^([0-7]{3,4}|[ugoa]*([-+=][rwxXst]*)+(,[ugoa]*([-+=][rwxXst]*)+)*)$", found "rw"',
        ],
      ],
      ['file', '/a', { ensure: 'symlink' }, ['a symlink needs a "target"']],
      ['file', '/a', { target: '/b' }, []],
      ['file', '/a', { target: '/b', ensure: 'file' }, ['"target" does not go with ensure "file"']],
      ['file', '/a', { content: '', ensure: 'absent' }, ['"content" does not go with ensure "absent"']],
      ['file', '/a', { content: '', source: 'a' }, ['"content" and "source" exclude each other']],
      [
        'file',
        '/a',
        { content: '\ud800' },
        ['"content" is no valid Unicode text: give other bytes as a Buffer'],
      ],
      ['package', 'libssl3:amd64', {}, []],
      ['package', 'nginx; rm -rf /', {}, ['the title is no name of a Debian package']],
      [
        'package',
        'nginx',
        { version: '1', ensure: 'latest' },
        ['"version" does not go with ensure "latest"'],
      ],
      ['service', 'getty@tty1', { enable: 'mask' }, []],
      ['service', 'a b', {}, ['the title is no name of a systemd unit']],
      ['user', 'www-data', {}, []],
      ['user', 'a:b', {}, ['the title is no name of an account']],
      [
        'user',
        'a',
        { groups: ['x', 'x'] },
        [
          'parameter "groups": wanted not to have duplicate items (items ## 1 and 0 are identical), found ["x","x"]',
        ],
      ],
      ['exec', 'e', {}, ['parameter "command": wanted a value, found nothing']],
      ['exec', ' ', { command: 'true' }, ['the title is empty']],
    ]
  it.each(cases)('of %s %s with %j', (type, title, params, wanted) => {
    expect(complain({ type, title, params, rule: ruleOf(type) }).map(({ message }) => message)).toEqual(
      wanted,
    )
  })

  it('names the parameter that was meant, or all there are', () => {
    expect(
      complain({ type: 'group', title: 'g', params: { gdi: 1, colour: 'red' }, rule: accountRule }),
    ).toEqual([
      { message: 'unknown parameter "gdi"', hint: 'Did you mean "gid"?' },
      {
        message: 'unknown parameter "colour"',
        hint: 'Parameters of group: ensure, gid, allowDuplicateId, system, members, membership',
      },
    ])
  })

  it('does not offer what only the compiler sets', () => {
    const [complaint] = complain({ type: 'file', title: '/a', params: { blob: {} }, rule: fileRule })
    expect(complaint?.message).toBe('unknown parameter "blob"')
    expect(complaint?.hint).not.toContain('blob')
  })
})

describe('isNear()', () => {
  it.each([
    ['content', 'contnet', true],
    ['content', 'conten', true],
    ['content', 'contentt', true],
    ['content', 'kontent', true],
    ['refreshOnly', 'refreshonly', true],
    ['owner', 'group', false],
    ['uid', 'gid', true],
    ['content', 'cnotetn', false],
  ])('%s and %s: %s', (known, written, wanted) => {
    expect(isNear(known, written)).toBe(wanted)
  })
})
