import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { renderError } from '../../schemas/errors.ts'
import type { ExecOptions, ExecResult } from './exec.ts'
import { createPasswd } from './passwd.ts'

const hash = '$6$salt$aHashThatNobodySees'

test('setPasswordHash() gives the hash on standard input, never as an argument', async () => {
  const { passwd, calls } = passwdThatAnswers()
  await passwd.setPasswordHash('u1', hash)
  expect(calls).toEqual([{ argv: ['chpasswd', '--encrypted'], stdin: `u1:${hash}\n` }])
})

test('setPasswordHash() fails without a word of the hash', async () => {
  const { passwd } = passwdThatAnswers({ code: 1, stderr: "chpasswd: line 1: user 'u1' does not exist\n" })
  const error: unknown = await passwd.setPasswordHash('u1', hash).catch((thrown: unknown) => thrown)
  expect(renderError(error)).toContain('chpasswd answers "chpasswd: line 1')
  expect(renderError(error)).not.toContain(hash)
})

test('addAccount() makes a group of its own unless one is given', async () => {
  const { passwd, calls } = passwdThatAnswers()
  await passwd.addAccount('u1', { system: false, createHome: true, uid: 3000, groups: ['audio', 'video'] })
  await passwd.addAccount('u2', { system: true, createHome: false, group: 'www', shell: '/bin/sh' })
  expect(calls.map(({ argv }) => argv.join(' '))).toEqual([
    'useradd --create-home --user-group --uid=3000 --groups=audio,video -- u1',
    'useradd --system --no-create-home --gid=www --shell=/bin/sh -- u2',
  ])
})

test('an id is shared only where that is asked for', async () => {
  const { passwd, calls } = passwdThatAnswers()
  await passwd.addAccount('u1', { system: false, createHome: false, uid: 0, allowDuplicateId: true })
  await passwd.changeAccount('u1', { uid: 3000, allowDuplicateId: false })
  await passwd.changeAccount('u1', { shell: '/bin/sh', allowDuplicateId: true })
  await passwd.addGroup('g1', { gid: 0, allowDuplicateId: true, system: false })
  await passwd.changeGroup('g1', { gid: 3000, allowDuplicateId: true })
  expect(calls.map(({ argv }) => argv.join(' '))).toEqual([
    'useradd --no-create-home --user-group --uid=0 --non-unique -- u1',
    'usermod --uid=3000 -- u1',
    'usermod --shell=/bin/sh -- u1',
    'groupadd --gid=0 --non-unique -- g1',
    'groupmod --gid=3000 --non-unique -- g1',
  ])
})

test('setPasswordAge() names what is to be set and nothing else', async () => {
  const { passwd, calls } = passwdThatAnswers()
  await passwd.setPasswordAge('u1', { min: 0, max: -1, warn: 14 })
  await passwd.setPasswordAge('u1', { max: 30 })
  expect(calls.map(({ argv }) => argv.join(' '))).toEqual([
    'chage --mindays=0 --maxdays=-1 --warndays=14 -- u1',
    'chage --maxdays=30 -- u1',
  ])
})

test('a name that looks like an option is taken for a name', async () => {
  const { passwd, calls } = passwdThatAnswers()
  await passwd.removeGroup('-f')
  expect(calls[0]?.argv).toEqual(['groupdel', '--', '-f'])
})

test('a tool that fails is quoted', async () => {
  const { passwd } = passwdThatAnswers({ code: 4, stderr: 'useradd: UID 3001 is not unique\n' })
  await expect(
    passwd.addAccount('u3', { system: false, createHome: false, uid: 3001 }),
  ).rejects.toMatchObject({
    code: 'apply-failed',
    message: 'Cannot add user "u3": useradd answers "useradd: UID 3001 is not unique"',
  })
})

test('read() reads accounts and groups, and has no hashes where there is no shadow file to read', () => {
  const root = mkdtempSync(join(tmpdir(), 'rekindle-passwd-'))
  try {
    mkdirSync(join(root, 'etc'))
    writeFileSync(join(root, 'etc/passwd'), 'u1:x:1000:1000::/home/u1:/bin/sh\n')
    writeFileSync(join(root, 'etc/group'), 'u1:x:1000:\n')
    const { accounts, groups, hashes } = passwdThatAnswers({}, root).passwd.read()
    expect([accounts.has('u1'), groups.has('u1'), hashes]).toEqual([true, true, undefined])
    writeFileSync(join(root, 'etc/shadow'), `u1:${hash}:1::::::\n`)
    expect(passwdThatAnswers({}, root).passwd.read().hashes?.get('u1')).toBe(hash)
  } finally {
    rmSync(root, { recursive: true })
  }
})

function passwdThatAnswers(answer: Partial<ExecResult> = {}, root?: string) {
  const calls: { argv: readonly string[]; stdin: string | undefined }[] = []
  const run = async (argv: readonly string[], options?: ExecOptions): Promise<ExecResult> => {
    calls.push({ argv, stdin: options?.stdin })
    return { code: 0, signal: null, stdout: '', stderr: '', timedOut: false, ...answer }
  }
  return { passwd: createPasswd({ run }, root), calls }
}
