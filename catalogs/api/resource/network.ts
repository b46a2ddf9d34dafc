/** What guards the network: packet filters and certificates. */
import { wrongName } from '../../../schemas/certificate-name.ts'
import type { AuthoredParams } from '../../../schemas/generated/authored.ts'
import { declare, type Metaparams } from '../declare.ts'
import type { Params, TypeRule } from '../parameter.ts'
import { normalisePath, wrongPath } from '../path.ts'
import type { Reference } from '../reference.ts'

export type FirewallOptions = AuthoredParams['firewall'] & Metaparams

/**
 * An nftables table.
 *
 * @example firewall('inet filter', { source: 'firewall/filter.nft' })
 */
export function firewall(table: string, options: FirewallOptions): Reference<'firewall'> {
  return declare({ type: 'firewall', title: table, options, rule: firewallRule })
}

export const firewallRule: TypeRule = {
  normaliseTitle: (title) => title.trim().replace(/\s+/g, ' '),
  wrongTitle: (title) =>
    /^(ip|ip6|inet|arp|bridge|netdev) [A-Za-z_][A-Za-z0-9_/\\.]{0,254}$/.test(title)
      ? undefined
      : 'the title is no family and name of a table, such as "inet filter"',
  contradictions: firewallContradictions,
}

function firewallContradictions({ ensure, content, source, blob, confirm }: Params): readonly string[] {
  const wrong: string[] = []
  const given = [content, source, blob].filter((one) => one !== undefined).length
  if (content !== undefined && source !== undefined) wrong.push('"content" and "source" exclude each other')
  if (ensure === 'absent' && given > 0) wrong.push('a table that is absent has no "content" or "source"')
  if (ensure !== 'absent' && given === 0) wrong.push('a table needs a "content" or "source"')
  if (typeof confirm === 'object' && confirm !== null && 'host' in confirm !== 'port' in confirm)
    wrong.push('"confirm.host" and "confirm.port" go together')
  return wrong
}

export type CertificateOptions = AuthoredParams['certificate'] & Metaparams

/**
 * A TLS certificate and its key.
 *
 * @example certificate('/etc/ssl/www.pem', { names: ['www.example.org'], issuer: 'rekindle', notify: nginx })
 */
export function certificate(path: string, options: CertificateOptions): Reference<'certificate'> {
  return declare({ type: 'certificate', title: path, options, rule: certificateRule })
}

export const certificateRule: TypeRule = {
  normaliseTitle: normalisePath,
  wrongTitle: wrongPath,
  contradictions: certificateContradictions,
}

const ofMade = ['names', 'keyType', 'validDays', 'renewBefore']

function certificateContradictions(params: Params, title: string): readonly string[] {
  const wrong: string[] = []
  const paths = [title, ...['keyPath', 'chain', 'fullchain'].flatMap((name) => params[name] ?? [])]
  if (new Set(paths).size < paths.length) wrong.push('certificate, key and chains are files of their own')
  if (params.ensure === 'absent') return wrong
  const given = (name: string) => params[name] !== undefined
  if (given('content') && given('source')) wrong.push('"content" and "source" exclude each other')
  const isGiven = given('content') || given('source') || given('blob')
  if ([isGiven, given('selfSigned'), given('ca'), given('issuer')].filter(Boolean).length !== 1)
    wrong.push('a certificate needs one of "content" (or "source"), "issuer", "selfSigned" and "ca"')
  if (isGiven) {
    if (!given('key')) wrong.push('a given certificate needs its "key"')
    for (const name of ofMade.filter(given))
      wrong.push(`"${name}" is for certificates that are made on the host`)
  } else {
    if (given('key')) wrong.push('"key" is for certificates that are given')
    if (!given('names')) wrong.push('a certificate that is made needs "names"')
    wrong.push(
      ...((params.names as readonly string[] | undefined) ?? []).flatMap((name) => wrongName(name) ?? []),
    )
  }
  if (given('usage') && !given('issuer')) wrong.push('"usage" is for certificates with an "issuer"')
  const { validDays = 90, renewBefore = 0 } = params
  if (typeof validDays === 'number' && typeof renewBefore === 'number' && renewBefore >= validDays)
    wrong.push('"renewBefore" has to be less than "validDays"')
  return wrong
}
