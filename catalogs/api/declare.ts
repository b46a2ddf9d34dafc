/**
 * What every typed constructor does: checks what the author gave, notes the resource in the role that runs, and gives a
 * reference to it. The constructors stand in resource/, a file for each family of types.
 */
import { RekindleError } from '../../schemas/errors.ts'
import { resourceTraits } from '../../schemas/generated/resource-traits.ts'
import { type Compile, currentCompile, noteMistake, resourceIds, whereNow } from './context.ts'
import { complain, type TypeRule } from './parameter.ts'
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

/** Parameters as an author may write them: lists may be read-only. */
export type Authored<Params> = {
  readonly [Name in keyof Params]: Params[Name] extends infer Value
    ? Value extends (infer Item)[]
      ? readonly Item[]
      : Value
    : never
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
  const { require, before, notify, subscribe, tags, noop, ...rest }: Readonly<Record<string, unknown>> = {
    ...options,
  }
  const params = plainParams(rest)
  const complaints = complain({ type, title, params, rule })
  for (const { message, hint } of complaints)
    noteMistake(compile, `Cannot declare ${shown}: ${message}`, hint)

  const edge = (name: string, value: unknown) =>
    resourceIds(compile, shown, toReferences(compile, shown, name, value))
  const bytes =
    complaints.length === 0 && resourceTraits[type].hasBlob ? contentOf(compile, shown, params) : undefined
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
