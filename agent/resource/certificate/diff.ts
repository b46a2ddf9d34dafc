/** Pure: what differs between a certificate that is wanted and what is there. */

import { canonicalName } from '../../../schemas/certificate-name.ts'
import { renderMode } from '../../../schemas/file-mode.ts'
import type { CertificateParams, Change } from '../../../schemas/generated/types.ts'
import {
  type CertificateState,
  type Found,
  isMade,
  type Role,
  renewalOf,
  textsFor,
  type WantedCertificate,
  withNewline,
} from './state.ts'

/** Whether it is the server that has to renew it, now. */
export function isDueOfServer(params: CertificateParams, found: Found | undefined, now: number): boolean {
  return (
    params.issuer !== undefined && found !== undefined && renewalOf(found, termsOf(params, now)) !== undefined
  )
}

function termsOf(
  { validDays = 90, renewBefore = Math.floor(validDays / 3) }: CertificateParams,
  now: number,
) {
  return { now, validDays, renewBefore }
}

export function diff(wanted: WantedCertificate, state: CertificateState): readonly Change[] {
  const { params } = wanted
  const { files, found } = state
  if (params.ensure === 'absent') {
    const isThere = [...files.values()].some(({ kind }) => kind !== 'absent')
    return isThere ? [{ property: 'ensure', from: 'present', to: 'absent' }] : []
  }
  if (files.get('certificate')?.kind === 'absent')
    return [{ property: 'ensure', from: 'absent', to: 'present' }]
  if (found === undefined) return [{ property: 'certificate', from: 'no certificate', to: 'a certificate' }]
  return [
    ...(isMade(params) ? diffMade(params, found, state) : diffGiven(params, state)),
    ...diffChains(state, found),
    ...diffAttributes(wanted, state),
  ]
}

function diffMade(
  params: CertificateParams,
  found: Found,
  { now, isServerAway: mayWait }: CertificateState,
): readonly Change[] {
  const { names = [], keyType = 'ec-p256', usage = ['server'] } = params
  const terms = termsOf(params, now)
  const wantedNames = names.map(canonicalName).sort().join(', ')
  const foundNames = found.names.map(canonicalName).sort().join(', ')
  const waits = mayWait && found.endsAt > now
  const renewal = waits ? undefined : renewalOf(found, terms)
  const [wantedUsage, foundUsage] = [usage.toSorted().join(', '), found.usage.join(', ')]
  const signer = params.issuer ?? params.ca?.cert ?? 'itself'
  return [
    ...(found.hasKey ? [] : [mismatch]),
    ...(found.isSigned ? [] : [{ property: 'issuer', from: 'another one', to: signer }]),
    ...(wantedNames === foundNames ? [] : [{ property: 'names', from: foundNames, to: wantedNames }]),
    ...(params.issuer === undefined || wantedUsage === foundUsage
      ? []
      : [{ property: 'usage', from: foundUsage, to: wantedUsage }]),
    ...(found.keyType === keyType ? [] : [{ property: 'keyType', from: found.keyType, to: keyType }]),
    ...(renewal === undefined
      ? []
      : [{ property: 'renewal', from: renewal, to: `valid for ${terms.validDays} days` }]),
  ]
}

const mismatch: Change = { property: 'key', from: 'not the key of the certificate', to: 'its key' }

function diffGiven(
  { key = '' }: CertificateParams,
  { files, found, given }: CertificateState,
): readonly Change[] {
  const isKey = files.get('key')?.text === withNewline(key)
  return [
    ...(found?.pem === given ? [] : [{ property: 'certificate', from: 'another one', to: 'the given one' }]),
    ...(isKey ? [] : [{ property: 'key', from: '[redacted]', to: '[redacted]' }]),
  ]
}

function diffChains({ files, authority }: CertificateState, { pem }: Found): readonly Change[] {
  const texts = textsFor(pem, authority)
  return (['chain', 'fullchain'] as const).flatMap((role) => {
    const file = files.get(role)
    if (file === undefined || file.text === texts[role]) return []
    return [
      {
        property: role,
        from: file.text === undefined ? 'absent' : 'another one',
        to: 'that of the certificate',
      },
    ]
  })
}

function diffAttributes(
  { params }: WantedCertificate,
  { files, names }: CertificateState,
): readonly Change[] {
  return [...files].flatMap(([role, file]) => {
    if (file.kind === 'absent') return []
    const mode = modeOf(params, role)
    const owner = `${names.ownerOf(file.uid)}:${names.groupOf(file.gid)}`
    const wantedOwner = `${params.owner ?? 'root'}:${params.group ?? 'root'}`
    const prefix = role === 'key' ? 'key' : ''
    return [
      ...(file.mode === mode
        ? []
        : [
            {
              property: prefix === '' ? 'mode' : 'keyMode',
              from: renderMode(file.mode),
              to: renderMode(mode),
            },
          ]),
      ...(owner === wantedOwner
        ? []
        : [{ property: prefix === '' ? 'owner' : 'keyOwner', from: owner, to: wantedOwner }]),
    ]
  })
}

export function modeOf({ mode = '0644', keyMode = '0600' }: CertificateParams, role: Role): number {
  return Number.parseInt(role === 'key' ? keyMode : mode, 8)
}
