import { describe, expect, test } from 'vitest'
import { contain } from '../contain.ts'
import { complain, type TypeRule } from '../parameter.ts'
import type { ResourceTypeName } from '../reference.ts'
import { role } from '../role.ts'
import { compile } from '../testing.ts'
import { pkg } from './package.ts'
import {
  fileBlock,
  fileBlockRule,
  fileLine,
  fileLineRule,
  hostEntryRule,
  iniSettingRule,
  jsonSettingRule,
  limitsRule,
  tomlSettingRule,
  yamlSettingRule,
} from './piece.ts'

type Row = readonly [type: ResourceTypeName, params: object, rule: TypeRule]
const path = '/etc/x'

test.each<Row>([
  ['file_line', { path, line: 'a' }, fileLineRule],
  ['file_line', { path, line: '' }, fileLineRule],
  ['file_line', { path, line: 'Port 1', match: '(?i:^port )', multiple: true, append: false }, fileLineRule],
  ['file_line', { path, ensure: 'absent', match: '^a' }, fileLineRule],
  ['file_block', { path, content: '' }, fileBlockRule],
  ['file_block', { path, ensure: 'absent', comment: '<!--', suffix: '-->' }, fileBlockRule],
  ['ini_setting', { path, section: 'remote "a"', setting: 'a b', value: '"x ; y"' }, iniSettingRule],
  ['ini_setting', { path, setting: 'a', value: '' }, iniSettingRule],
  ['ini_setting', { path, setting: 'skip', flag: true }, iniSettingRule],
  ['ini_setting', { path, setting: 'a', ensure: 'absent' }, iniSettingRule],
  ['json_setting', { path, key: ['a', 0], value: null }, jsonSettingRule],
  ['yaml_setting', { path, key: ['a'], value: { b: ['\\ud800 as text'] } }, yamlSettingRule],
  ['toml_setting', { path, key: ['a', 'b'], value: 1.5 }, tomlSettingRule],
  ['host_entry', { ip: '10.0.0.1', aliases: ['a.example.org'], comment: '' }, hostEntryRule],
  ['host_entry', { ip: '2001:db8::1' }, hostEntryRule],
  ['host_entry', { ensure: 'absent' }, hostEntryRule],
  ['limits', { domain: '@a', type: '-', item: 'nofile', value: 'unlimited' }, limitsRule],
  ['limits', { domain: '*', type: 'soft', item: 'nice', value: -5 }, limitsRule],
  ['limits', { domain: 'a', type: '-', item: 'chroot', value: '/srv' }, limitsRule],
])('%s takes %j', (type, params, rule) => {
  expect(complain({ type, title: 'title', params: { ...params }, rule })).toEqual([])
})

describe('refused at compile', () => {
  test.each<readonly [...Row, said: string]>([
    ['file_line', { path }, fileLineRule, 'needs a "line"'],
    ['file_line', { path: 'etc/x', line: 'a' }, fileLineRule, '"path"'],
    ['file_line', { path, line: 'a\nb' }, fileLineRule, '"line"'],
    ['file_line', { path, line: 'a', match: '^b' }, fileLineRule, '"line" does not match "match"'],
    ['file_line', { path, line: 'a', match: '(' }, fileLineRule, '"match" is no regular expression'],
    ['file_line', { path, line: 'a', after: '[' }, fileLineRule, '"after" is no regular expression'],
    ['file_line', { path, line: 'a', after: 'a', before: 'b' }, fileLineRule, 'exclude each other'],
    ['file_line', { path, line: 'a', multiple: true }, fileLineRule, 'goes with "match" only'],
    ['file_line', { path, ensure: 'absent' }, fileLineRule, 'absence needs'],
    ['file_line', { path, ensure: 'absent', line: 'a', match: 'a' }, fileLineRule, 'not both'],
    ['file_line', { path, ensure: 'absent', line: 'a', after: 'a' }, fileLineRule, 'does not go with'],
    ['file_block', { path }, fileBlockRule, 'needs a "content"'],
    ['file_block', { path, content: 'x\n# END REKINDLE a\n' }, fileBlockRule, 'has a marker line'],
    ['file_block', { path, content: 'x', name: 'a\nb' }, fileBlockRule, '"name"'],
    ['ini_setting', { path, setting: 'a' }, iniSettingRule, 'needs a "value"'],
    ['ini_setting', { path, setting: 'a', value: 1, flag: true }, iniSettingRule, 'needs a "value"'],
    ['ini_setting', { path, setting: 'a=b', value: 1 }, iniSettingRule, 'has the separator'],
    ['ini_setting', { path, setting: '#a', value: 1 }, iniSettingRule, '"setting"'],
    ['ini_setting', { path, setting: 'a', value: 'x\ny' }, iniSettingRule, '"value"'],
    ['ini_setting', { path, setting: 'a', value: ' x' }, iniSettingRule, '"value"'],
    ['json_setting', { path, key: [], value: 1 }, jsonSettingRule, '"key"'],
    ['json_setting', { path, key: ['a'] }, jsonSettingRule, 'needs a "value"'],
    ['json_setting', { path, key: ['a'], value: '\ud800' }, jsonSettingRule, 'no valid Unicode'],
    ['yaml_setting', { path, key: ['a', 0], ensure: 'absent' }, yamlSettingRule, 'an item of a list'],
    ['yaml_setting', { path, key: ['a', -1], value: 1 }, yamlSettingRule, '"key'],
    ['toml_setting', { path, key: ['a'], value: { b: [null] } }, tomlSettingRule, 'TOML has no null'],
    ['toml_setting', { path, key: [0], value: 1 }, tomlSettingRule, 'begins with a name'],
    ['host_entry', {}, hostEntryRule, 'needs an "ip"'],
    ['host_entry', { ip: '10.0.0.256' }, hostEntryRule, '"ip" is no address'],
    ['host_entry', { ip: '10.0.0' }, hostEntryRule, '"ip"'],
    ['host_entry', { ip: '10.0.0.1', aliases: ['title'] }, hostEntryRule, 'the name itself'],
    ['host_entry', { ip: '10.0.0.1', comment: 'a\nb' }, hostEntryRule, '"comment"'],
    ['limits', { domain: 'a', type: '-', item: 'nofile' }, limitsRule, 'needs a "value"'],
    ['limits', { domain: 'a b', type: '-', item: 'nofile', value: 1 }, limitsRule, '"domain"'],
    ['limits', { domain: 'a', type: '-', item: 'nofile', value: -5 }, limitsRule, 'nice and priority only'],
    ['limits', { domain: 'a', type: '-', item: 'files', value: 1 }, limitsRule, '"item"'],
    ['limits', { domain: 'a', type: '-', item: 'nofile', value: '/a' }, limitsRule, 'chroot'],
  ])('%s %j', (type, params, rule, said) => {
    const messages = complain({ type, title: 'title', params: { ...params }, rule }).map(
      ({ message }) => message,
    )
    expect(messages.join('\n')).toContain(said)
  })

  test('titles that cannot be names', () => {
    const said = (type: ResourceTypeName, title: string, params: object, rule: TypeRule) =>
      complain({ type, title, params: { ...params }, rule }).map(({ message }) => message)
    expect(said('file_block', 'a\nb', { path, content: '' }, fileBlockRule)).toEqual([
      'the title cannot stand in a marker: give a "name"',
    ])
    expect(said('host_entry', 'a b', { ip: '10.0.0.1' }, hostEntryRule)).toEqual([
      'the title is no name of a host: give a "name"',
    ])
    expect(said('host_entry', 'a b', { ip: '10.0.0.1', name: 'a' }, hostEntryRule)).toEqual([])
  })
})

test('a RegExp reaches the catalog as text, with its flags inside', () => {
  const catalog = compile(
    role('web', () => {
      fileLine('plain', { path, line: 'Port 1', match: /^Port\s/g, after: '^x' })
      fileLine('flag', { path, line: 'Port 2', match: /^port\s/i })
    }),
  )
  expect(catalog.find('file_line', 'plain').params).toMatchObject({ match: '^Port\\s', after: '^x' })
  expect(catalog.find('file_line', 'flag').params.match).toBe('(?i:^port\\s)')
})

// "before" was taken for an edge, so that no author could give the pattern.
test('"before" of a line or block is a pattern, also in a container that comes before something', () => {
  const catalog = compile(
    role('web', () => {
      const last = pkg('last')
      fileLine('alone', { path, line: 'Port 1', before: /^Match\s/ })
      contain('all', { before: last }, () => {
        fileBlock('inside', { path, content: 'x', before: '^</Virtual' })
      })
    }),
  )
  expect(catalog.find('file_line', 'alone')).toMatchObject({ params: { before: '^Match\\s' }, before: [] })
  expect(catalog.find('file_block', 'inside')).toMatchObject({
    params: { before: '^</Virtual' },
    before: ['package:last'],
  })
})
