/** A directory of the site as file resources: each entry is one, so that drift names the file. Pure. */
import { join } from 'node:path/posix'
import { forDirectory, renderMode } from '../../schemas/file-mode.ts'
import { type ResourceId, renderResourceId } from '../../schemas/resource-id.ts'
import type { Declaration } from './context.ts'

/** One entry of a directory of the site, at any depth; the path is relative to it. */
export interface TreeEntry {
  readonly path: string
  readonly kind: 'directory' | 'file' | 'symlink'
  /** Of a file. */
  readonly bytes?: Uint8Array
  /** Of a symbolic link. */
  readonly target?: string
  /** Of a file: its owner may execute it. */
  readonly isExecutable: boolean
}

/**
 * Puts the entries right after their directory's declaration. An explicit declaration of a path wins; what waits for the
 * directory, or notifies or is notified by it, does so with every entry.
 */
export function addTree(declarations: Declaration[], root: Declaration, entries: readonly TreeEntry[]): void {
  const declared = new Set(declarations.map(idOf))
  // Directories first: the agent then writes all files together, with one wait for the disk.
  const ordered = [
    ...entries.filter(({ kind }) => kind === 'directory'),
    ...entries.filter(({ kind }) => kind !== 'directory'),
  ]
  const children = ordered.map((entry) => childOf(root, entry)).filter((child) => !declared.has(idOf(child)))
  const [rootId, ids] = [idOf(root), children.map(idOf)]
  const withChildren = (list: readonly ResourceId[]) =>
    list.includes(rootId) ? [...new Set([...list, ...ids])] : list
  for (const [index, one] of declarations.entries()) {
    declarations[index] = {
      ...one,
      require: withChildren(one.require),
      before: withChildren(one.before),
      notify: withChildren(one.notify),
      subscribe: withChildren(one.subscribe),
    }
  }
  const at = declarations.findIndex((one) => idOf(one) === rootId)
  declarations.splice(at + 1, 0, ...children)
}

function childOf(root: Declaration, { path, kind, bytes, target, isExecutable }: TreeEntry): Declaration {
  const { owner, group, mode, backup, showDiff, sensitive, force, purge, ignore } = root.params
  const shared = { owner, group, backup, showDiff, sensitive, force }
  const own = {
    directory: { ensure: 'directory', purge, ignore, mode: mode ?? '0755' },
    file: { mode: mode ?? (isExecutable ? '0755' : '0644') },
    symlink: { ensure: 'symlink', target },
  }[kind]
  const params = Object.fromEntries(
    Object.entries({ ...shared, ...own, mode: modeFor(kind, own) }).filter(
      ([, value]) => value !== undefined,
    ),
  )
  return { ...root, title: join(root.title, path), params, ...(bytes === undefined ? {} : { bytes }) }
}

/** Octal bits give directories an x wherever there is an r, as in Puppet; a link has none. */
function modeFor(kind: TreeEntry['kind'], { mode }: { readonly mode?: unknown }): unknown {
  if (kind === 'symlink') return undefined
  if (kind === 'file' || typeof mode !== 'string' || !/^[0-7]+$/.test(mode)) return mode
  return renderMode(forDirectory(Number.parseInt(mode, 8)))
}

function idOf({ type, title }: Declaration): ResourceId {
  return renderResourceId(type, title)
}
