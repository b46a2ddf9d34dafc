import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonFormat } from './json-format.ts'
import { editSetting, type Format, type Key, type SettingParams } from './setting.ts'
import { tomlFormat } from './toml-format.ts'
import { yamlFormat } from './yaml-format.ts'

/** A file of each format with the same values, and comments wherever they may stand. */
const json = `{
  // head
  "a": 1, // one
  "server": { "port": 80, "x": [1, 2] },
  /* l */ "list": [
    "x" // ex
  ],
  "obj": {
    "k": "v", // kay
    "l": true // el
  } // tail
}
`
const yaml = `# top
a: 1   # one

server:  # s
    port: 80   # http
    list:
    - x
    - b   # last

# about db
db: {x: 1,  y: 2}
empty:
text: |
  foo
  bar

base: &b
  k: v
der: *b
z: 'q'
`
const toml = `# top
title = "x"   # t

[server]  # s
port = 80
  host = 'a'


# about db
[db]
url="u"
since = 1979-05-27T07:32:00Z
big = 9223372036854775807
[[p]]
n = 1
[[p]]
n = 2

[a.b]
x = """
k = 1
"""
`

type Row = readonly [title: string, params: SettingParams, before: string, after: string]

function check(format: Format): (_: string, params: SettingParams, before: string, after: string) => void {
  return (_, params, before, after) => {
    expect(editSetting(format, params, before).text).toBe(after)
    expect(editSetting(format, params, after).text).toBe(after)
    if (!before.includes('\n')) return
    // The same with the line ends of Windows.
    expect(editSetting(format, params, before.replaceAll('\n', '\r\n')).text).toBe(
      after.replaceAll('\n', '\r\n'),
    )
  }
}

describe('JSON', () => {
  test.each<Row>([
    ['in sync', { key: ['server', 'port'], value: 80 }, json, json],
    ['in sync: an object, whatever its order', { key: ['obj'], value: { l: true, k: 'v' } }, json, json],
    ['absent in sync', { ensure: 'absent', key: ['server', 'host'] }, json, json],
    ['another type', { key: ['server', 'port'], value: '80' }, json, json.replace('80', '"80"')],
    [
      'a member in one line',
      { key: ['server', 'n'], value: [1] },
      json,
      json.replace('[1, 2] }', '[1, 2], "n": [1] }'),
    ],
    [
      'a member with a comment above',
      { key: ['obj', 'm'], value: 2 },
      json,
      json.replace('true // el', 'true, // el\n    "m": 2'),
    ],
    ['an item', { key: ['list', 1], value: 'y' }, json, json.replace('"x" // ex', '"x", // ex\n    "y"')],
    [
      'parents',
      { key: ['n', 'd'], value: 1 },
      json,
      json.replace('} // tail', '}, // tail\n  "n": {\n    "d": 1\n  }'),
    ],
    [
      'an object member by member',
      { key: ['obj'], value: { k: 'w', l: true } },
      json,
      json.replace('"v"', '"w"'),
    ],
    [
      'absent: the last one',
      { ensure: 'absent', key: ['obj', 'l'] },
      json,
      json.replace(',  // kay', '').replace('"v", // kay\n    "l": true // el', '"v" // kay'),
    ],
    [
      'absent: the first one',
      { ensure: 'absent', key: ['obj', 'k'] },
      json,
      json.replace('    "k": "v", // kay\n', ''),
    ],
    [
      'absent: in one line',
      { ensure: 'absent', key: ['server', 'port'] },
      json,
      json.replace('"port": 80, ', ''),
    ],
    ['null is a value', { key: ['a'], value: null }, json, json.replace('"a": 1', '"a": null')],
    ['a new file', { key: ['a', 'b'], value: 1 }, '', '{\n  "a": {\n    "b": 1\n  }\n}\n'],
    ['an empty object', { key: ['a'], value: 1 }, '{}\n', '{\n  "a": 1\n}\n'],
    ['an empty list', { key: ['a', 0], value: 1 }, '{\n\t"a": []\n}\n', '{\n\t"a": [\n\t\t1\n\t]\n}\n'],
    ['a comma at the end', { key: ['b'], value: 2 }, '{\n  "a": 1,\n}\n', '{\n  "a": 1,\n  "b": 2,\n}\n'],
    ['one line', { key: ['b'], value: 2 }, '{"a":1}', '{"a":1, "b": 2}'],
    ['below a comment that is all there is', { key: ['a'], value: 1 }, '// c\n', '// c\n{\n  "a": 1\n}\n'],
    [
      'absent: the last one, its comma before it',
      { ensure: 'absent', key: ['c'] },
      '{\n  "a": 1\n  , "b": 2 // b\n  , "c": 3\n}\n',
      '{\n  "a": 1\n  , "b": 2 // b\n}\n',
    ],
  ])('%s', check(jsonFormat))

  test.each<readonly [string, SettingParams, string, string]>([
    [
      'what is no JSON',
      { key: ['a'], value: 1 },
      '{\n  "a": 1\n  "b": 2\n}',
      'it is no JSON: CommaExpected at line 3, column 3',
    ],
    ['text behind it', { key: ['a'], value: 1 }, '{"a": 1} x', 'at line 1, column 10'],
    ['a member that stands twice', { key: ['a'], value: 1 }, '{"a": 1, "a": 2}', '"a" stands twice'],
    [
      'a string in the way',
      { key: ['a', 'b'], value: 1 },
      '{"a": "x"}',
      '"a" is a string, and not an object',
    ],
    ['a list in the way', { key: ['a', 'b'], value: 1 }, '{"a": []}', '"a" is a list, and not an object'],
    ['a list that is too short', { key: ['a', 2], value: 1 }, '{"a": [1]}', 'the list "a" has 1 items'],
  ])('refuses %s', (_, params, text, said) => {
    expect(() => editSetting(jsonFormat, params, text)).toThrow(said)
  })
})

describe('YAML', () => {
  test.each<Row>([
    ['in sync', { key: ['server', 'port'], value: 80 }, yaml, yaml],
    ['in sync: a list', { key: ['server', 'list'], value: ['x', 'b'] }, yaml, yaml],
    [
      'a value with a comment',
      { key: ['server', 'port'], value: 8080 },
      yaml,
      yaml.replace('80   #', '8080   #'),
    ],
    ['another type', { key: ['server', 'port'], value: '80' }, yaml, yaml.replace('80   #', '"80"   #')],
    [
      'a member',
      { key: ['server', 'host'], value: 'h' },
      yaml,
      yaml.replace('# last\n', '# last\n    host: h\n'),
    ],
    [
      'an item',
      { key: ['server', 'list', 2], value: { a: 1, b: 2 } },
      yaml,
      yaml.replace('# last\n', '# last\n    - a: 1\n      b: 2\n'),
    ],
    ['a flow member', { key: ['db', 'z'], value: [1] }, yaml, yaml.replace('2}', '2, z: [1]}')],
    [
      'parents, where nothing stood',
      { key: ['empty', 'a'], value: { c: 1 } },
      yaml,
      yaml.replace('empty:\n', 'empty:\n  a:\n    c: 1\n'),
    ],
    ['lines', { key: ['text'], value: 'x\ny\n' }, yaml, yaml.replace('foo\n  bar', 'x\n  y')],
    [
      'a list',
      { key: ['server', 'list'], value: ['q'] },
      yaml,
      yaml.replace('    - x\n    - b   # last', '      - q'),
    ],
    ['a new top member', { key: ['new', 'x'], value: true }, yaml, `${yaml}new:\n  x: true\n`],
    ['an anchor in its place', { key: ['base', 'k'], value: 'w' }, yaml, yaml.replace('k: v', 'k: w')],
    ['an anchor stays', { key: ['base'], value: 'w' }, yaml, yaml.replace('base: &b\n  k: v', 'base: &b w')],
    [
      'absent',
      { ensure: 'absent', key: ['server', 'list'] },
      yaml,
      yaml.replace('    list:\n    - x\n    - b   # last\n', ''),
    ],
    ['absent: the only one', { ensure: 'absent', key: ['a', 'b'] }, 'a:\n  b: 1\nc: 2\n', 'a: {}\nc: 2\n'],
    [
      'a string that YAML 1.1 reads as another type',
      { key: ['a'], value: 'yes' },
      'a: yes # y\n',
      'a: "yes" # y\n',
    ],
    ['a truth that YAML 1.2 reads as a string', { key: ['a'], value: true }, 'a: yes\n', 'a: true\n'],
    [
      'in sync: a name that YAML 1.1 reads as another type',
      { key: ['on', 'push'], value: 'x' },
      'on:\n  push: x\n',
      'on:\n  push: x\n',
    ],
    ['a mode', { key: ['a', 'b'], value: '0644' }, '', 'a:\n  b: "0644"\n'],
    ['below comments', { key: ['a', 0], value: 'x' }, '# only\n', '# only\na:\n  - x\n'],
    ['a document with its marks', { key: ['b'], value: 'c' }, '---\na: 1\n...\n', '---\na: 1\nb: c\n...\n'],
    ['a name that is a number', { key: ['8080'], value: 'c' }, '8080: a\n', '8080: c\n'],
    [
      'in a list of objects',
      { key: [1, 'q'], value: 'c' },
      '- x: 1\n-   z: 3\n',
      '- x: 1\n-   z: 3\n    q: c\n',
    ],
    [
      'a list, a comment behind its name',
      { key: ['a'], value: [2] },
      'a:   # c\n  - 1\n',
      'a:   # c\n  - 2\n',
    ],
    [
      'a text, a comment behind its name',
      { key: ['a'], value: 'x' },
      'a: # c\n  - 1\nb: 2\n',
      'a: x # c\nb: 2\n',
    ],
    // `---` is a mark at the begin of a line only, and was written once with quotes and once without.
    ['what looks like a mark', { key: ['b'], value: '---' }, 'a: 1\n', 'a: 1\nb: ---\n'],
    [
      'white space that is no space',
      { key: ['a', 0], value: '\u2003' },
      'a: [x]   # c\n',
      'a: [\u2003]   # c\n',
    ],
    [
      'absent: in a flow, what is around it as it was',
      { ensure: 'absent', key: ['db', 'x'] },
      yaml,
      yaml.replace('x: 1,  y', 'y'),
    ],
    [
      'absent: the last one in a flow',
      { ensure: 'absent', key: ['db', 'y'] },
      yaml,
      yaml.replace(',  y: 2', ''),
    ],
    [
      'absent: the first one behind a dash',
      { ensure: 'absent', key: [0, 'a'] },
      '- a: 1\n  b: 2 # b\n-   odd\n',
      '- b: 2 # b\n-   odd\n',
    ],
    [
      'absent: the only one, the comment above it stays',
      { ensure: 'absent', key: ['a', 'b'] },
      'a: # a\n  # c\n  b: 1\nd:   2\n',
      'a: {} # a\n  # c\nd:   2\n',
    ],
    [
      'absent: the first one behind a dash, the comment above the next stays',
      { ensure: 'absent', key: [0, 'a'] },
      '- a: 1 # a\n  # about b\n  b: 2\n-   odd\n',
      '- # about b\n  b: 2\n-   odd\n',
    ],
    [
      'absent: a line of a flow, comments of others stay',
      { ensure: 'absent', key: ['a', 'b'] },
      'a: {\n  b: 1, # b\n  # about d\n  d: 2 # d\n}\nx:   1\n',
      'a: {\n  # about d\n  d: 2 # d\n}\nx:   1\n',
    ],
    [
      'absent: the last line of a flow, comments of others stay',
      { ensure: 'absent', key: ['a', 'd'] },
      'a: {\n  b: 1, # b\n  # about d\n  d: 2 # d\n}\nx:   1\n',
      'a: {\n  b: 1, # b\n  # about d\n}\nx:   1\n',
    ],
    [
      'absent: the only one behind a dash',
      { ensure: 'absent', key: ['a', 0, 'b'] },
      'a:\n-   b: 1\n-   c: 2\nd:   2\n',
      'a:\n- {}\n-   c: 2\nd:   2\n',
    ],
    [
      'an item that is an object',
      { key: ['a', 0], value: '22:22' },
      'a:\n-   x: 1\n    y: 2\nd:   2\n',
      'a:\n- "22:22"\nd:   2\n',
    ],
    ['a member where only a comment stood', { key: ['a', 'b'], value: 2 }, 'a: # c\n', 'a: # c\n  b: 2\n'],
  ])('%s', check(yamlFormat))

  test('keeps comments when the document has to be laid out anew', () => {
    const before = `${yaml}'quoted': |-\n    two\n    lines`
    const { text } = editSetting(yamlFormat, { key: ['quoted'], value: 'x\n\n\ny\n\n' }, before)
    expect(text).not.toContain(yaml)
    for (const comment of yaml.match(/#.*/g) ?? []) expect(text).toContain(comment)
    expect(yamlFormat.parse(text)).toMatchObject({ quoted: 'x\n\n\ny\n\n' })
  })

  test.each<readonly [string, SettingParams, string, string]>([
    [
      'what is no YAML',
      { key: ['a'], value: 1 },
      'a: [1\nb: 2',
      'it is no YAML: BAD_INDENT at line 2, column 1',
    ],
    [
      'a name that stands twice',
      { key: ['a'], value: 1 },
      'a: 1\na: 2\n',
      'DUPLICATE_KEY at line 2, column 1',
    ],
    ['several documents', { key: ['a'], value: 1 }, 'a: 1\n---\na: 2\n', 'it has 2 documents'],
    ['a value behind an alias', { key: ['der', 'k'], value: 1 }, yaml, '"der" is an alias of "b"'],
    ['to take an anchor away', { ensure: 'absent', key: ['base'] }, yaml, 'without changing something else'],
    ['a string in the way', { key: ['z', 'k'], value: 1 }, yaml, '"z" is a string, and not an object'],
  ])('refuses %s', (_, params, text, said) => {
    expect(() => editSetting(yamlFormat, params, text)).toThrow(said)
  })
})

describe('TOML', () => {
  test.each<Row>([
    ['in sync', { key: ['server', 'port'], value: 80 }, toml, toml],
    ['a value', { key: ['server', 'port'], value: 8080 }, toml, toml.replace('80', '8080')],
    ['another type', { key: ['server', 'port'], value: '80' }, toml, toml.replace('80', '"80"')],
    [
      'a new key, above the comment of the next table',
      { key: ['server', 'n'], value: ['1', 1] },
      toml,
      toml.replace("'a'\n", `'a'\n  n = [ "1", 1 ]\n`),
    ],
    ['a new key at the top', { key: ['n'], value: true }, toml, toml.replace('# t\n', '# t\nn = true\n')],
    ['a new key below lines of text', { key: ['a', 'b', 'y'], value: 1 }, toml, `${toml}y = 1\n`],
    ['a table', { key: ['new', 'a'], value: 1 }, toml, `${toml}\n[new]\na = 1\n`],
    ['a member of a list of tables', { key: ['p', 1, 'n'], value: 3 }, toml, toml.replace('n = 2', 'n = 3')],
    ['a member of an inline table', { key: ['a', 'c'], value: 2 }, 'a = {b = 1}\n', 'a = {b = 1, c = 2}\n'],
    ['a new file', { key: ['a', 'b'], value: 1 }, '', '[a]\nb = 1\n'],
    ['absent', { ensure: 'absent', key: ['db', 'url'] }, toml, toml.replace('url="u"\n', '')],
    ['absent in sync', { ensure: 'absent', key: ['db', 'x'] }, toml, toml],
    [
      'a value, headers as they are',
      { key: ['a'], value: 2 },
      'a = 1\n[ b . "c d" ]\n',
      'a = 2\n[ b . "c d" ]\n',
    ],
    ['another type, a comment behind it', { key: ['a'], value: [] }, "a = 'x' # c\n", 'a = [] # c\n'],
    [
      'an item, others as they are',
      { key: ['a', 0], value: 1 },
      'a = [ ] # a\nb = [] # b\n\n\n\n[ c ]\n',
      'a = [ 1 ] # a\nb = [] # b\n\n\n\n[ c ]\n',
    ],
    [
      'a list item by item',
      { key: ['a'], value: [1, 5, 3, 4] },
      'a = [\n  1, # one\n  2, # two\n  3 # three\n]\n',
      'a = [\n  1, # one\n  5, # two\n  3, # three\n  4\n]\n',
    ],
    [
      'a list that gets shorter',
      { key: ['a'], value: [1] },
      'a = [\n  1, # one\n  2, # two\n  3, # three\n]\n',
      'a = [\n  1, # one\n]\n',
    ],
    ['the quotes of a text', { key: ['a'], value: 'C:\\x' }, "a = '\\\\host' # c\n", "a = 'C:\\x' # c\n"],
    [
      'one of many that look the same',
      { key: ['p', 1, 'q', 0, 'on'], value: false },
      '[[p]]\n[[p.q]]\non = true\n[[p]]\n[[p.q]]\non = true\n',
      '[[p]]\n[[p.q]]\non = true\n[[p]]\n[[p.q]]\non = false\n',
    ],
    [
      'absent: a name that has to be quoted',
      { ensure: 'absent', key: ['a"b'] },
      '"a\\"b" = 1 # c\n[ c ]\n',
      '[ c ]\n',
    ],
    [
      'absent: a table with those below it',
      { ensure: 'absent', key: ['a'] },
      'x = 1\n\n[a]\nb = 1\n[a.c]\nd = [\n  2 ]\n\n# about e\n[ e ]\n',
      'x = 1\n\n\n# about e\n[ e ]\n',
    ],
    ['a list of tables in a new file', { key: ['a'], value: [{ b: 1 }] }, '', 'a = [ { b = 1 } ]\n'],
    ['a name of JavaScript', { key: ['__proto__'], value: 1 }, '', '__proto__ = 1\n'],
    ['below a last line without an end', { key: ['b'], value: 2 }, 'a = 1 # c', 'a = 1 # c\nb = 2\n'],
    ['in a table without an end', { key: ['a', 'b'], value: 2 }, '[a]', '[a]\nb = 2\n'],
  ])('%s', check(tomlFormat))

  test.each<readonly [string, SettingParams, string, string]>([
    ['what is no TOML', { key: ['a'], value: 1 }, 'x = 1\na = b = c\n', 'it is no TOML: '],
    ['what is no TOML, with its place', { key: ['a'], value: 1 }, 'x = 1\na = [1\n', 'at line 2, column 5'],
    [
      'a string in the way',
      { key: ['title', 'x'], value: 1 },
      toml,
      '"title" is a string, and not an object',
    ],
  ])('refuses %s', (_, params, text, said) => {
    expect(() => editSetting(tomlFormat, params, text)).toThrow(said)
  })
})

test('a change shows values as JSON', () => {
  expect(editSetting(jsonFormat, { key: ['server'], value: 1 }, json).change).toEqual({
    property: 'value',
    from: '{"port":80,"x":[1,2]}',
    to: '1',
  })
})

const formats = [
  [jsonFormat, json],
  [yamlFormat, yaml],
  [tomlFormat, toml],
] as const
const leaf = fc.oneof(
  fc.constantFrom(
    '',
    'x',
    '1',
    'yes',
    '0644',
    'null',
    'a: b',
    '# no',
    '*b',
    '- x',
    'two\nlines',
    ' space ',
    '"',
    "'",
    'ü',
    '22:22',
    '~',
    '[x',
  ),
  fc.integer({ min: -1000, max: 1000 }),
  fc.boolean(),
)
const name = fc.constantFrom('k', 'with space', 'a.b', '1', 'yes', 'ü', '#x', '')
const value = fc.oneof(
  leaf,
  fc.array(leaf, { maxLength: 3 }),
  fc.dictionary(name, fc.oneof(leaf, fc.array(leaf, { maxLength: 2 })), {
    maxKeys: 3,
    noNullPrototype: true,
  }),
)

describe.each(formats)('$name', (format, text) => {
  const comments = text.match(/(#|\/\/|\/\*).*/g) ?? []
  const tops = fc.constantFrom<Key>(['mine'], ['server', 'mine'], ['mine', 'deep'])

  test('any value is set once, read back, changed, and taken away, all comments and other values as they were', () => {
    fc.assert(
      fc.property(tops, value, value, (key, first, second) => {
        const before = format.parse(text)
        const added = editSetting(format, { key, value: first }, text).text
        expect(editSetting(format, { key, value: first }, added).text).toBe(added)
        const changed = editSetting(format, { key, value: second }, added).text
        expect(editSetting(format, { key, value: second }, changed).text).toBe(changed)
        for (const comment of comments) expect(changed).toContain(comment)
        for (const line of text.split('\n').filter((one) => /^\s*(#|\/\/)/.test(one)))
          expect(changed).toContain(line)
        const removed = editSetting(format, { ensure: 'absent', key }, changed).text
        for (const comment of comments) expect(removed).toContain(comment)
        if (key[0] !== 'mine' || key.length === 1) expect(format.parse(removed)).toEqual(before)
      }),
    )
  })
})

type Layout = readonly [
  name: string,
  format: Format,
  render: (line: string, isLast: boolean) => string,
  head: string,
  foot: string,
]
/** Each member in a line of its own, laid out oddly. */
const layouts: readonly Layout[] = [
  [
    'JSON',
    jsonFormat,
    (line, isLast) => `\t"${line.replace('=', '" :  ')}${isLast ? '' : ','} // c`,
    '{\n',
    '\n}\n',
  ],
  ['YAML', yamlFormat, (line) => `${line.replace('=', ':   ')} # c`, '---\n', '\n'],
  ['TOML', tomlFormat, (line) => `${line.replace('=', '  =')} # c`, '[ t ]\n', '\n'],
]

test.each(layouts)(
  '%s: a value that is set or goes leaves every other byte',
  (_, format, render, head, foot) => {
    const above = format === tomlFormat ? ['t'] : []
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.constantFrom('a', 'b', 'ab', 'c-d', 'e_f', 'zz'), { minLength: 2 }),
        fc.array(fc.oneof(leaf, fc.array(leaf, { maxLength: 2 })), { minLength: 6, maxLength: 6 }),
        fc.array(fc.constantFrom('', '\n', '\n\n'), { minLength: 6, maxLength: 6 }),
        fc.nat(5),
        leaf,
        (names, values, gaps, which, wanted) => {
          const lines = names.map(
            (one, index) =>
              (gaps[index] ?? '') +
              render(`${one}=${JSON.stringify(values[index])}`, index === names.length - 1),
          )
          const before = head + lines.join('\n') + foot
          const index = which % names.length
          const key = [...above, names[index] ?? '']
          const { text } = editSetting(format, { key, value: wanted }, before)
          expect(editSetting(format, { key, value: wanted }, text).text).toBe(text)
          const others = lines.filter((_, at) => at !== index)
          for (const one of others) expect(text).toContain(`\n${one}`)
          const removed = editSetting(format, { ensure: 'absent', key }, text).text
          // JSON's last one has no comma.
          for (const one of others.slice(0, -1)) expect(removed).toContain(`\n${one}`)
          expect(removed.split('\n').length).toBeLessThanOrEqual(before.split('\n').length - 1)
        },
      ),
    )
  },
)
