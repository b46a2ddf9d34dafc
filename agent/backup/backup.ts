/** `rekindle backup`: what the agent overwrote or removed on this host: listed, compared, put back, forgotten. */
import { RekindleError } from '../../schemas/errors.ts'
import { sha256 as hashBytes } from '../../schemas/hash.ts'
import type { BackupEntry } from '../host/backup.ts'
import type { Host } from '../host/host.ts'
import { textDiff } from '../resource/file/text-diff.ts'

export type BackupHost = Pick<Host, 'backups' | 'files' | 'write'>

/** One that can be named: by its id, or by its path for the newest of that path. */
export interface NamedBackup extends BackupEntry {
  /** Eight hexadecimal digits. */
  readonly id: string
}

/** Newest first. */
export function listBackups({ backups }: BackupHost, path?: string): readonly NamedBackup[] {
  return backups
    .list(path)
    .map((entry) => ({ ...entry, id: idOf(entry) }))
    .toReversed()
}

/** @throws RekindleError when there is none, or an id stands for several */
export function findBackup(host: BackupHost, name: string): NamedBackup {
  const all = listBackups(host)
  const found = name.startsWith('/') ? all.find(({ path }) => path === name) : one(all, name)
  if (found !== undefined) return found
  throw new RekindleError({
    code: 'blob-missing',
    message: `Cannot find a backup "${name}": nothing of that ${name.startsWith('/') ? 'path' : 'id'} is kept`,
    hint: 'rekindle backup list shows what is',
  })
}

/**
 * The bytes that were kept of a file.
 *
 * @throws RekindleError when they are gone or damaged: what is given back is what was taken
 */
export function contentOf({ backups, files }: BackupHost, { path, sha256 }: BackupEntry): Buffer {
  if (sha256 === undefined)
    throw new RekindleError({
      code: 'blob-missing',
      message: `Cannot show "${path}": a link was kept, no file`,
    })
  const at = backups.contentPath(sha256)
  const bytes = files.exists(at) ? files.read(at) : undefined
  if (bytes !== undefined && hashBytes(bytes) === sha256) return bytes
  throw new RekindleError({
    code: 'blob-missing',
    message: `Cannot give back "${path}": its backup is ${bytes === undefined ? 'gone' : 'damaged'}`,
    where: at,
  })
}

/** From what was kept to what stands there now; undefined when neither is text, or both are equal. */
export function diffBackup(host: BackupHost, entry: BackupEntry): string | undefined {
  const kept = contentOf(host, entry)
  const stat = host.files.stat(entry.path)
  const now = stat?.kind === 'file' ? host.files.read(entry.path) : Buffer.alloc(0)
  return kept.equals(now) ? undefined : textDiff(entry.path, kept, now)
}

/** Puts a backup back with its owner and mode; what stands there now is backed up first. @returns where it was put */
export async function restoreBackup(host: BackupHost, entry: BackupEntry, to = entry.path): Promise<string> {
  const { uid, gid, target } = entry
  const bytes = target === undefined ? contentOf(host, entry) : undefined
  const keepCurrent = async () => {
    if (host.files.stat(to) !== undefined) await host.backups.put(to)
  }
  if (target !== undefined) {
    await keepCurrent()
    await host.write.putLink(to, target, { uid, gid })
    return to
  }
  const mode = Number.parseInt(entry.mode, 8)
  await host.write.putFile(to, { content: bytes ?? Buffer.alloc(0), uid, gid, mode, check: keepCurrent })
  return to
}

export interface Retention {
  /** Milliseconds since the epoch; what is younger stays. */
  readonly olderThan: number
  /** The newest of each path stay, this many. */
  readonly keep: number
}

/** Forgets backups, and removes contents that no entry needs any more. @returns how many entries went */
export function pruneBackups({ backups }: BackupHost, { olderThan, keep }: Retention): number {
  const seen = new Map<string, number>()
  const stays = new Set<BackupEntry>()
  for (const entry of backups.list().toReversed()) {
    const newer = seen.get(entry.path) ?? 0
    seen.set(entry.path, newer + 1)
    if (newer < keep || Date.parse(entry.time) >= olderThan) stays.add(entry)
  }
  const ids = new Set([...stays].map(idOf))
  return backups.prune((entry) => ids.has(idOf(entry)))
}

/** @example renderBackup(entry) // '3f2a91c0  2026-11-23T13:00:00.000Z  0644  file  /etc/motd' */
export function renderBackup({ id, time, mode, path, target }: NamedBackup): string {
  return `${id}  ${time}  ${mode}  ${target === undefined ? path : `${path} -> ${target}`}`
}

function one(all: readonly NamedBackup[], id: string): NamedBackup | undefined {
  const found = all.filter((entry) => entry.id.startsWith(id))
  if (found.length < 2) return found[0]
  throw new RekindleError({
    code: 'bad-request',
    message: `Cannot tell which backup "${id}" is: ${found.length} begin so`,
    hint: 'Give more of the id',
  })
}

function idOf({ time, path, sha256, target }: BackupEntry): string {
  return hashBytes(JSON.stringify([time, path, sha256, target])).slice(0, 8)
}
