/** A typed constructor for each resource type: declares the resource in the role that runs, and gives a reference to it. */
import { RekindleError } from '../../schemas/errors.ts'
import type { ResourceParams } from '../../schemas/generated/types.ts'
import { type Compile, currentCompile, noteMistake, resourceIds, whereNow } from './context.ts'
import { complain, normaliseTitle } from './parameter.ts'
import { plain } from './plain.ts'
import { Reference, type References, type ResourceTypeName, renderResource } from './reference.ts'
import { readSiteFile } from './source.ts'

/** What every resource takes besides its own parameters. */
export interface Metaparams {
  /** These converge before this one. */
  readonly require?: References
  /** These converge after this one. */
  readonly before?: References
  /** These converge after this one, and are refreshed when it changed. */
  readonly notify?: References
  /** These converge before this one, and refresh it when they changed. */
  readonly subscribe?: References
  readonly tags?: readonly string[]
  /** Never change it; report what would change. */
  readonly noop?: boolean
}

type Authored<Params> = {
  readonly [Name in keyof Params]: Params[Name] extends infer Value
    ? Value extends (infer Item)[]
      ? readonly Item[]
      : Value
    : never
}

export type FileOptions = Authored<Omit<ResourceParams['file'], 'blob'>> & Metaparams
export type PackageOptions = Authored<ResourceParams['package']> & Metaparams
export type ServiceOptions = Authored<ResourceParams['service']> & Metaparams
export type UserOptions = Authored<ResourceParams['user']> & Metaparams
export type GroupOptions = Authored<ResourceParams['group']> & Metaparams
export type ExecOptions = Authored<ResourceParams['exec']> & Metaparams

/**
 * A file, directory or symbolic link.
 *
 * @example file('/etc/motd', { content: 'Welcome\n', mode: '0644' })
 */
export function file(path: string, options: FileOptions): Reference<'file'> {
  return declare('file', path, options)
}

/**
 * A Debian package.
 *
 * @example pkg('nginx')
 */
export function pkg(name: string, options: PackageOptions = {}): Reference<'package'> {
  return declare('package', name, options)
}

/**
 * A systemd unit.
 *
 * @example service('nginx', { ensure: 'running', enable: true, subscribe: conf })
 */
export function service(name: string, options: ServiceOptions): Reference<'service'> {
  return declare('service', name, options)
}

/**
 * A local account.
 *
 * @example user('deploy', { system: true, home: '/srv/deploy' })
 */
export function user(name: string, options: UserOptions = {}): Reference<'user'> {
  return declare('user', name, options)
}

/**
 * A local group.
 *
 * @example group('deploy')
 */
export function group(name: string, options: GroupOptions = {}): Reference<'group'> {
  return declare('group', name, options)
}

/**
 * A command. Without `creates`, `onlyIf`, `unless` or `refreshOnly` it runs in every run.
 *
 * @example exec('reload units', { command: ['systemctl', 'daemon-reload'], refreshOnly: true, subscribe: unit })
 */
export function exec(title: string, options: ExecOptions): Reference<'exec'> {
  return declare('exec', title, options)
}

function declare<Type extends ResourceTypeName>(type: Type, given: string, options: object): Reference<Type> {
  const compile = currentCompile(`declare ${renderResource(type, String(given))}`)
  const title = typeof given === 'string' ? normaliseTitle(type, given) : String(given)
  const shown = renderResource(type, title)
  const { require, before, notify, subscribe, tags, noop, ...rest }: Readonly<Record<string, unknown>> = {
    ...options,
  }
  const params = plainParams(rest)
  const complaints = complain(type, title, params)
  for (const { message, hint } of complaints)
    noteMistake(compile, `Cannot declare ${shown}: ${message}`, hint)

  const edge = (name: string, value: unknown) =>
    resourceIds(compile, shown, toReferences(compile, shown, name, value))
  const bytes = complaints.length === 0 ? contentOf(compile, shown, params) : undefined
  compile.declarations.push({
    type,
    title,
    params,
    ...(bytes === undefined ? {} : { bytes }),
    require: edge('require', require),
    before: edge('before', before),
    notify: edge('notify', notify),
    subscribe: edge('subscribe', subscribe),
    tags: checkedTags(compile, shown, tags),
    ...(checkedNoop(compile, shown, noop) ? { noop: true } : {}),
    where: whereNow(compile),
  })
  const reference = new Reference(type, title)
  compile.references.add(reference)
  return reference
}

function plainParams(params: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(params)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, plain(value)]),
  )
}

function contentOf(
  compile: Compile,
  shown: string,
  params: Readonly<Record<string, unknown>>,
): Uint8Array | undefined {
  if (typeof params.content === 'string') return Buffer.from(params.content)
  if (typeof params.source !== 'string') return undefined
  try {
    return readSiteFile(compile.siteDir, params.source, `declare ${shown}`)
  } catch (error) {
    if (!(error instanceof RekindleError)) throw error
    noteMistake(compile, error.message, error.hint ?? null)
    return undefined
  }
}

function toReferences(compile: Compile, shown: string, name: string, value: unknown): readonly Reference[] {
  if (value === undefined) return []
  const list: readonly unknown[] = Array.isArray(value) ? value.flat() : [value]
  return list.flatMap((item) => {
    if (item instanceof Reference) return [item]
    noteMistake(
      compile,
      `Cannot declare ${shown}: parameter "${name}": wanted a resource, found ${show(item)}`,
      `Give what a constructor returned: const nginx = pkg('nginx'), then ${name}: nginx`,
    )
    return []
  })
}

function checkedTags(compile: Compile, shown: string, tags: unknown): readonly string[] {
  if (tags === undefined) return []
  const list: readonly unknown[] = Array.isArray(tags) ? tags : []
  if (Array.isArray(tags) && list.every((tag) => typeof tag === 'string')) return list
  noteMistake(
    compile,
    `Cannot declare ${shown}: parameter "tags": wanted a list of strings, found ${show(tags)}`,
  )
  return []
}

function checkedNoop(compile: Compile, shown: string, noop: unknown): boolean {
  if (noop === undefined || typeof noop === 'boolean') return noop === true
  noteMistake(compile, `Cannot declare ${shown}: parameter "noop": wanted boolean, found ${show(noop)}`)
  return false
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value)
}
