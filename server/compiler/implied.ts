/** Edges that nobody has to write: what a resource needs, when the catalog declares that too. Pure. */
import { dirname, resolve } from 'node:path/posix'
import type { ResourceId } from '../../schemas/resource-id.ts'
import { type Declared, idOf } from './declared.ts'

export type DeclaredById = ReadonlyMap<ResourceId, Declared>

type Needs = (declared: Declared, index: Index) => readonly ResourceId[]

interface Index {
  readonly all: DeclaredById
  /** Files in `<unit>.d` of systemd's folders, by unit. */
  readonly dropIns: ReadonlyMap<string, readonly ResourceId[]>
}

/**
 * Gives, for a resource, the ids of declared ones that should converge before it. What is to be absent waits for nothing
 * and holds nothing up.
 */
export function impliedIn(all: DeclaredById): (declared: Declared) => readonly ResourceId[] {
  const index = { all, dropIns: dropInsOf(all) }
  return (declared) => {
    const needs = needsByType[declared.type]
    if (needs === undefined || isAbsent(declared)) return []
    const own = idOf(declared)
    return [...new Set(needs(declared, index))].filter((id) => {
      const needed = all.get(id)
      return id !== own && needed !== undefined && !isAbsent(needed)
    })
  }
}

const unitFolders = ['/etc/systemd/system', '/lib/systemd/system', '/usr/lib/systemd/system']

function dropInsOf(all: DeclaredById): ReadonlyMap<string, readonly ResourceId[]> {
  const dropIns = new Map<string, ResourceId[]>()
  for (const id of all.keys()) {
    const unit = /^file:(?:\/etc|\/lib|\/usr\/lib)\/systemd\/system\/([^/]+)\.d\/./.exec(id)?.[1]
    if (unit !== undefined) dropIns.set(unit, [...(dropIns.get(unit) ?? []), id])
  }
  return dropIns
}

const needsByType: Readonly<Record<string, Needs>> = {
  file: (declared, { all }) => {
    const { target, owner, group } = declared.params
    return [
      ...nearest(dirname(declared.title), declared.title, all),
      // Relative targets count from the link's own directory.
      ...(typeof target === 'string'
        ? nearest(resolve(dirname(declared.title), target), undefined, all)
        : []),
      ...account('user', owner),
      ...groupOf(group, all),
    ]
  },
  service: ({ title }, { dropIns }) => {
    const unit = /\.[a-z]+$/.test(title) ? title : `${title}.service`
    const files = unitFolders.map((folder): ResourceId => `file:${folder}/${unit}`)
    return [...files, ...(dropIns.get(unit) ?? []), `package:${title}`]
  },
  user: ({ params }, { all }) => {
    const groups: readonly unknown[] = Array.isArray(params.groups) ? params.groups : []
    return [params.group, ...groups].flatMap((name) => groupOf(name, all))
  },
  exec: ({ params }, { all }) => {
    const { cwd, command } = params
    const program: unknown = Array.isArray(command) ? command[0] : String(command).split(' ', 1)[0]
    return [
      ...account('user', params.user),
      ...(typeof cwd === 'string' ? nearest(cwd, undefined, all) : []),
      ...(typeof program === 'string' && program.startsWith('/') ? [`file:${program}` as const] : []),
    ]
  },
}

/** The declared file at the path, or at its nearest ancestor. */
function nearest(path: string, except: string | undefined, all: DeclaredById): readonly ResourceId[] {
  for (let at = path; ; at = dirname(at)) {
    if (at !== except && all.has(`file:${at}`)) return [`file:${at}`]
    if (at === dirname(at)) return []
  }
}

function account(type: 'user' | 'group', name: unknown): readonly ResourceId[] {
  return typeof name === 'string' ? [`${type}:${name}`] : []
}

/** A user that is declared without a group brings the group of its own name along. */
function groupOf(name: unknown, all: DeclaredById): readonly ResourceId[] {
  if (typeof name !== 'string') return []
  if (all.has(`group:${name}`)) return [`group:${name}`]
  return all.get(`user:${name}`)?.params.group === undefined ? [`user:${name}`] : []
}

function isAbsent({ params }: Declared): boolean {
  return params.ensure === 'absent' || params.ensure === 'purged'
}
