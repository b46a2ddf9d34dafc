/** What stands for more than its author has written: further resources, or what a purge has to keep. Pure. */
import { basename, dirname } from 'node:path/posix'
import { type Declared, isAbsent } from './declared.ts'

export function expand(declarations: readonly Declared[]): readonly Declared[] {
  return declarations.flatMap((declared) => {
    if (declared.type === 'user') return expandUser(declared)
    return declared.type === 'purge' ? [expandPurge(declared, declarations)] : [declared]
  })
}

/** Keys go after declared ones have come, and those come after the user. */
function expandUser(user: Declared): readonly Declared[] {
  const { purgeSshKeys = false, ...params } = user.params
  const own = { ...user, params }
  if (purgeSshKeys === false || isAbsent(user)) return [own]
  const { audit, secrets: _, ...rest } = user
  const isAudited = audit === true || audit?.includes('purgeSshKeys') === true
  return [
    own,
    {
      ...rest,
      type: 'ssh_key_purge',
      params: purgeSshKeys === true ? {} : { files: purgeSshKeys },
      ...{ require: [], before: [], notify: [], subscribe: [] },
      ...(isAudited ? { audit: true } : {}),
    },
  ]
}

const aptFolders: Readonly<Record<string, { readonly folder: string; readonly ending: RegExp }>> = {
  apt_source: { folder: '/etc/apt/sources.list.d', ending: /\.(sources|list)$/ },
  apt_key: { folder: '/etc/apt/keyrings', ending: /\.(gpg|asc)$/ },
  apt_pin: { folder: '/etc/apt/preferences.d', ending: /\.pref$/ },
}

/** Declared as a file, or as the path that a source names, it is declared. */
function expandPurge(purge: Declared, all: readonly Declared[]): Declared {
  const place = aptFolders[purge.title]
  if (place === undefined) return purge
  const kept = all
    .filter((one) => !isAbsent(one))
    .flatMap((one) => [...pathsOf(one), ...(purge.title === 'apt_key' ? keyringsOf(one) : [])])
    .filter((path) => dirname(path) === place.folder)
    .map((path) => basename(path).replace(place.ending, ''))
  if (kept.length === 0) return purge
  const { keep = [] } = purge.params
  return { ...purge, params: { ...purge.params, keep: [...new Set([keep, kept].flat())] } }
}

function pathsOf({ type, title, params: { path } }: Declared): readonly string[] {
  if (type !== 'file') return []
  return [typeof path === 'string' ? path : title]
}

function keyringsOf({ type, params: { signedBy } }: Declared): readonly string[] {
  return type === 'apt_source' && typeof signedBy === 'string' ? [signedBy] : []
}
