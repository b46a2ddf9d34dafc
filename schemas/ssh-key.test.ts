import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { canonicalSshKey, sshFingerprint, sshKeyTypeOf, wrongSshKey } from './ssh-key.ts'

const ed25519 = 'AAAAC3NzaC1lZDI1NTE5AAAAIL8e4P3Kp5VvpcrPprxZTMaHLOe0NOXcoRr5cJyHoeGd'

test('a public key is taken as it is', () => {
  expect(sshKeyTypeOf(ed25519)).toBe('ssh-ed25519')
  expect(wrongSshKey('ssh-ed25519', ed25519)).toBeUndefined()
  expect(canonicalSshKey(ed25519)).toBe(ed25519)
  expect(sshFingerprint(ed25519)).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/)
})

test.each([
  ['ssh-rsa', ed25519, 'it is a key of type ssh-ed25519, not of ssh-rsa'],
  ['ssh-ed25519', `ssh-ed25519 ${ed25519}`, 'it is more than the key'],
  ['ssh-ed25519', ed25519.slice(0, -4), 'it is cut off'],
  ['ssh-ed25519', ed25519.slice(0, -1), 'it is not base64'],
  ['ssh-ed25519', 'AAAA', 'no public key of SSH'],
  ['ssh-ed25519', '-----BEGIN OPENSSH PRIVATE KEY-----', 'it is a private key'],
])('%s %s: %s', (type, key, reason) => {
  expect(wrongSshKey(type, key)).toContain(reason)
})

test.each(['pkcs8', 'pkcs1'] as const)('the body of a private key as %s is told as one', (type) => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const body = privateKey.export({ type, format: 'der' }).toString('base64')
  expect(wrongSshKey('ssh-rsa', body)).toContain('it is a private key')
})

test('a fingerprint is that of ssh-keygen, where it is here', () => {
  let shown: string
  try {
    shown = execFileSync('ssh-keygen', ['-lf', '-'], { input: `ssh-ed25519 ${ed25519} x\n` }).toString()
  } catch {
    // Without it, the host test compares.
    return
  }
  expect(shown).toContain(sshFingerprint(ed25519))
})
