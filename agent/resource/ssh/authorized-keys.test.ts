import fc from 'fast-check'
import { expect, test } from 'vitest'
import { keepAuthorizedKeys, parseAuthorizedKey, setAuthorizedKey, splitOptions } from './authorized-keys.ts'
import { testKey } from './testing.ts'

const [one, two] = [testKey(1), testKey(2)]
const wanted = { type: 'ssh-ed25519', key: one, options: ['restrict'], comment: 'ada' }
const line = `restrict ssh-ed25519 ${one} ada`

test.each([
  [`ssh-ed25519 ${one} ada@laptop of ada`, { options: [], comment: 'ada@laptop of ada' }],
  [`  ssh-ed25519\t${one}`, { options: [], comment: '' }],
  [
    `command="echo \\"a, b\\"",no-pty ssh-ed25519 ${one} x`,
    { options: ['command="echo \\"a, b\\""', 'no-pty'], comment: 'x' },
  ],
  [`from="10.0.0.0/8,::1" ssh-ed25519 ${one}`, { options: ['from="10.0.0.0/8,::1"'], comment: '' }],
])('parseAuthorizedKey(%s)', (text, parts) => {
  expect(parseAuthorizedKey(text)).toEqual({ type: 'ssh-ed25519', key: one, ...parts })
})

test.each([
  '# a comment',
  '',
  `command="open ssh-ed25519 ${one}`,
  `ssh-rsa ${one}`,
  'ssh-ed25519 nonsense',
  `#ssh-ed25519 ${one}`,
])('"%s" is no key', (text) => {
  expect(parseAuthorizedKey(text)).toBeUndefined()
})

test('setAuthorizedKey() edits the first line of the key, takes the others, and leaves what is not of it', () => {
  const before = `# mine\nssh-ed25519 ${one} old\n\nssh-ed25519 ${two} bob\nssh-ed25519 ${one} again\n`
  expect(setAuthorizedKey(before, one, wanted)).toBe(`# mine\n${line}\n\nssh-ed25519 ${two} bob\n`)
  expect(setAuthorizedKey(`ssh-ed25519 ${two}`, one, wanted)).toBe(`ssh-ed25519 ${two}\n${line}\n`)
  expect(setAuthorizedKey(before, one, undefined)).toBe(`# mine\n\nssh-ed25519 ${two} bob\n`)
})

test('keepAuthorizedKeys() takes keys only', () => {
  const before = `# mine\nssh-ed25519 ${one} old\nnonsense\nssh-ed25519 ${two} bob\n`
  expect(keepAuthorizedKeys(before, ({ key }) => key === two)).toBe(
    `# mine\nnonsense\nssh-ed25519 ${two} bob\n`,
  )
})

test('splitOptions() splits at commas outside of quotes', () => {
  expect(splitOptions('a,b="x,y",c')).toEqual(['a', 'b="x,y"', 'c'])
})

test('setting a key twice is setting it once, and other lines stay', () => {
  const anyLine = fc.oneof(
    fc.constantFrom('', '# x', `ssh-ed25519 ${two} bob`, `ssh-ed25519 ${one} other`, line),
    fc.string({ maxLength: 10 }).filter((text) => !/[\n\r]/.test(text)),
  )
  fc.assert(
    fc.property(fc.array(anyLine, { maxLength: 6 }), (lines) => {
      const once = setAuthorizedKey(lines.join('\n'), one, wanted)
      expect(setAuthorizedKey(once, one, wanted)).toBe(once)
      const gone = setAuthorizedKey(once, one, undefined)
      const others = lines.filter((text) => parseAuthorizedKey(text)?.key !== one)
      expect(gone.trimEnd()).toBe(others.join('\n').trimEnd())
    }),
  )
})
