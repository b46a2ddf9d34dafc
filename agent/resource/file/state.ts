/** What a file's parameters come to, and what was found at its path. */

import type { FileParams } from '../../../schemas/generated/types.ts'
import type { FileKind } from '../../host/file-reader.ts'
import type { Wanted } from '../resource-type.ts'
import type { Below } from './below.ts'
import { type ModeBase, modeInTree, modeOf } from './mode.ts'
import type { Names } from './names.ts'

export type WantedFile = Wanted<FileParams>

export interface Digest {
  readonly algorithm: 'sha256' | 'sha512'
  /** Hexadecimal. */
  readonly hex: string
}

export interface FileState {
  readonly kind: FileKind | 'absent'
  /** Bytes; 0 when absent. */
  readonly size: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Of a symbolic link. */
  readonly target: string | undefined
  /** Of a regular file whose content is managed. Absent: not read, since its size alone says that it differs. */
  readonly digest: Digest | undefined
  /** Of a directory that is managed with what is below it: what of that is not as wanted. */
  readonly below?: readonly Below[]
  /** Users and groups of the host when the file was read. */
  readonly names: Names
}

export type Ensure = NonNullable<FileParams['ensure']>

export function ensureOf({ ensure, target }: FileParams): Ensure {
  return ensure ?? (target === undefined ? 'file' : 'symlink')
}

/** The path without doubled or trailing slashes: `/a/` is `/a`. */
export function pathOf({ title }: WantedFile): string {
  if (!title.includes('//') && !title.endsWith('/')) return title
  return title.replace(/\/+/g, '/').replace(/(?<=.)\/$/, '')
}

/** Of the content that is wanted; absent where it is not managed, but for a file that is made. */
export function wantedDigest({ blob, checksum }: FileParams): Digest | undefined {
  if (blob !== undefined) return { algorithm: 'sha256', hex: blob.sha256 }
  const [algorithm, hex = ''] = checksum?.split(':') ?? []
  return algorithm === 'sha256' || algorithm === 'sha512' ? { algorithm, hex } : undefined
}

/** Whether the content of what stands there matters. */
export function isContentManaged(params: FileParams): boolean {
  return wantedDigest(params) !== undefined && params.replace !== false
}

/** @example renderDigest({ algorithm: 'sha256', hex: 'ab12cd34…' }) // 'sha256:ab12cd34' */
export function renderDigest({ algorithm, hex }: Digest): string {
  return `${algorithm}:${hex.slice(0, 8)}`
}

/** The bits that a file gets, or keeps. @param base what is there, or what something new would get */
export function managedMode({ mode, recurse }: FileParams, base: ModeBase): number {
  if (mode === undefined) return base.mode
  return recurse === true && base.isDirectory ? modeInTree(mode, base) : modeOf(mode, base)
}
