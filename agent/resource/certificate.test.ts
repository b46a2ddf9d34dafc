import { expect, test } from 'vitest'
import type { CertificateParams } from '../../schemas/generated/types.ts'
import type { CertificateState, Found, Role } from './certificate/state.ts'
import { certificate } from './certificate.ts'
import { namesIn } from './file/names.ts'
import type { TextFile } from './text-file.ts'

const now = Date.parse('2026-11-24T00:00:00Z')
const pem = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n'
const found: Found = {
  pem,
  names: ['a.org'],
  keyType: 'ec-p256',
  usage: ['server'],
  startsAt: now - 86_400_000,
  endsAt: now + 80 * 86_400_000,
  hasKey: true,
  isSigned: true,
}
const file = (path: string, text: string, mode = 0o644): TextFile => ({
  path,
  kind: 'file',
  text,
  mode,
  uid: 0,
  gid: 0,
})
const gone = (path: string): TextFile => ({ path, kind: 'absent', text: undefined, mode: 0, uid: 0, gid: 0 })
const files = (more: Partial<Record<Role, TextFile>> = {}): CertificateState['files'] =>
  new Map(
    Object.entries({ certificate: file('/a.pem', pem), key: file('/a.key', 'k\n', 0o600), ...more }),
  ) as unknown as CertificateState['files']
const state: CertificateState = {
  files: files(),
  found,
  given: undefined,
  authority: undefined,
  isServerAway: false,
  names: namesIn('root:x:0:0::/root:/bin/sh\ndaemon:x:1:1::/:/bin/sh\n', 'root:x:0:\ndaemon:x:1:\n'),
  now,
}
const made: CertificateParams = { names: ['a.org'], selfSigned: true }
const byServer: CertificateParams = { names: ['a.org'], issuer: 'rekindle' }
const given: CertificateParams = { key: 'k' }

test.each<[string, CertificateParams, Partial<CertificateState>, string[]]>([
  ['is as wanted', made, {}, []],
  ['is as it was given', given, { given: pem }, []],
  [
    'is absent as wanted',
    { ensure: 'absent' },
    { files: files({ certificate: gone('/a.pem'), key: gone('/a.key') }) },
    [],
  ],
  ['is absent', made, { files: files({ certificate: gone('/a.pem') }) }, ['ensure: absent -> present']],
  [
    'is gone, but for its key',
    { ensure: 'absent' },
    { files: files({ certificate: gone('/a.pem') }) },
    ['ensure: present -> absent'],
  ],
  ['is no certificate', made, { found: undefined }, ['certificate: no certificate -> a certificate']],
  [
    'has another key',
    made,
    { found: { ...found, hasKey: false } },
    ['key: not the key of the certificate -> its key'],
  ],
  [
    'was signed by another',
    { ...made, ca: { cert: '/ca', key: '/k' } },
    { found: { ...found, isSigned: false } },
    ['issuer: another one -> /ca'],
  ],
  ['is for other names', { ...made, names: ['b.org'] }, {}, ['names: a.org -> b.org']],
  ['is for the same names in other letters', { ...made, names: ['A.org'] }, {}, []],
  ['has a key of another kind', { ...made, keyType: 'rsa-2048' }, {}, ['keyType: ec-p256 -> rsa-2048']],
  [
    'comes to its end',
    { ...made, renewBefore: 81 },
    {},
    ['renewal: valid until 2027-02-12T00:00:00.000Z -> valid for 90 days'],
  ],
  ['was signed by the server', byServer, {}, []],
  [
    'was signed by another than the server',
    byServer,
    { found: { ...found, isSigned: false } },
    ['issuer: another one -> rekindle'],
  ],
  [
    'is not good for clients',
    { ...byServer, usage: ['server', 'client'] },
    {},
    ['usage: server -> client, server'],
  ],
  [
    'is good for both in another order',
    { ...byServer, usage: ['server', 'client'] },
    { found: { ...found, usage: ['client', 'server'] } },
    [],
  ],
  ['is due while the server is away', { ...byServer, renewBefore: 81 }, { isServerAway: true }, []],
  [
    'has ended while the server is away',
    byServer,
    { isServerAway: true, found: { ...found, endsAt: now } },
    ['renewal: valid until 2026-11-24T00:00:00.000Z -> valid for 90 days'],
  ],
  ['is another than was given', given, { given: `${pem}x` }, ['certificate: another one -> the given one']],
  ['has another key than was given', { key: 'other' }, { given: pem }, ['key: [redacted] -> [redacted]']],
  [
    'can be read by all, with its key',
    made,
    { files: files({ key: file('/a.key', 'k\n') }) },
    ['keyMode: 0644 -> 0600'],
  ],
  [
    'is to belong to another',
    { ...made, owner: 'daemon' },
    {},
    ['owner: root:root -> daemon:root', 'keyOwner: root:root -> daemon:root'],
  ],
  [
    'has lost its chain',
    made,
    { files: files({ fullchain: gone('/f') }) },
    ['fullchain: absent -> that of the certificate'],
  ],
])('diff() of one that %s', (_title, params, more, changes) => {
  const wanted = { id: 'certificate:/a.pem', title: '/a.pem', params, where: 'a.ts:1' } as const
  const differs = certificate.diff(wanted, { ...state, ...more })
  expect(differs.map(({ property, from, to }) => `${property}: ${from} -> ${to}`)).toEqual(changes)
})

test('one that was made is renewed under every policy, one that was given can drift', () => {
  const wanted = (params: CertificateParams) =>
    ({ id: 'certificate:/a.pem', title: '/a.pem', params, where: 'a.ts:1' }) as const
  expect([certificate.canDrift(wanted(made)), certificate.canDrift(wanted(given))]).toEqual([false, true])
})
