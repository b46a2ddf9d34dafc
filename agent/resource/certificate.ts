/** A TLS certificate with its key. Its parts: certificate/{state,diff,issue,ask}.ts. */
import { X509Certificate } from 'node:crypto'
import type { RekindleError } from '../../schemas/errors.ts'
import type { CertificateParams, Change } from '../../schemas/generated/types.ts'
import type { Host } from '../host/host.ts'
import { cannotApply } from './cannot-apply.ts'
import { askServer, isServerAway, knownAuthority } from './certificate/ask.ts'
import { diff, isDueOfServer, modeOf } from './certificate/diff.ts'
import { type Issued, issue } from './certificate/issue.ts'
import {
  belongs,
  type CertificateState,
  isMade,
  look,
  pathsOf,
  type Role,
  textsFor,
  type WantedCertificate,
  withNewline,
} from './certificate/state.ts'
import { readNames } from './file/names.ts'
import type { Reading, ResourceType, Told } from './resource-type.ts'
import { readEachInTurn, readTextFile } from './text-file.ts'

function read(host: Host, wanted: readonly WantedCertificate[]): Promise<Reading<CertificateState>> {
  return readEachInTurn(wanted, (one) => readOne(host, one))
}

async function readOne(host: Host, wanted: WantedCertificate): Promise<CertificateState> {
  const { params } = wanted
  const files = new Map([...pathsOf(wanted)].map(([role, path]) => [role, readTextFile(host, path)]))
  const authority = authorityOf(host, params)
  const key = files.get('key')?.text
  // Without a word on who has to have signed it, nobody has.
  const signer = params.issuer === undefined ? authority : (authority ?? '')
  const found = look(files.get('certificate')?.text, { key, authority: signer })
  const now = Date.now()
  return {
    files,
    found,
    isServerAway: isDueOfServer(params, found, now) && (await isServerAway(host)),
    given:
      params.blob === undefined
        ? undefined
        : withNewline(Buffer.from(await host.blobs.read(params.blob.sha256)).toString()),
    authority: authority === undefined ? undefined : withNewline(authority),
    names: readNames(host.files),
    now,
  }
}

function authorityOf(host: Host, { ca, issuer }: CertificateParams): string | undefined {
  if (issuer !== undefined) return knownAuthority(host)
  return ca === undefined ? undefined : readTextFile(host, ca.cert).text
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
): Promise<Told | undefined> {
  if (wanted.params.ensure === 'absent') {
    for (const { path, kind } of state.files.values()) if (kind !== 'absent') await host.write.remove(path)
    return undefined
  }
  const isKept = changes.every(({ property }) => attributes.has(property))
  const {
    certificate,
    key,
    authority = state.authority,
    told,
  } = isKept ? present(state) : await obtain(host, wanted, state)
  const texts = textsFor(certificate, authority)
  await put(host, wanted, state, { role: 'key', text: key })
  await put(host, wanted, state, { role: 'chain', text: texts.chain })
  await put(host, wanted, state, { role: 'fullchain', text: texts.fullchain })
  await put(host, wanted, state, { role: 'certificate', text: certificate })
  return told === undefined ? undefined : { output: told }
}

interface Obtained extends Issued {
  /** PEM of the authority's certificate, where it is not the one that was read. */
  readonly authority?: string
  readonly told?: string
}

function present({ files }: CertificateState): Obtained {
  return { certificate: files.get('certificate')?.text ?? '', key: files.get('key')?.text ?? '' }
}

async function obtain(host: Host, wanted: WantedCertificate, state: CertificateState): Promise<Obtained> {
  const { params } = wanted
  if (!isMade(params)) return given(wanted, state)
  if (params.issuer !== undefined) {
    const { serial, ...answer } = await askServer(host, wanted, state)
    return { ...answer, told: `The server issued the certificate with the serial ${serial}` }
  }
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

function given(wanted: WantedCertificate, state: CertificateState): Issued {
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

function refused(wanted: WantedCertificate, reason: string): RekindleError {
  return cannotApply(wanted, reason, { kept: 'the certificate and key that are there' })
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
