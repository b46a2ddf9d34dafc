import { describe, expect, it } from 'vitest'
import { constructorOf, renderImport, renderInstances } from './render.ts'

const one = (title: string, params: Record<string, unknown>, type = 'file') =>
  renderInstances({ type, instances: [{ title, params }] })

describe('renderInstances()', () => {
  it.each<[string, string, Record<string, unknown>, string]>([
    [
      'few parameters in one line',
      'ada',
      { uid: 1000, system: false },
      "file('ada', { uid: 1000, system: false })\n",
    ],
    ['no parameters', 'ada', {}, "file('ada', {})\n"],
    ['what is undefined left out', 'ada', { a: undefined, b: null }, "file('ada', { b: null })\n"],
    ['quotes and backslashes', "it's", { a: 'say "hi" \\n' }, `file('it\\'s', { a: 'say "hi" \\\\n' })\n`],
    ['names that are no identifiers', 'x', { 'a-b': [1, 'two'] }, "file('x', { 'a-b': [1, 'two'] })\n"],
    ['one line that ends', 'x', { content: 'hello\n' }, "file('x', { content: 'hello\\n' })\n"],
    [
      'several lines as a template',
      'x',
      { content: 'a `b`\n${c} $d \\e\n' },
      "file('x', {\n  content: `a \\`b\\`\n\\${c} $d \\\\e\n`,\n})\n",
    ],
    [
      'control characters escaped',
      'x',
      { content: 'a\u0007\nb\n' },
      "file('x', { content: 'a\\u0007\\nb\\n' })\n",
    ],
    ['nothing in a list', 'x', { groups: [], env: {} }, "file('x', { groups: [], env: {} })\n"],
  ])('writes %s', (_, title, params, text) => {
    expect(one(title, params)).toBe(text)
  })

  it('breaks what is too long, each member on its own line', () => {
    const groups = ['a'.repeat(40), 'b'.repeat(40), 'c'.repeat(40)]
    expect(one('ada', { uid: 1, groups }, 'user')).toBe(
      [
        "user('ada', {",
        '  uid: 1,',
        '  groups: [',
        ...groups.map((name) => `    '${name}',`),
        '  ],',
        '})',
        '',
      ].join('\n'),
    )
  })

  it('gives back the values when the text is run', () => {
    const params = { a: 'x\ny `${z}` \\ \'"', b: [1, { 'c d': null, e: [true] }], 'f-g': '\u0000' }
    let seen: unknown
    new Function('file', one("t'\n", params))((title: string, given: unknown) => {
      seen = [title, given]
    })
    expect(seen).toEqual(["t'\n", params])
  })
})

it('renderImport() names each constructor once, sorted', () => {
  expect(renderImport(['user', 'package', 'host_entry', 'user'], ['role'])).toBe(
    "import { hostEntry, pkg, role, user } from 'rekindle'\n",
  )
})

it.each([
  ['package', 'pkg'],
  ['ssh_authorized_key', 'sshAuthorizedKey'],
  ['file', 'file'],
])('constructorOf(%s) is %s', (type, name) => {
  expect(constructorOf(type)).toBe(name)
})
