/** Pure: where a certificate's files are, and what a certificate says of itself. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { CertificateParams } from '../../../schemas/generated/types.ts'
import type { Names } from '../file/names.ts'
import type { Wanted } from '../resource-type.ts'
import type { TextFile } from '../text-file.ts'

export type WantedCertificate = Wanted<CertificateParams>
export type KeyType = NonNullable<CertificateParams['keyType']>

export type Role = 'certificate' | 'key' | 'chain' | 'fullchain'

export interface CertificateState {
  readonly files: ReadonlyMap<Role, TextFile>
  /** What the certificate at the path says; undefined when there is none that can be read. */
  readonly found: Found | undefined
  /** PEM of a certificate that is given, with its chain. */
  readonly given: string | undefined
  /** PEM of the authority's certificate. */
  readonly authority: string | undefined
  /** Asked only where it has an `issuer` and is due: what is due then waits, until its end. */
  readonly isServerAway: boolean
  readonly names: Names
  /** Milliseconds since the epoch. */
  readonly now: number
}

export interface Found {
  readonly pem: string
  readonly names: readonly string[]
  readonly keyType: string
  /** As in the parameter `usage`, sorted; what else it is good for is not told. */
  readonly usage: readonly string[]
  readonly startsAt: number
  readonly endsAt: number
  /** Whether the key beside it is its own. */
  readonly hasKey: boolean
  /** Whether the wanted authority, or its own key, has signed it. */
  readonly isSigned: boolean
  /** When the wanted authority itself ends; absent: it is none, or its own. */
  readonly authorityEndsAt?: number
}

const dayMs = 86_400_000

/** Why a certificate that was made has to be made anew, now; undefined: it is good for longer. */
export function renewalOf(
  { startsAt, endsAt, authorityEndsAt }: Pick<Found, 'startsAt' | 'endsAt' | 'authorityEndsAt'>,
  {
    now,
    validDays,
    renewBefore,
  }: { readonly now: number; readonly validDays: number; readonly renewBefore: number },
): string | undefined {
  // Made while the clock was ahead.
  if (startsAt > now) return `valid from ${new Date(startsAt).toISOString()}`
  const leftDays = Math.floor((endsAt - now) / dayMs)
  if (leftDays >= renewBefore) return undefined
  // A new one would end with the authority too, and so on in every run.
  const gainedMs = Math.min(now + validDays * dayMs, authorityEndsAt ?? Number.POSITIVE_INFINITY) - endsAt
  if (endsAt > now && gainedMs < dayMs) return undefined
  return `valid until ${new Date(endsAt).toISOString()}`
}

export function pathsOf({ title, params }: WantedCertificate): ReadonlyMap<Role, string> {
  const paths: [Role, string | undefined][] = [
    ['certificate', title],
    ['key', params.keyPath ?? `${title.replace(/\.(pem|crt|cer)$/, '')}.key`],
    ['chain', params.chain],
    ['fullchain', params.fullchain],
  ]
  return new Map(paths.flatMap(([role, path]) => (path === undefined ? [] : [[role, path]])))
}

export function isMade({ selfSigned, ca, issuer }: CertificateParams): boolean {
  return selfSigned === true || ca !== undefined || issuer !== undefined
}

export interface Look {
  readonly key: string | undefined
  readonly authority: string | undefined
}

export function look(pem: string | undefined, { key, authority }: Look): Found | undefined {
  const certificate = pem === undefined ? undefined : parse(pem)
  if (pem === undefined || certificate === undefined) return undefined
  const issuer = authority === undefined ? certificate : parse(authority)
  return {
    pem,
    names: alternativeNames(certificate.subjectAltName ?? ''),
    keyType: keyTypeOf(certificate),
    usage: usageOf(certificate),
    startsAt: certificate.validFromDate.getTime(),
    endsAt: certificate.validToDate.getTime(),
    hasKey: key !== undefined && belongs(certificate, key),
    isSigned: isSignedBy(certificate, issuer),
    ...(authority === undefined || issuer === undefined
      ? {}
      : { authorityEndsAt: issuer.validToDate.getTime() }),
  }
}

function parse(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}

/** @example alternativeNames('DNS:a.org, IP Address:192.0.2.1') // ['a.org', '192.0.2.1'] */
export function alternativeNames(text: string): readonly string[] {
  return text.split(', ').flatMap((one) => /^(?:DNS|IP Address):(.*)$/.exec(one)?.[1] ?? [])
}

const curves: Readonly<Record<string, string>> = { prime256v1: 'ec-p256', secp384r1: 'ec-p384' }

function keyTypeOf({ publicKey }: X509Certificate): string {
  const { asymmetricKeyType = '', asymmetricKeyDetails: { namedCurve = '', modulusLength = 0 } = {} } =
    publicKey
  return asymmetricKeyType === 'rsa' ? `rsa-${modulusLength}` : (curves[namedCurve] ?? asymmetricKeyType)
}

const usages: Readonly<Record<string, string>> = {
  '1.3.6.1.5.5.7.3.1': 'server',
  '1.3.6.1.5.5.7.3.2': 'client',
}

/** Node calls the extended key usages so, and has none where there is no such extension. */
function usageOf({ keyUsage }: X509Certificate): readonly string[] {
  return (keyUsage ?? []).flatMap((oid) => usages[oid] ?? []).sort()
}

/** Whether the key is the certificate's own; a text that is no key is nobody's. */
export function belongs(certificate: X509Certificate, key: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key))
  } catch {
    return false
  }
}

function isSignedBy(certificate: X509Certificate, authority: X509Certificate | undefined): boolean {
  if (authority === undefined) return false
  return certificate.issuer === authority.subject && certificate.verify(authority.publicKey)
}

/** What comes after the first certificate of a PEM text. */
export function restOf(pem: string): string {
  const end = '-----END CERTIFICATE-----\n'
  const at = pem.indexOf(end)
  return at < 0 ? '' : pem.slice(at + end.length).trimStart()
}

/** What the files beside the certificate hold, for a certificate as it stands at the path. */
export function textsFor(
  pem: string,
  authority: string | undefined,
): Readonly<Record<'chain' | 'fullchain', string>> {
  const chain = authority ?? restOf(pem)
  return { chain, fullchain: authority === undefined ? pem : `${pem}${chain}` }
}

export function withNewline(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`
}
