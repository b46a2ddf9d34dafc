/** Keys in /etc/apt/keyrings, as bytes, whatever form the site has them in. What is no public key never gets there. */
import { RekindleError } from '../../schemas/errors.ts'
import { renderMode } from '../../schemas/file-mode.ts'
import type { AptKeyParams, Change } from '../../schemas/generated/types.ts'
import { sha256 } from '../../schemas/hash.ts'
import {
  armorPublicKeys,
  type PublicKeys,
  plainFingerprint,
  readPublicKeys,
} from '../../schemas/openpgp-key.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { FileStat } from '../host/file-reader.ts'
import type { Host } from '../host/host.ts'
import { inspectSharedFolder } from './apt/inspect-folder.ts'
import { keyringOf, keyrings } from './apt/key-path.ts'
import type { Instance, Reading, ResourceType, Wanted } from './resource-type.ts'

type WantedKey = Wanted<AptKeyParams>

interface Found {
  readonly stat: FileStat
  readonly sha256: string | undefined
  /** What people know it by: fingerprints, or that it is no key. */
  readonly shown: string
}

export interface AptKeyState {
  readonly found: Found | undefined
  /** The same as text beside it; undefined when there is none, or it does not matter. */
  readonly armored: string | undefined
  /** Undefined where it is to be absent. */
  readonly keys: PublicKeys | undefined
}

/** apt reads keys as a user of its own. */
const mode = 0o644

async function read(host: Host, wanted: readonly WantedKey[]): Promise<Reading<AptKeyState>> {
  const reading = new Map<ResourceId, AptKeyState | Error>()
  for (const one of wanted) {
    const state = readOne(host, one).catch((cause: unknown) => unreadable(one, cause))
    reading.set(one.id, await state)
  }
  return reading
}

async function readOne(host: Host, wanted: WantedKey): Promise<AptKeyState> {
  const path = keyringOf(wanted.title)
  const text = path.replace(/\.gpg$/, '.asc')
  const found = findKey(host, path)
  if (wanted.params.ensure !== 'absent')
    return { found, armored: undefined, keys: await keysOf(host, wanted) }
  return { found, armored: host.files.stat(text) === undefined ? undefined : text, keys: undefined }
}

function findKey({ files }: Host, path: string): Found | undefined {
  const stat = files.stat(path)
  if (stat === undefined) return undefined
  if (stat.kind !== 'file') return { stat, sha256: undefined, shown: stat.kind }
  return { stat, sha256: files.sha256(path, stat), shown: show(files.read(path)) }
}

function show(bytes: Uint8Array): string {
  try {
    return readPublicKeys(bytes).fingerprints.join(', ')
  } catch {
    return 'no key'
  }
}

/** @throws Error with the reason why it is not what is to be trusted */
async function keysOf(host: Host, { params: { blob, fingerprint } }: WantedKey): Promise<PublicKeys> {
  if (blob === undefined) throw new Error('its content is not compiled')
  const keys = readPublicKeys(await host.blobs.read(blob.sha256))
  if (fingerprint === undefined) return keys
  const trusted = [fingerprint].flat().map(plainFingerprint)
  const [stray] = keys.fingerprints.filter((one) => !trusted.includes(one))
  if (stray !== undefined) throw new Error(`it holds the key ${stray}, which "fingerprint" does not name`)
  const [missing] = trusted.filter((one) => !keys.fingerprints.includes(one))
  if (missing !== undefined) throw new Error(`the key ${missing} is not in it`)
  return keys
}

function diff(_: WantedKey, { found, armored, keys }: AptKeyState): readonly Change[] {
  const from = found?.shown ?? 'absent'
  if (keys === undefined) {
    const isGone = found === undefined && armored === undefined
    return isGone ? [] : [{ property: 'ensure', from: 'present', to: 'absent' }]
  }
  const to = keys.fingerprints.join(', ')
  if (found === undefined) return [{ property: 'ensure', from, to }]
  const { stat } = found
  const owner = `${renderMode(stat.mode)} ${stat.uid}:${stat.gid}`
  return [
    ...(found.sha256 === sha256(keys.bytes) ? [] : [{ property: 'content', from, to }]),
    ...(owner === '0644 0:0' ? [] : [{ property: 'mode', from: owner, to: '0644 0:0' }]),
  ]
}

async function apply(host: Host, { title }: WantedKey, { found, armored, keys }: AptKeyState): Promise<void> {
  const path = keyringOf(title)
  if (found?.stat.kind === 'file') await host.backups.put(path)
  if (keys === undefined) {
    for (const old of [found === undefined ? [] : path, armored ?? []].flat()) await host.write.remove(old)
    return
  }
  if (host.files.stat(keyrings) === undefined)
    await host.write.putDirectory(keyrings, { mode: 0o755, uid: 0, gid: 0 })
  await host.write.putFile(path, { content: keys.bytes, mode, uid: 0, gid: 0 })
}

function instanceOf({ files }: Host, title: string): Instance {
  const path = [keyringOf(title), `${keyrings}/${title}.asc`].find((one) => files.stat(one)?.kind === 'file')
  // What is no key, or a link to one, is undeclared all the same.
  try {
    const { bytes, fingerprints } = readPublicKeys(files.read(path ?? ''))
    return { title, params: { content: armorPublicKeys(bytes), fingerprint: [...fingerprints] } }
  } catch {
    return { title, params: {} }
  }
}

function unreadable({ id, where }: WantedKey, cause: unknown): RekindleError {
  if (cause instanceof RekindleError) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new RekindleError({
    code: 'resource-unreadable',
    message: `Cannot read ${id}: ${reason}`,
    where,
    kept: 'what stands there',
  })
}

export const aptKey = {
  name: 'apt_key',
  read,
  diff,
  apply,
  inspect: inspectSharedFolder({ folder: keyrings, name: /^([\w-][\w.-]*)\.(?:gpg|asc)$/, instanceOf }),
  watch: ({ title }) => [keyringOf(title)],
} satisfies ResourceType<AptKeyParams, AptKeyState>
