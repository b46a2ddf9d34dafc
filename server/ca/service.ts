/** Certificates of services: what a host's own catalog asks for is signed, and nothing else. */
import { ExtendedKeyUsage, PublicKey } from '@peculiar/x509'
import { canonicalName, isAddress } from '../../schemas/certificate-name.ts'
import { RekindleError } from '../../schemas/errors.ts'
import type { Catalog, CertificateParams, ServiceCertificateResponse } from '../../schemas/generated/types.ts'
import type { Issuer } from './authority.ts'
import { issue } from './issue.ts'
import type { ServiceRequest } from './request.ts'

const dayMs = 86_400_000
/** RFC 5280, ub-common-name. */
const longestCommonName = 64

/** What a catalog lets its host have. */
export interface ServiceOrder {
  readonly names: readonly string[]
  readonly usages: readonly ExtendedKeyUsage[]
  readonly validDays: number
}

/**
 * What is to be signed, from the catalog alone: the request has its key, and is refused where it asks for anything else.
 *
 * @param catalog what the host was handed last
 * @throws RekindleError `forbidden`
 */
export function orderFor(
  catalog: Catalog | undefined,
  resource: string,
  request: ServiceRequest,
): ServiceOrder {
  const params = declaredIn(catalog, resource)
  const { names = [], validDays = 90 } = params ?? {}
  const reason = params === undefined ? 'its catalog has no such resource' : refusalOf(params, request)
  if (reason === undefined) return { names, usages: usagesOf(params), validDays }
  throw new RekindleError({
    code: 'forbidden',
    message: `Cannot issue ${resource.slice(0, 300)}: ${reason}`,
    kept: 'the certificate that the host has',
    hint: 'The catalog that the host was handed last decides; let it fetch its catalog and run again',
  })
}

function declaredIn(catalog: Catalog | undefined, resource: string): CertificateParams | undefined {
  const found = catalog?.resources.find(({ id, type }) => id === resource && type === 'certificate')
  // The compiler has checked it.
  const params = found?.params as CertificateParams | undefined
  return params?.issuer === 'rekindle' && params.ensure !== 'absent' ? params : undefined
}

function refusalOf(params: CertificateParams, request: ServiceRequest): string | undefined {
  const { names = [], keyType = 'ec-p256' } = params
  const [other] = request.others
  if (other !== undefined) return `it asks for ${other.slice(0, 100)}`
  const may = usagesOf(params).map(String)
  const usage = request.usages.find((one) => !may.includes(one))
  if (usage !== undefined) return `it asks for usage ${usage}, which the catalog does not have`
  if (setOf(request.names) !== setOf(names))
    return `it asks for "${request.names.join(', ').slice(0, 300)}", and the catalog has "${names.join(', ').slice(0, 300)}"`
  if (request.keyType !== keyType) return `its key is ${request.keyType}, and the catalog has ${keyType}`
  return undefined
}

function setOf(names: readonly string[]): string {
  return [...new Set(names.map(canonicalName))].sort().join('\n')
}

function usagesOf({ usage = ['server'] }: CertificateParams = {}): readonly ExtendedKeyUsage[] {
  return usage.map((one) => (one === 'server' ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth))
}

/** Signs an order. @param now milliseconds since the epoch */
export async function issueServiceCertificate(
  authority: Issuer,
  { names, usages, validDays }: ServiceOrder,
  { spki }: Pick<ServiceRequest, 'spki'>,
  now: number,
): Promise<ServiceCertificateResponse & { readonly expiresAt: number }> {
  const [first = ''] = names
  const issued = await issue(authority, {
    commonName: first.length <= longestCommonName ? first : 'Rekindle service',
    publicKey: new PublicKey(spki),
    names: names.map((value) => ({ type: isAddress(value) ? 'ip' : 'dns', value })),
    usages,
    now,
    lifetimeMs: validDays * dayMs,
  })
  const { pem, serial, expiresAt } = issued
  return { certificate: withNewline(pem), serial, authority: withNewline(authority.pem), expiresAt }
}

function withNewline(pem: string): string {
  return `${pem.trim()}\n`
}
