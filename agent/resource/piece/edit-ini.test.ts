import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { IniSettingParams } from '../../../schemas/generated/types.ts'
import { editIni } from './edit-ini.ts'

/** From Debian's mariadb-server, php8.2-cli and git, shortened. */
const mycnf = `# The MariaDB configuration file

[client-server]
# Port or socket location where to connect
# port = 3306
socket = /run/mysqld/mysqld.sock

[mysqld]
skip-name-resolve
max_connections        = 100  # as many as fit
bind-address            = 127.0.0.1

!includedir /etc/mysql/conf.d/
`
const php =
  '[PHP]\nengine = On\n; Maximum\nmemory_limit = 128M ; per request\nerror_log="a ; b"\n\n[Date]\n;date.timezone =\n'
const git =
  '[core]\n\tbare = false\n[remote "origin"]\n\turl = a\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n'
const unit =
  '[Unit]\nDescription=a ; b\n\n[Service]\nExecStart=/bin/x \\\n  --flag\nEnvironment=A=1\nEnvironment=B=2\n'

type Given = Omit<IniSettingParams, 'path'> & { readonly path?: string }

function edit(params: Given, text: string): string {
  return editIni({ path: '/etc/x.ini', ...params }, text).text
}

const systemd = '/etc/systemd/system/x.service'

describe('editIni()', () => {
  test.each<readonly [string, Given, string, string]>([
    [
      'in sync, whatever the separator',
      { section: 'mysqld', setting: 'max_connections', value: 100 },
      mycnf,
      mycnf,
    ],
    ['in sync: a flag', { section: 'mysqld', setting: 'skip-name-resolve', flag: true }, mycnf, mycnf],
    [
      'in sync: quotes are part of the value',
      { section: 'PHP', setting: 'error_log', value: '"a ; b"' },
      php,
      php,
    ],
    [
      'in sync: a value with ; in a unit',
      { path: systemd, section: 'Unit', setting: 'Description', value: 'a ; b' },
      unit,
      unit,
    ],
    [
      'changes the value, keeps alignment and comment',
      { section: 'mysqld', setting: 'max_connections', value: 500 },
      mycnf,
      mycnf.replace('= 100', '= 500'),
    ],
    [
      'keeps a comment with ;',
      { section: 'PHP', setting: 'memory_limit', value: '256M' },
      php,
      php.replace('128M', '256M'),
    ],
    [
      'takes what looks like a comment for the value in a unit',
      { path: systemd, section: 'Unit', setting: 'Description', value: 'a' },
      unit,
      unit.replace('a ; b', 'a'),
    ],
    [
      'takes all lines of a value that goes on',
      { path: systemd, section: 'Service', setting: 'ExecStart', value: '/bin/y' },
      unit,
      unit.replace('/bin/x \\\n  --flag', '/bin/y'),
    ],
    [
      'writes a new one as its neighbours are',
      { section: 'remote "origin"', setting: 'pushurl', value: 'b' },
      git,
      `${git}\tpushurl = b\n`,
    ],
    [
      'writes a new one into the right section, above the blank line',
      { section: 'mysqld', setting: 'port', value: 3307 },
      mycnf,
      mycnf.replace('\n!include', 'port = 3307\n\n!include').replace('\n\nport', '\nport'),
    ],
    ['adds a flag', { section: 'Date', setting: 'x', flag: true }, php, `${php}x\n`],
    [
      'adds below a comment of an empty section',
      { section: 'Date', setting: 'tz', value: 'UTC' },
      php,
      `${php}tz = UTC\n`,
    ],
    ['makes a section', { section: 'new', setting: 'a', value: true }, 'x=1\n', 'x=1\n\n[new]\na=true\n'],
    ['makes a file', { section: 'new', setting: 'a', value: 'b' }, '', '[new]\na = b\n'],
    [
      'sets above the first section',
      { setting: 'a', value: 1 },
      '# c\n\n[s]\nx=1\n',
      '# c\na=1\n\n[s]\nx=1\n',
    ],
    ['keeps CRLF', { section: 's', setting: 'b', value: 2 }, '[s]\r\na=1\r\n', '[s]\r\na=1\r\nb=2\r\n'],
    [
      'another separator',
      { section: 's', setting: 'a', value: 2, separator: ': ' },
      '[s]\na : 1\nb: x=y\n',
      '[s]\na : 2\nb: x=y\n',
    ],
    [
      'white space as the separator',
      { setting: 'Port', value: 2, separator: ' ' },
      'Port  1\nHost a\n',
      'Port  2\nHost a\n',
    ],
    ['an empty value', { setting: 'a', value: '' }, 'a = 1\n', 'a =\n'],
    [
      'ignores case when told',
      { section: 'S', setting: 'A', value: 2, ignoreCase: true },
      '[s]\na = 1\n',
      '[s]\na = 2\n',
    ],
    ['does not ignore case', { section: 's', setting: 'A', value: 2 }, '[s]\na = 1\n', '[s]\na = 1\nA = 2\n'],
    ['the first', { setting: 'a', value: 3, repeated: 'first' }, 'a=1\na=2\n', 'a=3\na=2\n'],
    ['the last', { setting: 'a', value: 3, repeated: 'last' }, 'a=1\na=2\n', 'a=1\na=3\n'],
    [
      'a section in two parts',
      { section: 's', setting: 'b', value: 1 },
      '[s]\na=1\n[t]\n[s]\nb=2\n',
      '[s]\na=1\n[t]\n[s]\nb=1\n',
    ],
    [
      'absent: every occurrence',
      { ensure: 'absent', section: 'Service', setting: 'Environment' },
      unit,
      unit.replace(/Environment=.*\n/g, ''),
    ],
    [
      'absent: with the lines that it goes on in',
      { ensure: 'absent', section: 'Service', setting: 'ExecStart' },
      unit,
      unit.replace('ExecStart=/bin/x \\\n  --flag\n', ''),
    ],
    ['absent in sync', { ensure: 'absent', section: 'PHP', setting: 'date.timezone' }, php, php],
    ['a comment is no setting', { setting: 'a', value: 1 }, '#a = 1\n', '#a = 1\na = 1\n'],
    ['an apostrophe is no quote', { setting: 'a', value: 'x' }, "a = don't ; c\n", 'a = x ; c\n'],
    ['an empty value before a comment', { setting: 'a', value: '' }, 'a = 1 ; c\n', 'a = ; c\n'],
    [
      'an empty value before a comment without a space',
      { setting: 'a', value: '' },
      'a = 1 #c\n',
      'a = # c\n',
    ],
    ['a value where only a comment stood', { setting: 'a', value: 'x' }, 'a = ; c\n', 'a = x ; c\n'],
    ['a colour is no comment', { setting: 'a', value: '#000' }, 'a = #fff\n', 'a = #000\n'],
    [
      'above the first section, and not between it and its comment',
      { setting: 'a', value: 1 },
      '# licence\n\n# about s\n[s]\nx=1\n',
      '# licence\na=1\n\n# about s\n[s]\nx=1\n',
    ],
    [
      'into an empty section, and not below the comment of the next',
      { section: 's', setting: 'a', value: 1 },
      '[s]\n\n# about t\n[t]\nx=1\n',
      '[s]\na=1\n\n# about t\n[t]\nx=1\n',
    ],
    [
      'absent in a unit: comments among the lines that it goes on in go too',
      { path: systemd, ensure: 'absent', section: 's', setting: 'a' },
      '[s]\na=1 \\\n# c\n 2\nb=1\n',
      '[s]\nb=1\n',
    ],
    ['a wanted value with a comment in it', { setting: 'a', value: 'x # y' }, 'a = 1 # c\n', 'a = x # y\n'],
  ])('%s', (_, params, before, after) => {
    expect(edit(params, before)).toBe(after)
    expect(edit(params, after)).toBe(after)
  })

  test('refuses a setting that stands twice', () => {
    expect(() =>
      edit({ path: systemd, section: 'Service', setting: 'Environment', value: 'C=3' }, unit),
    ).toThrow('"Environment" stands in lines 7 and 8')
  })

  test('refuses a value that the line below would become a part of, and takes it where it is there', () => {
    const wanted = { setting: 'a', value: 'C:\\' }
    expect(() => edit(wanted, 'a = 1\nb = 2\n')).toThrow('the value ends in a backslash')
    expect(() => edit(wanted, '')).toThrow('the value ends in a backslash')
    expect(edit(wanted, 'b = 2\na = C:\\\n')).toBe('b = 2\na = C:\\\n')
  })

  test('refuses to write below a value that has not ended', () => {
    expect(() => edit({ setting: 'b', value: 1 }, 'a = 1\\\n')).toThrow('line 1 ends in a backslash')
  })

  test('refuses to change a value that may go on in deeper lines, and no other', () => {
    const setup = '[options]\ninstall_requires = a\n  b\n  c\nname = x\n'
    expect(() => edit({ section: 'options', setting: 'install_requires', value: 'z' }, setup)).toThrow(
      'line 3 is indented deeper',
    )
    expect(edit({ section: 'options', setting: 'name', value: 'y' }, setup)).toBe(setup.replace('= x', '= y'))
    // What is left of the value would become a part of the one above.
    const removed = { ensure: 'absent', section: 'options', setting: 'install_requires' } as const
    expect(() => edit(removed, setup)).toThrow('line 3 is indented deeper')
  })

  test.each([
    ['an equals sign of another kind', 'a = 1\n  b==2\n'],
    ['what looks like a setting below no value', 'a =\n  b = 2\n'],
  ])('refuses to change a value that may go on with %s', (_, text) => {
    expect(() => edit({ setting: 'a', value: 'z' }, text)).toThrow('line 2 is indented deeper')
  })

  test('changes a value above a setting that is indented deeper', () => {
    expect(edit({ setting: 'a', value: 'z' }, 'a = 1\n  b = 2\n')).toBe('a = z\n  b = 2\n')
  })
})

const lines = fc
  .array(
    fc.oneof(
      fc
        .constantFrom('', '# c', '; d', '[s]', '[t]', 'a = 1', 'b=2 ; x', '\tc = "q # r"', 'flag', '  e : f')
        .map((one) => [one]),
      fc.constant(['d = x \\', '  y']),
    ),
  )
  .map((parts) => parts.flat())

test('editIni() is idempotent, is read back, and takes away what it has added, every other line as it was', () => {
  fc.assert(
    fc.property(
      lines,
      fc.constantFrom('\n', '\r\n'),
      fc.constantFrom('', 's', 't', 'new'),
      fc.constantFrom('v', '"q ; r"', 'x # y', '', 'a=b'),
      (given, eol, section, value) => {
        const before = given.map((one) => one + eol).join('')
        const mine = { section, setting: 'mine' }
        const added = edit({ ...mine, value }, before)
        expect(edit({ ...mine, value }, added)).toBe(added)
        const changed = edit({ ...mine, value: 'other' }, added)
        expect(edit({ ...mine, value: 'other' }, changed)).toBe(changed)
        const removed = edit({ ...mine, ensure: 'absent' }, changed)
        // A section that was made stays.
        if (section !== '' && !before.includes(`[${section}]`)) expect(removed.startsWith(before)).toBe(true)
        else expect(removed).toBe(before)
      },
    ),
  )
})
