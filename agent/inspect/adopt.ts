/**
 * `rekindle adopt`: a role that describes this host, without what its base image has. It is a first draft for a person to
 * read: what made the host what it is cannot be told from what it is.
 */
import { renderMode } from '../../schemas/file-mode.ts'
import type { Host } from '../host/host.ts'
import { resourceTypes } from '../resource/registry.ts'
import type { Instance } from '../resource/resource-type.ts'
import { renderImport, renderInstances } from './render.ts'

export interface Found {
  readonly type: string
  readonly instances: readonly Instance[]
  /** Why the type could not be read. */
  readonly reason?: string
}

export interface Adopted {
  /** The role, as a TypeScript module. */
  readonly text: string
  /** Contents of changed configuration files, by path relative to the site. */
  readonly files: ReadonlyMap<string, Uint8Array>
}

/** In the order in which a role would declare them. */
const adoptedTypes = [
  ...['apt_source', 'package', 'group', 'user', 'ssh_authorized_key', 'hostname', 'timezone', 'locale'],
  ...['sysctl', 'kernel_module', 'mount', 'swap', 'alternatives', 'service', 'cron'],
]
const folder = 'adopted'
/** Names that a host has for itself alone. */
const ownNames: ReadonlySet<string> = new Set(['hostname'])
const firstUserId = 1000
const firstReservedId = 60_000

/** Reads everything that can be described; a type that cannot be read says why, and the others go on. */
export async function findAll(host: Host): Promise<readonly Found[]> {
  const found: Found[] = []
  for (const type of adoptedTypes) {
    const known = resourceTypes.get(type)
    if (known?.inspect === undefined || ownNames.has(type)) continue
    try {
      found.push({ type, instances: await known.inspect(host, undefined) })
    } catch (error) {
      found.push({ type, instances: [], reason: error instanceof Error ? error.message : String(error) })
    }
  }
  const changed = await host.dpkg.changedConfigFiles().catch(() => [])
  const files = changed.flatMap((path) => fileAt(host, path))
  return [...found.map((one) => withoutGiven(one, found)), { type: 'file', instances: files }]
}

/** Without what a base image has: `base` is what findAll() gave on a fresh one. */
export function subtract(found: readonly Found[], base: readonly Found[]): readonly Found[] {
  const known = new Set(
    base.flatMap(({ type, instances }) =>
      instances.map((one) => JSON.stringify([type, one.title, one.params])),
    ),
  )
  return found.map(({ instances, ...rest }) => ({
    ...rest,
    instances: instances.filter(
      ({ title, params }) => !known.has(JSON.stringify([rest.type, title, params])),
    ),
  }))
}

export function renderRole(name: string, found: readonly Found[]): Adopted {
  const files = new Map<string, Uint8Array>()
  const shown = found.map(({ type, instances, ...rest }) => ({
    ...rest,
    type,
    instances: type === 'file' ? instances.map((one) => toSource(one, files)) : instances,
  }))
  const types = shown.filter(({ instances }) => instances.length > 0).map(({ type }) => type)
  const body = shown.flatMap(({ instances, type, reason }) => [
    ...(reason === undefined ? [] : [`// ${type} could not be read: ${reason.split('\n', 1)[0]}`]),
    ...(instances.length === 0 ? [] : [renderInstances({ type, instances }).trimEnd()]),
  ])
  const indented = body.join('\n\n').replace(/^(?=.)/gm, '  ')
  const variable = name.replace(/[^A-Za-z0-9]+(.)?/g, (_, letter?: string) => letter?.toUpperCase() ?? '')
  const text = `${renderImport(types, ['role'])}\nexport const ${variable} = role('${name}', () => {\n${indented}\n})\n`
  return { text, files }
}

/** Of accounts those of people, with groups that are not just a user's own; of services those that differ from their preset. */
function withoutGiven({ instances, ...rest }: Found, all: readonly Found[]): Found {
  const users = new Set(all.find(({ type }) => type === 'user')?.instances.map(({ title }) => title))
  return {
    ...rest,
    instances: instances.filter(({ title, params, protectedBy }) => {
      if (protectedBy !== undefined) return false
      const id = params.uid ?? params.gid
      if (typeof id === 'number' && (id < firstUserId || id >= firstReservedId)) return false
      if (rest.type === 'group' && users.has(title)) return false
      // What a package enables and starts, its package brings along.
      if (rest.type === 'service')
        return params.enable === 'mask' || (params.enable === false && params.ensure === 'running')
      return true
    }),
  }
}

function fileAt(host: Host, path: string): readonly Instance[] {
  const stat = host.files.stat(path)
  if (stat?.kind !== 'file') return []
  const mode = renderMode(stat.mode)
  return [
    {
      title: path,
      params: {
        content: host.files.read(path).toString('latin1'),
        owner: String(stat.uid),
        group: String(stat.gid),
        mode,
      },
    },
  ]
}

/** A file's bytes go beside the role, so that a role stays readable. */
function toSource({ title, params }: Instance, files: Map<string, Uint8Array>): Instance {
  const { content, ...rest } = params
  const source = `${folder}${title}`
  // fileAt() has put the bytes there, one character each.
  files.set(source, Buffer.from(String(content), 'latin1'))
  return { title, params: { source, ...rest } }
}
