/**
 * What stands below a directory: its owner and mode for `recurse`, and what is not declared for `purge`. One walk, no object
 * for each file but for those that are off.
 */
import { join } from 'node:path/posix'
import { renderMode } from '../../../schemas/file-mode.ts'
import type { Change, FileParams } from '../../../schemas/generated/types.ts'
import type { FileReader, FileStat } from '../../host/file-reader.ts'
import type { Host } from '../../host/host.ts'
import { globsOf } from '../glob.ts'
import { modeInTree } from './mode.ts'
import type { Names } from './names.ts'

/** Something below that is not as wanted. */
export interface Below {
  readonly path: string
  readonly stat: FileStat
  /** `purge`: it goes. `attributes`: owner, group or mode differ. */
  readonly act: 'purge' | 'attributes'
}

type Managed = Pick<
  FileParams,
  'owner' | 'group' | 'mode' | 'recurse' | 'purge' | 'ignore' | 'force' | 'declaredBelow'
>

/**
 * Declared paths are left to their own declarations, with all below them; ignored names are not looked into.
 *
 * @returns undeclared directories after what is in them
 */
export function readBelow(
  files: FileReader,
  root: string,
  { params, names }: { readonly params: Managed; readonly names: Names },
): readonly Below[] {
  if (params.recurse !== true && params.purge !== true) return []
  const declared = new Set(params.declaredBelow)
  const ancestors = ancestorsOf(declared)
  const isIgnored = globsOf(params.ignore ?? [])
  const found: Below[] = []
  const visit = (directory: string) => {
    for (const name of files.list(directory)) {
      const path = join(directory, name)
      const stat = isIgnored(name) || declared.has(path) ? undefined : files.stat(path)
      if (stat === undefined) continue
      const isGoing = params.purge === true && !ancestors.has(path)
      const goesWhole = isGoing && stat.kind === 'directory' && params.force === true
      if (stat.kind === 'directory' && !goesWhole) visit(path)
      // Without force the files go and their directory stays, as in Puppet.
      if (isGoing && (stat.kind !== 'directory' || goesWhole)) found.push({ path, stat, act: 'purge' })
      else if (params.recurse === true && isOff(stat, params, names))
        found.push({ path, stat, act: 'attributes' })
    }
  }
  visit(root)
  return found
}

export function changesBelow(below: readonly Below[], params: Managed, names: Names): readonly Change[] {
  return below.map(({ path, stat, act }) =>
    act === 'purge'
      ? { property: path, from: stat.kind, to: 'absent' }
      : { property: path, from: renderAttributes(stat, names), to: renderWanted(stat, params, names) },
  )
}

/** What goes is backed up first, a directory file by file. */
export async function applyBelow(
  host: Host,
  below: readonly Below[],
  { params, names }: { readonly params: Managed & Pick<FileParams, 'backup'>; readonly names: Names },
): Promise<void> {
  const going = below.filter(({ act }) => act === 'purge').map(({ path }) => path)
  if (params.backup !== false && going.length > 0) await host.backups.put(...going)
  for (const { path, stat, act } of below) {
    if (act === 'attributes') {
      await host.write.setAttributes(path, wantedAttributes(stat, params, names))
      continue
    }
    await host.write.remove(path)
  }
}

function isOff(stat: FileStat, params: Managed, names: Names): boolean {
  const { uid, gid, mode } = wantedAttributes(stat, params, names)
  return uid !== stat.uid || gid !== stat.gid || (stat.kind !== 'symlink' && mode !== stat.mode)
}

/** A name that nobody has fails at the directory itself. */
function wantedAttributes(stat: FileStat, { owner, group, mode }: Managed, names: Names) {
  return {
    uid: (owner === undefined ? undefined : names.uidOf(owner)) ?? stat.uid,
    gid: (group === undefined ? undefined : names.gidOf(group)) ?? stat.gid,
    mode:
      mode === undefined
        ? stat.mode
        : modeInTree(mode, { mode: stat.mode, isDirectory: stat.kind === 'directory' }),
  }
}

function renderWanted(stat: FileStat, params: Managed, names: Names): string {
  return renderAttributes(wantedAttributes(stat, params, names), names)
}

function renderAttributes({ uid, gid, mode }: Pick<FileStat, 'uid' | 'gid' | 'mode'>, names: Names): string {
  return `${names.ownerOf(uid)}:${names.groupOf(gid)} ${renderMode(mode)}`
}

/** Directories that hold something declared. */
function ancestorsOf(paths: ReadonlySet<string>): ReadonlySet<string> {
  const ancestors = new Set<string>()
  for (const path of paths) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      ancestors.add(path.slice(0, end))
    }
  }
  return ancestors
}
