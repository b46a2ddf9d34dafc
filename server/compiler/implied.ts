/** Edges that nobody has to write: what a resource needs, when the catalog declares that too. Pure. */
import { dirname, resolve } from 'node:path/posix'
import type { ResourceId } from '../../schemas/resource-id.ts'
import { type Declared, idOf, isAbsent, traitsOf } from './declared.ts'

export type DeclaredById = ReadonlyMap<ResourceId, Declared>

interface Index {
  readonly all: DeclaredById
  /** Ids of resources whose title is a path, by that path. */
  readonly byPath: ReadonlyMap<string, readonly ResourceId[]>
  /** Drop-ins, and files in `<unit>.d` of systemd's folders, by unit. */
  readonly dropIns: ReadonlyMap<string, readonly ResourceId[]>
  /** Ids of what tells apt where packages come from, and where not. */
  readonly aptFiles: readonly ResourceId[]
  /** Ids of declared keys, by user. */
  readonly keysOf: ReadonlyMap<string, readonly ResourceId[]>
}

/**
 * Gives, for a resource, the ids of declared ones that should converge before it. What is to be absent waits for nothing
 * and holds nothing up.
 */
export function impliedIn(all: DeclaredById): (declared: Declared) => readonly ResourceId[] {
  const aptFiles = [...all.keys()].filter((id) => /^(apt_(source|pin):|purge:apt_(source|pin)$)/.test(id))
  const keysOf = keysByUser(all)
  const index = { all, byPath: pathsOf(all), dropIns: dropInsOf(all), aptFiles, keysOf }
  return (declared) => {
    if (isAbsent(declared)) return []
    const own = idOf(declared)
    const needs = [...referred(declared, index), ...(needsByType[declared.type]?.(declared, index) ?? [])]
    return [...new Set(needs)].filter((id) => {
      const needed = all.get(id)
      return id !== own && needed !== undefined && !isAbsent(needed)
    })
  }
}

/** What the schema says that title and parameters refer to. */
function referred({ type, title, params }: Declared, index: Index): readonly ResourceId[] {
  const traits = traitsOf(type)
  if (traits === undefined) return []
  const base = traits.titleIsPath ? dirname(title) : '/'
  return [
    ...(traits.titleIsPath && title !== '/' ? nearest(dirname(title), index) : []),
    // The directory that something else is put over, such as a mount point, is a file.
    ...(traits.titleIsPath && type !== 'file' ? [`file:${title}` as const] : []),
    ...(traits.titleRefersTo === null ? [] : targets(title, traits.titleRefersTo, { base, index })),
    ...traits.refersTo.flatMap(([name, kind]) => targets(params[name], kind, { base, index })),
  ]
}

function targets(
  value: unknown,
  kind: string,
  { base, index }: { base: string; index: Index },
): readonly ResourceId[] {
  if (kind === 'program') return programOf(value)
  if (Array.isArray(value)) return value.flatMap((one: unknown) => targets(one, kind, { base, index }))
  if (typeof value !== 'string') return []
  switch (kind) {
    case 'path':
      // Relative targets count from the link's own directory.
      return nearest(resolve(base, value), index)
    case 'group':
      return groupOf(value, index.all)
    default:
      return [`${kind}:${value}`]
  }
}

/** Absolute paths of the programs that command lines begin with. */
function programOf(command: unknown): readonly ResourceId[] {
  const words: readonly unknown[] = Array.isArray(command) ? command : [command]
  const programs = words.some(Array.isArray) ? words.flatMap(programOf) : []
  const [first] = words
  const program = typeof first === 'string' ? first.split(' ', 1)[0] : undefined
  return [...programs, ...(program?.startsWith('/') === true ? [`file:${program}` as const] : [])]
}

function pathsOf(all: DeclaredById): ReadonlyMap<string, readonly ResourceId[]> {
  const byPath = new Map<string, ResourceId[]>()
  for (const [id, { type, title }] of all) {
    if (traitsOf(type)?.titleIsPath === true) byPath.set(title, [...(byPath.get(title) ?? []), id])
  }
  return byPath
}

const unitFolders = ['/etc/systemd/system', '/lib/systemd/system', '/usr/lib/systemd/system']

function dropInsOf(all: DeclaredById): ReadonlyMap<string, readonly ResourceId[]> {
  const dropIns = new Map<string, ResourceId[]>()
  for (const [id, { type, params }] of all) {
    const unit =
      type === 'systemd_dropin'
        ? String(params.unit)
        : /^file:(?:\/etc|\/lib|\/usr\/lib)\/systemd\/system\/([^/]+)\.d\/./.exec(id)?.[1]
    if (unit !== undefined) dropIns.set(unit, [...(dropIns.get(unit) ?? []), id])
  }
  return dropIns
}

function keysByUser(all: DeclaredById): ReadonlyMap<string, readonly ResourceId[]> {
  const keys = [...all].filter(([, { type }]) => type === 'ssh_authorized_key')
  const byUser = Map.groupBy(keys, ([, { params }]) => String(params.user))
  return new Map([...byUser].map(([user, of]) => [user, of.map(([id]) => id)]))
}

/** What the schemas' words cannot say. */
const needsByType: Readonly<Record<string, (declared: Declared, index: Index) => readonly ResourceId[]>> = {
  // Packages that bring the tools.
  cron: () => ['package:cron', 'package:cronie'],
  cron_file: ({ params }) => ['package:cron', 'package:cronie', ...cronEntries(params).flatMap(entryNeeds)],
  kernel_module: () => ['package:kmod'],
  locale: () => ['package:locales'],
  logrotate: () => ['package:logrotate'],
  ssh_authorized_key: (declared, index) => keyFolder(declared, index),
  // It brings /etc/ssh.
  ssh_known_host: (declared, index) => ['package:openssh-client', ...keyFolder(declared, index)],
  ssh_key_purge: ({ title }, { keysOf }) => keysOf.get(title) ?? [],
  sudoers: () => ['package:sudo'],
  timezone: () => ['package:tzdata'],
  // A package may come from any source, and by any pin.
  package: ({ params: { provider } }, { aptFiles }) =>
    provider === undefined || provider === 'apt' ? aptFiles : [],
  // What is declared comes first: a renamed resource is there before its old name goes.
  purge: ({ title }, { all }) => [
    ...[...all.keys()].filter((id) => id.startsWith(`${title}:`)),
    // A key goes after what it has signed.
    ...(title === 'apt_key'
      ? [...all.keys()].filter((id) => /^(purge:apt_source$|apt_source:)/.test(id))
      : []),
  ],
  service: ({ title }, { dropIns }) => {
    const unit = /\.[a-z]+$/.test(title) ? title : `${title}.service`
    const files = unitFolders.map((folder): ResourceId => `file:${folder}/${unit}`)
    const declared: readonly ResourceId[] = [`systemd_unit:${unit}`, `timer:${title.replace(/\.timer$/, '')}`]
    return [...files, ...declared, ...(dropIns.get(unit) ?? [])]
  },
}

/** What makes the home of the user, where that is declared by itself; a `target` says where it is. */
function keyFolder({ params: { user, target } }: Declared, index: Index): readonly ResourceId[] {
  if (typeof user !== 'string' || target !== undefined) return []
  const usual = user === 'root' ? '/root' : `/home/${user}`
  const home = index.all.get(`user:${user}`)?.params.home ?? usual
  return typeof home === 'string' ? nearest(`${home}/.ssh`, index) : []
}

interface CronEntry {
  readonly user: string
  readonly command: string
}

/** The parameters have passed their schema. */
function cronEntries({ entries = [] }: Declared['params']): readonly CronEntry[] {
  return entries as readonly CronEntry[]
}

/** cron never reads a file again that named a user who was not there yet. */
function entryNeeds({ user, command }: CronEntry): readonly ResourceId[] {
  return [`user:${user}`, ...programOf(command)]
}

/** What is declared at the path, or at its nearest ancestor. */
function nearest(path: string, { byPath }: Index): readonly ResourceId[] {
  for (let at = path; ; at = dirname(at)) {
    const there = byPath.get(at)
    if (there !== undefined) return there
    if (at === dirname(at)) return []
  }
}

/** A user that is declared without a group brings the group of its own name along. */
function groupOf(name: unknown, all: DeclaredById): readonly ResourceId[] {
  if (typeof name !== 'string') return []
  if (all.has(`group:${name}`)) return [`group:${name}`]
  return all.get(`user:${name}`)?.params.group === undefined ? [`user:${name}`] : []
}
