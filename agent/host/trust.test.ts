import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createTrust } from './trust.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-trust-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

const pem = (name: string) => `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----\n`

function put(name: string, text: string): string {
  writeFileSync(join(dir, name), text)
  return join(dir, name)
}

it('certificates() are those of the first store that is there, and of the file', () => {
  const trust = createTrust([join(dir, 'no-store'), put('empty', ''), put('store', pem('own'))])
  expect(trust.certificates()).toBe(pem('own'))
  expect(trust.certificates(put('more', pem('more')))).toBe(`${pem('own')}\n${pem('more')}`)
})

it('certificates() sees what is added to the store', () => {
  const trust = createTrust([join(dir, 'store')])
  put('store', pem('one'))
  expect(trust.certificates()).toBe(pem('one'))
  put('store', pem('two'))
  expect(trust.certificates()).toBe(pem('two'))
})

it('certificates() are Node’s own where the host has no store', () => {
  expect(createTrust([join(dir, 'none')]).certificates()).toContain(rootCertificates[0])
})

it.each([
  ['is not there', () => join(dir, 'none')],
  ['has no certificate', () => put('text', 'hello')],
])('certificates() refuses a file that %s', (_, file) => {
  expect(() => createTrust([]).certificates(file())).toThrow('it has no certificate in PEM')
})
