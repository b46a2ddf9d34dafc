/** Below a directory of this process, whose user stands for the one that has the home. */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { SshAuthorizedKeyParams, SshKeyPurgeParams } from '../../../schemas/generated/types.ts'
import type { Account } from '../../host/account.ts'
import type { Host } from '../../host/host.ts'
import { createHost } from '../../host/real-host.ts'
import { memoryPasswd } from '../memory-passwd.ts'
import { sshAuthorizedKey } from '../ssh-authorized-key.ts'
import { sshKeyPurge } from '../ssh-key-purge.ts'
import { testKey } from './testing.ts'
import { removeUndeclaredKeys, undeclaredKeys } from './undeclared-keys.ts'

let dir: string
let host: Host
let account: Account
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-key-'))
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0]
  account = { name: 'ada', uid, gid, comment: '', home: join(dir, 'home'), shell: '/bin/sh' }
  mkdirSync(join(account.home, '.ssh'), { recursive: true, mode: 0o700 })
  const passwd = memoryPasswd()
  passwd.accounts.set('ada', account)
  host = { ...createHost({ stateDir: join(dir, 'state') }), passwd }
})
afterEach(() => rmSync(dir, { recursive: true }))

const [one, two] = [testKey(1), testKey(2)]
const file = () => join(account.home, '.ssh/authorized_keys')

async function converge(params: Partial<SshAuthorizedKeyParams> = {}) {
  const wanted = {
    id: 'ssh_authorized_key:a' as const,
    title: 'a',
    params: { user: 'ada', type: 'ssh-ed25519' as const, key: one, ...params },
    where: 'a.ts:1',
  }
  const look = async () => {
    const state = (await sshAuthorizedKey.read(host, [wanted])).get(wanted.id)
    if (state === undefined || state instanceof Error) throw state
    return sshAuthorizedKey.diff(wanted, state)
  }
  if ((await look()).length > 0) await sshAuthorizedKey.apply(host, wanted)
  return await look()
}

it('an in-home file that others may write beside converges, below .ssh too', async () => {
  chmodSync(join(account.home, '.ssh'), 0o777)
  expect(await converge()).toEqual([])
  expect(statSync(join(account.home, '.ssh')).mode & 0o777).toBe(0o755)
  const sub = join(account.home, '.ssh/sub')
  mkdirSync(sub)
  chmodSync(sub, 0o777)
  expect(await converge({ target: join(sub, 'keys') })).toEqual([])
})

it('a file that is a link is refused, and what it leads to stays', async () => {
  writeFileSync(join(dir, 'shadow'), 'secret')
  symlinkSync(join(dir, 'shadow'), file())
  await expect(converge()).rejects.toThrow('a symbolic link stands there')
  expect(readFileSync(join(dir, 'shadow'), 'utf8')).toBe('secret')
})

it.each<SshKeyPurgeParams['files']>([undefined, ['%h/.ssh/authorized_keys'], ['~/.ssh//authorized_keys']])(
  'a key that is declared stays when %j is purged, in a home that is written oddly too',
  async (files) => {
    account = { ...account, home: `${join(dir, 'home')}//` }
    writeFileSync(join(dir, 'home/.ssh/authorized_keys'), `ssh-ed25519 ${one} a\nssh-ed25519 ${two} b\n`)
    const params = { ...(files === undefined ? {} : { files }), declaredKeys: [one] }
    expect(undeclaredKeys(host, account, params)).toHaveLength(1)
    await removeUndeclaredKeys(host, account, params)
    expect(readFileSync(join(dir, 'home/.ssh/authorized_keys'), 'utf8')).toBe(`ssh-ed25519 ${one} a\n`)
  },
)

it('a key that is declared for another file goes from this one', () => {
  writeFileSync(file(), `ssh-ed25519 ${one} a\n`)
  const declaredKeys = [`${one} /etc/ssh/keys/ada`]
  expect(undeclaredKeys(host, account, { declaredKeys })).toHaveLength(1)
})

it('no key goes while one that is declared is not in its file: killed between, the user could not log in', async () => {
  const text = `ssh-ed25519 ${one} old\n`
  writeFileSync(file(), text)
  const id = 'ssh_key_purge:ada' as const
  const target = join(dir, 'keys')
  const purge = (key: string) => ({ id, title: 'ada', params: { declaredKeys: [key] }, where: 'a.ts:1' })
  for (const key of [two, `${two} ${target}`])
    await expect(sshKeyPurge.apply(host, purge(key))).rejects.toMatchObject({
      message: expect.stringContaining('declared keys are not there yet: '),
      kept: 'every key',
    })
  expect(readFileSync(file(), 'utf8')).toBe(text)
  await converge({ key: two, target })
  await sshKeyPurge.apply(host, purge(`${two} ${target}`))
  expect(readFileSync(file(), 'utf8')).toBe('')
})

it('inspect() gives each key once, and none of a type that cannot be declared', async () => {
  const line = `ssh-ed25519 ${one} same`
  const later = `ssh-of-later@example.org ${testKey(3, 'ssh-of-later@example.org')} later`
  writeFileSync(file(), `${line}\n${line}\n${later}\n`)
  expect((await sshAuthorizedKey.inspect(host, undefined)).map(({ title }) => title)).toEqual(['same'])
})
