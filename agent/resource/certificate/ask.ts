/** A certificate that the server signs: the key is made here, and only the request for it leaves the host. */
import type { webcrypto } from 'node:crypto'
import { isAddress } from '../../../schemas/certificate-name.ts'
import { RekindleError } from '../../../schemas/errors.ts'
import type { CertificateParams } from '../../../schemas/generated/types.ts'
import type { Host } from '../../host/host.ts'
import { cannotApply } from '../cannot-apply.ts'
import { type Issued, makeKeys, pemOf, signatureOf } from './issue.ts'
import { type CertificateState, look, type WantedCertificate } from './state.ts'

/** Under which the authority's certificate is noted: one for all certificates, so that a new one is seen by all. */
const note = 'certificate: the server’s authority'

const patienceMs = 5_000

/** PEM of the authority that signed last; undefined when none has, or nobody remembers. */
export function knownAuthority(host: Host): string | undefined {
  return host.notes.read(note)
}

/** Whether the server cannot be reached now, or there is none. */
export async function isServerAway({ reachability }: Host): Promise<boolean> {
  const { server } = reachability
  return server === undefined || (await reachability.check(server, patienceMs)) !== undefined
}

export interface Answered extends Issued {
  /** PEM of the authority's certificate. */
  readonly authority: string
  readonly serial: string
}

/** @throws RekindleError with the code of the server's refusal, or of the link's failure */
export async function askServer(
  host: Host,
  wanted: WantedCertificate,
  { found }: Pick<CertificateState, 'found'>,
): Promise<Answered> {
  const { id, params, where } = wanted
  const { names = [], keyType = 'ec-p256', usage = ['server'] } = params
  const keys = await makeKeys(keyType)
  const csr = await requestOf(keys, { names, keyType, usage })
  const kept = found === undefined ? 'nothing was written' : keptOf(found.endsAt)
  const answer = await host.issuer.issue({ resource: id, csr }).catch((cause: unknown) => {
    if (!(cause instanceof RekindleError)) throw cause
    const { code, message, hint } = cause
    throw new RekindleError({ code, message, where, kept, hint, cause })
  })
  const { certificate, authority, serial } = answer
  const key = await pemOf(keys)
  const made = look(certificate, { key, authority })
  if (made?.hasKey !== true || !made.isSigned)
    throw cannotApply(wanted, 'what the server answered is not signed for its key', { kept })
  if (knownAuthority(host) !== authority) await host.notes.save(note, authority)
  return { certificate, key, authority, serial }
}

function keptOf(endsAt: number): string {
  return `the certificate and key that are there; it ${endsAt > Date.now() ? 'ends' : 'ended'} on ${new Date(endsAt).toISOString()}`
}

type Wish = Required<Pick<CertificateParams, 'names' | 'keyType' | 'usage'>>

async function requestOf(keys: webcrypto.CryptoKeyPair, { names, keyType, usage }: Wish): Promise<string> {
  const x509 = await import('@peculiar/x509')
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    keys,
    signingAlgorithm: signatureOf(keyType),
    extensions: [
      new x509.ExtendedKeyUsageExtension(usage.map((one) => (one === 'server' ? serverAuth : clientAuth))),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isAddress(value) ? 'ip' : 'dns', value })),
      ),
    ],
  })
  return request.toString('pem')
}
