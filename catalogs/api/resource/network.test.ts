import { expect, test } from 'vitest'
import { complain } from '../parameter.ts'
import { rebootRule } from './flow.ts'
import { certificateRule } from './network.ts'

const made = { names: ['a.example.org'], selfSigned: true }
const pem = '-----BEGIN CERTIFICATE-----'
const key = '-----BEGIN PRIVATE KEY-----'

test.each([
  [made, []],
  [{ ...made, names: ['2001:DB8::7', '192.0.2.1', '*.example.org'] }, []],
  [{ ensure: 'absent' }, []],
  [{ ...made, names: ['dead:beef:::'] }, ['"dead:beef:::" is no address']],
  [{ selfSigned: true }, ['a certificate that is made needs "names"']],
  [{}, ['a certificate needs one of "content" (or "source"), "issuer", "selfSigned" and "ca"']],
  [{ content: pem }, ['a given certificate needs its "key"']],
  [{ content: pem, key, names: ['a'] }, ['"names" is for certificates that are made on the host']],
  [{ ...made, usage: ['client'] }, ['"usage" is for certificates with an "issuer"']],
  [{ issuer: 'rekindle', names: ['a'], usage: ['client'] }, []],
  [{ ...made, names: ['192.0.2.300'] }, ['"192.0.2.300" is no address']],
  [{ ...made, key }, ['"key" is for certificates that are given']],
  [{ ...made, keyPath: '/etc/ssl/a.pem' }, ['certificate, key and chains are files of their own']],
  [{ ...made, chain: '/b', fullchain: '/b' }, ['certificate, key and chains are files of their own']],
  [{ ...made, validDays: 30, renewBefore: 30 }, ['"renewBefore" has to be less than "validDays"']],
])('certificate with %j: %j', (params, messages) => {
  const found = complain({ type: 'certificate', title: '/etc/ssl/a.pem', params, rule: certificateRule })
  expect(found.map(({ message }) => message)).toEqual(expect.arrayContaining(messages))
  if (messages.length === 0) expect(found).toEqual([])
})

test('a reboot that is done now has no delay', () => {
  const found = complain({
    type: 'reboot',
    title: 'r',
    params: { timing: 'now', delay: 5 },
    rule: rebootRule,
  })
  expect(found.map(({ message }) => message)).toEqual(['"delay" does not go with timing "now"'])
})
