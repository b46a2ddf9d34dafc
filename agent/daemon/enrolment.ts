/** Gets this host's identity, and keeps it from running out. */
import { createPublicKey, X509Certificate } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { RekindleError } from '../../schemas/errors.ts'
import type { Config } from '../config.ts'
import { createClient } from '../link/client.ts'
import { enrol, fetchCa, type KeyRequest, makeKeyRequest } from '../link/enrol.ts'
import { type Identity, isRenewalDue } from '../link/identity.ts'
import { saveDurably } from '../spool/durable-file.ts'
import { loadIdentity, saveIdentity } from './state.ts'

/**
 * The identity on the disk, or a new one for the configured token.
 *
 * @throws RekindleError: `server-unreachable` (worth another try), or what the server has against the token
 */
export async function ensureIdentity(config: Config): Promise<Identity> {
  const known = loadIdentity(config.stateDir)
  if (known !== undefined) return known
  if (config.token === undefined) {
    throw new RekindleError({
      code: 'token-invalid',
      message: 'Cannot enrol: this host has no certificate, and its configuration has no `token`',
      hint: 'Make one on the server with `rekindle token`, and put it in /etc/rekindle/agent.json',
    })
  }
  const ca = await fetchCa(config.server, config.caFingerprint)
  const request = await loadKeyRequest(config.stateDir)
  const identity = await enrol(config.server, ca, { token: config.token, request })
  saveIdentity(config.stateDir, identity)
  rmSync(pendingPath(config.stateDir), { force: true })
  return identity
}

/** Renews the certificate when it is past half of its life; gives the identity that counts from now on. */
export async function renewIfDue(config: Config, identity: Identity, now: number): Promise<Identity> {
  if (!isRenewalDue(identity.certificate, now)) return identity
  const { key, csr } = await makeKeyRequest(identity.host)
  const client = createClient({ server: config.server, identity })
  try {
    const certificate = await client.renew(csr)
    assertMatches(certificate, key)
    const renewed = { ...identity, key, formerKey: identity.key, certificate }
    saveIdentity(config.stateDir, renewed)
    return renewed
  } finally {
    client.close()
  }
}

/**
 * The key to enrol with, made once: when the answer to an enrolment is lost, the next try asks again for the same key,
 * and the server can tell it from a stranger who found the token.
 */
async function loadKeyRequest(stateDir: string): Promise<KeyRequest> {
  const pending = loadPending(pendingPath(stateDir))
  if (pending !== undefined) return pending
  const request = await makeKeyRequest(hostname())
  saveDurably(pendingPath(stateDir), JSON.stringify(request))
  return request
}

function pendingPath(stateDir: string): string {
  return join(stateDir, 'identity', 'pending.json')
}

function loadPending(path: string): KeyRequest | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof value !== 'object' || value === null || !('key' in value) || !('csr' in value))
      return undefined
    return { key: String(value.key), csr: String(value.csr) }
  } catch {
    // Not there yet: the usual case.
    return undefined
  }
}

/** A certificate for another key would leave the host without a way to its server. */
function assertMatches(certificate: string, key: string): void {
  const { publicKey } = new X509Certificate(certificate)
  const own = createPublicKey(key)
  if (publicKey.equals(own)) return
  throw new RekindleError({
    code: 'csr-invalid',
    message: 'Cannot renew the certificate: the answer is for another key',
    kept: 'the old certificate',
  })
}
