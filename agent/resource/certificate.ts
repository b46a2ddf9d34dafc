/** A TLS certificate with its key. Its parts: certificate/{state,issue}.ts. */
import { X509Certificate } from 'node:crypto'
import { RekindleError } from '../../schemas/errors.ts'
import { renderMode } from '../../schemas/file-mode.ts'
import type { CertificateParams, Change } from '../../schemas/generated/types.ts'
import type { Host } from '../host/host.ts'
import { issue } from './certificate/issue.ts'
import {
  belongs,
  type CertificateState,
  canonicalName,
  type Found,
  isMade,
  look,
  pathsOf,
  type Role,
  textsFor,
  type WantedCertificate,
} from './certificate/state.ts'
import { readNames } from './file/names.ts'
import type { Reading, ResourceType } from './resource-type.ts'
import { readEachInTurn, readTextFile } from './text-file.ts'

const dayMs = 86_400_000

function read(host: Host, wanted: readonly WantedCertificate[]): Promise<Reading<CertificateState>> {
  return readEachInTurn(wanted, (one) => readOne(host, one))
}

async function readOne(host: Host, wanted: WantedCertificate): Promise<CertificateState> {
  const { params } = wanted
  const files = new Map([...pathsOf(wanted)].map(([role, path]) => [role, readTextFile(host, path)]))
  const authority = params.ca === undefined ? undefined : readTextFile(host, params.ca.cert).text
  const key = files.get('key')?.text
  return {
    files,
    found: look(files.get('certificate')?.text, { key, authority }),
    given:
      params.blob === undefined
        ? undefined
        : withNewline(Buffer.from(await host.blobs.read(params.blob.sha256)).toString()),
    authority: authority === undefined ? undefined : withNewline(authority),
    names: readNames(host.files),
    now: Date.now(),
  }
}

function diff(wanted: WantedCertificate, state: CertificateState): readonly Change[] {
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
    ...(isMade(params) ? diffMade(params, found, state.now) : diffGiven(params, state)),
    ...diffChains(state, found),
    ...diffAttributes(wanted, state),
  ]
}

function diffMade(params: CertificateParams, found: Found, now: number): readonly Change[] {
  const { names = [], keyType = 'ec-p256', validDays = 90 } = params
  const { renewBefore = Math.floor(validDays / 3) } = params
  const wantedNames = names.map(canonicalName).sort().join(', ')
  const foundNames = found.names.map(canonicalName).sort().join(', ')
  const leftDays = Math.floor((found.endsAt - now) / dayMs)
  return [
    ...(found.hasKey ? [] : [mismatch]),
    ...(found.isSigned ? [] : [{ property: 'issuer', from: 'another one', to: params.ca?.cert ?? 'itself' }]),
    ...(wantedNames === foundNames ? [] : [{ property: 'names', from: foundNames, to: wantedNames }]),
    ...(found.keyType === keyType ? [] : [{ property: 'keyType', from: found.keyType, to: keyType }]),
    ...(leftDays >= renewBefore
      ? []
      : [
          {
            property: 'renewal',
            from: `valid until ${new Date(found.endsAt).toISOString()}`,
            to: `valid for ${validDays} days`,
          },
        ]),
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

const attributes = new Set(['mode', 'keyMode', 'owner', 'keyOwner', 'chain', 'fullchain'])

/**
 * The key first: a certificate without its key is told by the next run, and made or written again. Both are small writes
 * with nothing in between.
 */
async function apply(
  host: Host,
  wanted: WantedCertificate,
  state: CertificateState,
  changes: readonly Change[],
): Promise<void> {
  if (wanted.params.ensure === 'absent') {
    for (const { path, kind } of state.files.values()) if (kind !== 'absent') await host.write.remove(path)
    return
  }
  const isKept = changes.every(({ property }) => attributes.has(property))
  const { certificate, key } = isKept ? present(state) : await obtain(host, wanted, state)
  const texts = textsFor(certificate, state.authority)
  await put(host, wanted, state, { role: 'key', text: key })
  await put(host, wanted, state, { role: 'chain', text: texts.chain })
  await put(host, wanted, state, { role: 'fullchain', text: texts.fullchain })
  await put(host, wanted, state, { role: 'certificate', text: certificate })
}

function present({ files }: CertificateState): { readonly certificate: string; readonly key: string } {
  return { certificate: files.get('certificate')?.text ?? '', key: files.get('key')?.text ?? '' }
}

async function obtain(host: Host, wanted: WantedCertificate, state: CertificateState) {
  const { params } = wanted
  if (!isMade(params)) return given(wanted, state)
  const { names = [], keyType = 'ec-p256', validDays = 90, ca } = params
  try {
    const authority =
      ca === undefined
        ? undefined
        : { cert: need(state.authority, ca.cert), key: need(readTextFile(host, ca.key).text, ca.key) }
    return await issue({ names, keyType, validDays, now: state.now, authority })
  } catch (cause) {
    // Of the key itself nothing may be told.
    const reason =
      cause instanceof Error && !('code' in cause)
        ? cause.message
        : 'its key or certificate cannot be read as PEM without a passphrase'
    throw refused(wanted, ca === undefined ? reason : `authority "${ca.cert}": ${reason}`)
  }
}

function need(text: string | undefined, path: string): string {
  if (text === undefined) throw new Error(`"${path}" is not there`)
  return text
}

function given(wanted: WantedCertificate, state: CertificateState) {
  const certificate = state.given ?? ''
  const key = withNewline(wanted.params.key ?? '')
  let isPair = false
  try {
    isPair = belongs(new X509Certificate(certificate), key)
  } catch {
    throw refused(wanted, 'its content is no certificate')
  }
  if (!isPair) throw refused(wanted, 'its key is not the key of its certificate')
  return { certificate, key }
}

async function put(
  host: Host,
  wanted: WantedCertificate,
  { files, names }: CertificateState,
  { role, text }: { readonly role: Role; readonly text: string },
): Promise<void> {
  const file = files.get(role)
  if (file === undefined) return
  const { owner = 'root', group = 'root' } = wanted.params
  const uid = names.uidOf(owner)
  const gid = names.gidOf(group)
  if (uid === undefined) throw refused(wanted, `owner "${owner}" does not exist`)
  if (gid === undefined) throw refused(wanted, `group "${group}" does not exist`)
  const as = { mode: modeOf(wanted.params, role), uid, gid }
  if (file.text === text) await host.write.setAttributes(file.path, as)
  else await host.write.putFile(file.path, { content: Buffer.from(text), ...as })
}

function modeOf({ mode = '0644', keyMode = '0600' }: CertificateParams, role: Role): number {
  return Number.parseInt(role === 'key' ? keyMode : mode, 8)
}

function withNewline(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`
}

function refused({ id, where }: WantedCertificate, reason: string): RekindleError {
  return new RekindleError({
    code: 'apply-failed',
    message: `Cannot apply ${id}: ${reason}`,
    where,
    kept: 'the certificate and key that are there',
  })
}

/**
 * A certificate that comes to its end has not been tampered with: as drift, a policy of `report` would let it expire, and
 * one of `rebuild` would destroy the host for it.
 */
function canDrift({ params }: WantedCertificate): boolean {
  return !isMade(params)
}

function watch(wanted: WantedCertificate): readonly string[] {
  return [...pathsOf(wanted).values()]
}

export const certificate = {
  name: 'certificate',
  read,
  diff,
  apply,
  canDrift,
  watch,
} satisfies ResourceType<CertificateParams, CertificateState>
