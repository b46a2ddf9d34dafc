import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { isNameOf, parseKnownHost, removeKnownHost, setKnownHost } from './known-hosts.ts'
import { testKey } from './testing.ts'

const [one, two] = [testKey(1), testKey(2)]
const type = 'ssh-ed25519'
const git = { marker: undefined, name: 'git', aliases: undefined, type, key: one }

test('a line is names, type and key, with a marker before and a comment behind', () => {
  expect(parseKnownHost(`@revoked a,b ${type} ${one} c d`)).toEqual({
    ...{ marker: 'revoked', names: ['a', 'b'], type, key: one, comment: 'c d' },
  })
  expect(parseKnownHost('# a')).toBeUndefined()
})

test('a hashed name is that of a host in lower case, as ssh hashes it', () => {
  const salt = Buffer.alloc(20, 7)
  const hash = createHmac('sha1', salt).update('git').digest('base64')
  expect(isNameOf(`|1|${salt.toString('base64')}|${hash}`, 'Git')).toBe(true)
})

test('names are the same in any case; a hashed one that is of another host is not this one', () => {
  expect(isNameOf('Git', 'git')).toBe(true)
  expect(isNameOf('|1|7gUUnDWvVWxrGBchC+XqQ3qcRIE=|Y0n4LEnbKvUYtX35+yBVEMJ9aeM=', 'git')).toBe(false)
})

test.each([
  ['is added at the end', '# x\n', git, `# x\ngit ${type} ${one}\n`],
  ['stays as it is', `git,other ${type} ${one} c\n`, git, `git,other ${type} ${one} c\n`],
  [
    'gets its aliases',
    `git ${type} ${one}\n`,
    { ...git, aliases: ['10.0.0.5'] },
    `git,10.0.0.5 ${type} ${one}\n`,
  ],
  ['replaces another key', `git ${type} ${two}\n`, git, `git ${type} ${one}\n`],
  [
    'leaves the other names of that line',
    `web,git ${type} ${two}\n`,
    git,
    `web ${type} ${two}\ngit ${type} ${one}\n`,
  ],
  ['leaves other types', `git ssh-rsa x\n`, git, `git ssh-rsa x\ngit ${type} ${one}\n`],
  ['is there once', `git ${type} ${one}\ngit ${type} ${one}\n`, git, `git ${type} ${one}\n`],
  [
    'is another thing with a marker',
    `git ${type} ${two}\n`,
    { ...git, marker: 'revoked' },
    `git ${type} ${two}\n@revoked git ${type} ${one}\n`,
  ],
])('setKnownHost(): %s', (_title, before, wanted, after) => {
  expect(setKnownHost(before, wanted)).toBe(after)
  expect(setKnownHost(after, wanted)).toBe(after)
})

test('removeKnownHost() takes the name from each line, of a type or a key where given', () => {
  const text = `git,a ${type} ${one}\n# x\ngit ${type} ${two}\n`
  const git = { marker: undefined, name: 'git', type: undefined, key: undefined }
  expect(removeKnownHost(text, git)).toBe(`a ${type} ${one}\n# x\n`)
  expect(removeKnownHost(text, { ...git, key: two })).toBe(`git,a ${type} ${one}\n# x\n`)
  expect(removeKnownHost(text, { ...git, marker: 'revoked' })).toBe(text)
})
