/** What stands at a path, as a role would declare it. */

import { RekindleError } from '../../../schemas/errors.ts'
import { renderMode } from '../../../schemas/file-mode.ts'
import type { FileParams } from '../../../schemas/generated/types.ts'
import type { FileStat } from '../../host/file-reader.ts'
import type { Host } from '../../host/host.ts'
import type { Instance } from '../resource-type.ts'
import { readNames } from './names.ts'

/** Bytes; of a larger file, existence and owner are told alone: nobody would keep it in a role. */
const largest = 256 * 1024

export async function inspect(host: Host, title: string | undefined): Promise<readonly Instance[]> {
  if (title === undefined || !title.startsWith('/')) {
    throw new RekindleError({
      code: 'bad-request',
      message: 'Cannot inspect files: name one by its absolute path',
      hint: 'rekindle inspect file /etc/motd',
    })
  }
  const path = title.replace(/\/+/g, '/').replace(/(?<=.)\/$/, '')
  const stat = host.files.stat(path)
  if (stat === undefined) return []
  const names = readNames(host.files)
  const owners = { owner: names.ownerOf(stat.uid), group: names.groupOf(stat.gid) }
  return [{ title: path, params: { ...ownParams(host, path, stat), ...owners, ...modeOf(stat) } }]
}

function ownParams(host: Host, path: string, { kind, size }: FileStat): FileParams {
  switch (kind) {
    case 'file':
      return size > largest ? { ensure: 'file' } : contentOf(host.files.read(path))
    case 'directory':
      return { ensure: 'directory' }
    case 'symlink':
      return { ensure: 'symlink', target: host.files.readLink(path) }
    case 'fifo':
    case 'socket':
    case 'device':
      throw new RekindleError({
        code: 'resource-unreadable',
        message: `Cannot inspect file "${path}": a ${kind} stands there, and no file declares one`,
      })
    default:
      return kind satisfies never
  }
}

function contentOf(bytes: Buffer): FileParams {
  try {
    return { content: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) }
  } catch {
    return { contentBase64: bytes.toString('base64') }
  }
}

function modeOf({ kind, mode }: FileStat): FileParams {
  return kind === 'symlink' ? {} : { mode: renderMode(mode) }
}
