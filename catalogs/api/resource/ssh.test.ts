import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { complain, type TypeRule } from '../parameter.ts'
import type { ResourceTypeName } from '../reference.ts'
import { userRule } from './account.ts'
import { sshAuthorizedKeyRule, sshKeyPurgeRule, sshKnownHostRule } from './ssh.ts'

type Row = readonly [type: ResourceTypeName, params: object, rule: TypeRule]
const key = 'AAAAC3NzaC1lZDI1NTE5AAAAIL8e4P3Kp5VvpcrPprxZTMaHLOe0NOXcoRr5cJyHoeGd'
const ada = { user: 'ada', type: 'ssh-ed25519', key }
const known = { type: 'ssh-ed25519', key }
const purge = (...purgeSshKeys: string[]) => ({ home: '/srv/app', purgeSshKeys })
const [ofKey, ofHost] = [sshAuthorizedKeyRule, sshKnownHostRule]

function complaints([type, params, rule]: Row, title: string): string {
  return complain({ type, title, params: { ...params }, rule })
    .map(({ message }) => message)
    .join('\n')
}

test.each<Row>([
  ['ssh_authorized_key', ada, ofKey],
  [
    'ssh_authorized_key',
    { ...ada, options: ['restrict', 'X11-forwarding', 'command="a \\"b, c\\""'] },
    ofKey,
  ],
  ['ssh_authorized_key', { ...ada, comment: '', target: '/etc/ssh/keys/ada' }, ofKey],
  ['ssh_known_host', known, ofHost],
  ['ssh_known_host', { ...known, name: '[git.example.org]:2222', aliases: ['2001:db8::1'] }, ofHost],
  ['ssh_known_host', { ...known, name: '*.example.org', marker: 'cert-authority' }, ofHost],
  ['ssh_known_host', { ensure: 'absent' }, ofHost],
  ['ssh_key_purge', {}, sshKeyPurgeRule],
  ['ssh_key_purge', { files: ['%h/keys', '/etc/ssh/title'] }, sshKeyPurgeRule],
  ['user', { purgeSshKeys: true }, userRule],
  [
    'user',
    purge('%h/.ssh/authorized_keys', '~/keys', '/etc/ssh/%u', '/etc/ssh/title/keys', '/srv/app/k'),
    userRule,
  ],
])('%s takes %j', (...row) => {
  expect(complaints(row, 'title')).toBe('')
})

test.each<readonly [...Row, said: string]>([
  [
    'ssh_authorized_key',
    { ...ada, type: 'ssh-rsa' },
    ofKey,
    '"key": it is a key of type ssh-ed25519, not of ssh-rsa',
  ],
  ['ssh_authorized_key', { ...ada, key: `ssh-ed25519 ${key} a` }, ofKey, '"key": it is more than the key'],
  ['ssh_authorized_key', { ...ada, key: 'nonsense!' }, ofKey, '"key": it is not base64'],
  ['ssh_authorized_key', { ...ada, type: 'ed25519' }, ofKey, '"type"'],
  ['ssh_authorized_key', { ...ada, options: ['no-ptty'] }, ofKey, 'sshd knows no option "no-ptty"'],
  ['ssh_authorized_key', { ...ada, options: ['restrict,pty'] }, ofKey, 'sshd knows no option'],
  ['ssh_authorized_key', { ...ada, options: ['command=/bin/true'] }, ofKey, 'needs a value in double quotes'],
  ['ssh_authorized_key', { ...ada, options: ['from="a" b="c"'] }, ofKey, 'needs a value in double quotes'],
  ['ssh_authorized_key', { ...ada, options: ['command="a\nssh-ed25519 x"'] }, ofKey, 'needs a value'],
  ['ssh_authorized_key', { ...ada, comment: 'a\nb' }, ofKey, '"comment"'],
  ['ssh_authorized_key', { ...ada, target: '/etc/../tmp/x' }, ofKey, 'shortest form, which is "/tmp/x"'],
  ['ssh_authorized_key', { ...ada, type: 'ssh-dss' }, ofKey, 'can only be absent'],
  ['ssh_known_host', {}, ofHost, 'needs a "type" and a "key"'],
  ['ssh_known_host', { ensure: 'absent', key }, ofHost, 'a "key" needs its "type"'],
  ['ssh_known_host', { ...known, aliases: ['a,b'] }, ofHost, '"aliases'],
  ['ssh_known_host', { ...known, aliases: ['title'] }, ofHost, 'has the name itself in it'],
  ['ssh_key_purge', { files: ['/srv/keys'] }, sshKeyPurgeRule, '"files": "/srv/keys" is a file that is not'],
  ['user', purge('/etc/ssh/authorized_keys'), userRule, 'a file that is not of this user alone'],
  ['user', purge('/srv/appendix/keys'), userRule, 'a file that is not of this user alone'],
  ['user', purge('/etc/ssh//%u'), userRule, 'shortest form, which is "/etc/ssh/%u"'],
  ['user', purge('keys'), userRule, '"purgeSshKeys'],
])('%s refuses %j', (type, params, rule, said) => {
  expect(complaints([type, params, rule], 'title')).toContain(said)
})

test('a private key that was pasted is refused and not shown', () => {
  const { privateKey } = generateKeyPairSync('ed25519')
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const said = complaints(['ssh_authorized_key', { ...ada, key: pem }, ofKey], 'title')
  expect(said).toContain('it is a private key')
  expect(said).not.toContain(pem.split('\n')[1])
})
