/**
 * What every typed constructor does: checks what the author gave, notes the resource in the role that runs, and gives a
 * reference to it. The constructors stand in resource/, a file for each family of types.
 */
import { RekindleError } from '../../schemas/errors.ts'
import type { AuthoredSchedule } from '../../schemas/generated/authored.ts'
import { resourceTraits } from '../../schemas/generated/resource-traits.ts'
import type { Schedule } from '../../schemas/generated/types.ts'
import { diagnose, renderDiagnostic } from '../../schemas/validate.ts'
import {
  type Compile,
  currentCompile,
  type Declaration,
  noteMistake,
  type OpenContainer,
  resourceIds,
  whereNow,
} from './context.ts'
import { complain, type TypeRule } from './parameter.ts'
import { isUrl } from './path.ts'
import { findForeign, plain } from './plain.ts'
import { Container, Reference, type References, type ResourceTypeName, renderResource } from './reference.ts'
import { firstThere, readSiteFile, readSiteTrees } from './source.ts'
import { addTree, type TreeEntry } from './tree.ts'

/** What every resource takes besides its own parameters. */
export interface Metaparams extends OtherMetaparams {
  /** These converge after this one. */
  readonly before?: References
}

/** Those of types that have a parameter `before` of their own. */
export interface OtherMetaparams {
  /** These converge before this one. */
  readonly require?: References
  /** These converge after this one, and are refreshed when it changed. */
  readonly notify?: References
  /** These converge before this one, and refresh it when they changed. */
  readonly subscribe?: References
  /** For runs by tag (`--tags`). Containers and the type's name are tags of their own. */
  readonly tags?: readonly string[]
  /** True: never change it, report what would change. False: change it in a no-op run too. */
  readonly noop?: boolean
  /** Report these parameters, or all of it, and never correct them. */
  readonly audit?: true | readonly string[]
  /**
   * When it may be changed; outside, the report says that it waits. It can only withhold, never cause a change.
   *
   * @example schedule: { range: '02:00-04:00', weekdays: ['sat', 'sun'], timeZone: 'Europe/Berlin' }
   */
  readonly schedule?: AuthoredSchedule
}

/** A resource as a constructor hands it over. */
export interface Authoring<Type extends ResourceTypeName> {
  readonly type: Type
  readonly title: string
  /** Parameters and metaparameters, as the author gave them. */
  readonly options: object
  /** What the schema cannot say. */
  readonly rule?: TypeRule
}

export function declare<Type extends ResourceTypeName>(authoring: Authoring<Type>): Reference<Type> {
  const { type, title: given, options, rule = {} } = authoring
  const compile = currentCompile(`declare ${renderResource(type, String(given))}`)
  const title = typeof given === 'string' ? (rule.normaliseTitle?.(given) ?? given) : String(given)
  const shown = renderResource(type, title)
  const { own, others } = ownBefore(type, options)
  const all = withContainers(compile, others)
  const { require, before, notify, subscribe, tags, noop, audit, schedule, ...rest } = all
  const isData = noteForeign(compile, shown, { ...rest, ...own })
  const params = plainParams({ ...rest, ...own })
  const written: unknown = given
  if (typeof written !== 'string' && !(written instanceof Object)) {
    noteMistake(compile, `Cannot declare ${type}: its title wants text, found ${String(written)}`)
    return new Reference(type, title)
  }
  const complaints = isData ? complain({ type, title, params, rule }) : []
  for (const { message, hint } of complaints)
    noteMistake(compile, `Cannot declare ${shown}: ${message}`, hint)

  const isSound = isData && complaints.length === 0
  const tree = isSound && isTree(type, params) ? treeOf(compile, shown, params) : undefined
  const bytes =
    isSound && tree === undefined && resourceTraits[type].hasBlob
      ? contentOf(compile, shown, params)
      : undefined
  const declaration: Declaration = {
    type,
    title,
    params: tree === undefined ? params : withoutTree(params),
    ...(bytes === undefined ? {} : { bytes }),
    ...edgesOf(compile, shown, { require, before, notify, subscribe }),
    tags: checkedTags(compile, shown, tags),
    ...checkedNoop(compile, shown, noop),
    ...checkedAudit(compile, shown, { audit, known: resourceTraits[type].parameters }),
    ...checkedSchedule(compile, shown, schedule),
    where: whereNow(compile),
    ...(compile.input.takeReads === undefined ? {} : { reads: compile.input.takeReads() }),
  }
  compile.declarations.push(declaration)
  // At the role's end: what is declared explicitly by then is left to its declaration.
  if (tree !== undefined) compile.finish.push(() => addTree(compile.declarations, declaration, tree))
  const reference = new Reference(type, title)
  compile.references.add(reference)
  for (const { container } of compile.containers) container.members.push(reference)
  return reference
}

/** A pattern in `before` is a parameter, where the type has one of that name. */
function ownBefore(type: ResourceTypeName, options: object): { own: object; others: object } {
  const { before, ...others }: { before?: unknown } = options
  if (typeof before !== 'string' || !resourceTraits[type].parameters.includes('before'))
    return { own: {}, others: options }
  return { own: { before }, others }
}

export type EdgeName = 'require' | 'before' | 'notify' | 'subscribe'

/** Ids of what the options refer to; what is wrong with them is noted. */
export function edgesOf(
  compile: Compile,
  shown: string,
  options: { readonly [Name in EdgeName]?: unknown },
): Pick<Declaration, EdgeName> {
  const edge = (name: EdgeName) =>
    resourceIds(compile, shown, toReferences(compile, shown, name, options[name]))
  return {
    require: edge('require'),
    before: edge('before'),
    notify: edge('notify'),
    subscribe: edge('subscribe'),
  }
}

/** Options with what the containers around it ask for: edges and tags are added, the rest is a default. */
export function withContainers(compile: Compile, options: object): Readonly<Record<string, unknown>> {
  let all: Readonly<Record<string, unknown>> = { ...options }
  for (const open of compile.containers.toReversed()) all = withContainer(all, open)
  return all
}

function withContainer(
  inner: Readonly<Record<string, unknown>>,
  { container, options: outer }: OpenContainer,
): Readonly<Record<string, unknown>> {
  return {
    ...inner,
    noop: inner.noop ?? outer.noop,
    audit: inner.audit ?? outer.audit,
    schedule: inner.schedule ?? outer.schedule,
    require: joined(inner.require, outer.require),
    before: joined(inner.before, outer.before),
    notify: joined(inner.notify, outer.notify),
    subscribe: joined(inner.subscribe, outer.subscribe),
    tags: joined(joined(inner.tags, outer.tags), container.name),
  }
}

function joined(inner: unknown, outer: unknown): unknown {
  if (inner === undefined || outer === undefined) return inner ?? outer
  return [inner, outer].flat()
}

/** Whether all of it could be written down; what could not is noted. */
function noteForeign(compile: Compile, shown: string, given: Readonly<Record<string, unknown>>): boolean {
  const foreign = Object.entries(given).flatMap(([name, value]) => findForeign(value, name))
  for (const { path, found } of foreign) {
    const hint = found === 'a Promise' ? 'A role runs at once and to its end: remove async and await' : null
    noteMistake(compile, `Cannot declare ${shown}: parameter "${path}": wanted data, found ${found}`, hint)
  }
  return foreign.length === 0
}

function plainParams(params: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(params)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, plain(value)]),
  )
}

/** A directory that is copied from the site. */
function isTree(type: string, { recurse, source }: Readonly<Record<string, unknown>>): boolean {
  return type === 'file' && recurse === true && source !== undefined
}

/** The directory itself is an ordinary one; what it was copied from is in its entries. */
function withoutTree(given: Readonly<Record<string, unknown>>) {
  const { source: _, sourceSelect: __, recurse: ___, ...params } = given
  return params
}

function treeOf(
  compile: Compile,
  shown: string,
  { source, sourceSelect, ignore = [] }: Readonly<Record<string, unknown>>,
): readonly TreeEntry[] | undefined {
  const sources = [source].flat().map(String)
  for (const path of sources) compile.files.add(path)
  try {
    return readSiteTrees(compile.siteDir, sources, {
      ignore: [ignore].flat().map(String),
      select: sourceSelect === 'all' ? 'all' : 'first',
      act: `declare ${shown}`,
    })
  } catch (error) {
    if (!(error instanceof RekindleError)) throw error
    noteMistake(compile, error.message, error.hint ?? null)
    return undefined
  }
}

export function contentOf(
  compile: Compile,
  shown: string,
  params: Readonly<Record<string, unknown>>,
): Uint8Array | undefined {
  if (typeof params.content === 'string') return Buffer.from(params.content)
  if (typeof params.contentBase64 === 'string') return Buffer.from(params.contentBase64, 'base64')
  const sources = [params.source ?? []].flat().map(String)
  if (sources.length === 0) return undefined
  // A URL's bytes are the agent's to fetch, where it is told which.
  if (params.checksum !== undefined && sources.some(isUrl)) return undefined
  // Those that are not there, too: a file that comes there changes what is taken.
  for (const path of sources) compile.files.add(path)
  try {
    return readSiteFile(compile.siteDir, firstThere(compile.siteDir, sources), `declare ${shown}`)
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
    if (item instanceof Container) {
      if (!compile.containers.some(({ container }) => container === item)) return item.members
      noteMistake(
        compile,
        `Cannot declare ${shown}: parameter "${name}": it stands in container "${item.name}" itself`,
      )
      return []
    }
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
  // A container's name alone comes as a string; an author gives a list.
  const list: readonly unknown[] = [tags].flat()
  if (list.every((tag) => typeof tag === 'string')) return list
  noteMistake(
    compile,
    `Cannot declare ${shown}: parameter "tags": wanted a list of strings, found ${show(tags)}`,
  )
  return []
}

function checkedNoop(compile: Compile, shown: string, noop: unknown): { noop?: boolean } {
  if (typeof noop === 'boolean') return { noop }
  if (noop !== undefined)
    noteMistake(compile, `Cannot declare ${shown}: parameter "noop": wanted boolean, found ${show(noop)}`)
  return {}
}

function checkedAudit(
  compile: Compile,
  shown: string,
  { audit, known }: { audit: unknown; known: readonly string[] },
): Pick<Declaration, 'audit'> {
  if (audit === undefined || audit === false) return {}
  if (audit === true) return { audit }
  const names: readonly unknown[] = Array.isArray(audit) ? audit : [audit]
  const isName = (name: unknown): name is string => typeof name === 'string' && known.includes(name)
  if (names.length > 0 && names.every(isName)) return { audit: names }
  noteMistake(
    compile,
    `Cannot declare ${shown}: parameter "audit": wanted true or a list of its parameters, found ${show(audit)}`,
    `Its parameters: ${known.join(', ')}`,
  )
  return {}
}

function checkedSchedule(compile: Compile, shown: string, given: unknown): Pick<Declaration, 'schedule'> {
  if (given === undefined) return {}
  const schedule = plain(given)
  const wrong = diagnose('protocol/schedule', schedule)
  // Its shape was checked just now.
  if (wrong.length === 0 && isTimeZone(schedule as Schedule)) return { schedule: schedule as Schedule }
  const reasons =
    wrong.length === 0 ? ['/timeZone: wanted a name of the IANA database'] : wrong.map(renderDiagnostic)
  noteMistake(compile, `Cannot declare ${shown}: parameter "schedule": ${reasons.join('; ')}`)
  return {}
}

function isTimeZone({ timeZone = 'UTC' }: Schedule): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone })
    return true
  } catch {
    return false
  }
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value)
}
