/** How a host without an identity gets one: trust the authority by its fingerprint, then trade a token for a certificate. */
import { webcrypto, X509Certificate } from 'node:crypto'
import { RekindleError } from '../../schemas/errors.ts'
import { sha256 } from '../../schemas/hash.ts'
import { validate } from '../../schemas/validate.ts'
import { ask } from './ask.ts'
import { https } from './https.ts'
import type { Identity } from './identity.ts'

const limits = { timeoutMs: 30_000, maxBytes: 1024 * 1024 }

/** A private key and the request to certify it. Kept until enrolled, so that a second try asks for the same key. */
export interface KeyRequest {
  /** PKCS #8, PEM. */
  readonly key: string
  /** PKCS #10, PEM. */
  readonly csr: string
}

/** Makes an EC P-256 key and a request for it. The server alone decides for which host the certificate is. */
export async function makeKeyRequest(commonName: string): Promise<KeyRequest> {
  // Loaded here alone: an enrolled agent never pays for it. x509's container needs reflect-metadata before it.
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const name = [{ CN: [commonName] }]
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({ name, keys, signingAlgorithm: algorithm })
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return { key: toPem('PRIVATE KEY', Buffer.from(pkcs8)), csr: csr.toString('pem') }
}

/**
 * Fetches the authority's certificate, and gives it only if it has the fingerprint that the host was told.
 *
 * @param fingerprint SHA-256 of the DER, hexadecimal
 * @throws RekindleError `ca-mismatch` or `server-unreachable`
 */
export async function fetchCa(server: string, fingerprint: string): Promise<string> {
  // Nothing can be verified yet; nothing is sent either, and only bytes with the right hash are used.
  const { Agent } = https()
  const agent = new Agent({ rejectUnauthorized: false })
  try {
    const url = new URL('/v1/ca', server)
    const { body } = await ask({
      agent,
      url,
      method: 'GET',
      what: 'fetch the certificate authority',
      ...limits,
    })
    const pem = pemIn(body.toString())
    const found = pem === undefined ? 'no certificate' : sha256(new X509Certificate(pem).raw)
    if (pem !== undefined && found === fingerprint) return pem
    throw new RekindleError({
      code: 'ca-mismatch',
      message: `Cannot trust ${url.host}: its authority is not the one that this host was told`,
      found,
      wanted: fingerprint,
      kept: 'nothing was sent to it',
      hint: 'Check `caFingerprint` in /etc/rekindle/agent.json',
    })
  } finally {
    agent.destroy()
  }
}

/** Trades a token for a certificate. @throws RekindleError such as `token-used`, `token-expired`, `server-unreachable` */
export async function enrol(
  server: string,
  ca: string,
  { token, request }: { readonly token: string; readonly request: KeyRequest },
): Promise<Identity> {
  const { Agent } = https()
  const agent = new Agent({ ca })
  try {
    const url = new URL('/v1/enrol', server)
    const sent = JSON.stringify({ token, csr: request.csr })
    const { body } = await ask({ agent, url, method: 'POST', what: 'enrol', body: sent, ...limits })
    const answer = validate(
      'protocol/enrolment-response',
      JSON.parse(body.toString()),
      'the answer to the enrolment',
    )
    const { host, incarnation, certificate, catalogKey } = answer
    return { host, incarnation, certificate, catalogKey, key: request.key, ca }
  } finally {
    agent.destroy()
  }
}

/** The certificate in the answer, which is PEM as it stands or the `certificate` of a JSON object. */
function pemIn(text: string): string | undefined {
  const pem = /-----BEGIN CERTIFICATE-----[\sA-Za-z0-9+/=\\]+-----END CERTIFICATE-----/.exec(text)?.[0]
  return pem === undefined ? undefined : `${pem.replaceAll('\\n', '\n')}\n`
}

function toPem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}
