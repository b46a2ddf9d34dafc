/**
 * Parameters that say what else the catalog declares, so that a resource which removes what is undeclared knows what is not:
 * the schema's word `collects`. Pure.
 */
import type { Collects } from '../../schemas/generated/resource-traits.ts'
import { type Declared, filesOf, isAbsent, traitsOf } from './declared.ts'

/** What each resource collects of all the others. */
export function collectedFrom(
  all: readonly Declared[],
): (declared: Declared) => Readonly<Record<string, readonly string[]>> {
  const byType = Map.groupBy(all, ({ type }) => type)
  const paths = all.flatMap(pathsOf)
  return (declared) => {
    const { type, params } = declared
    const wishes = (traitsOf(type)?.collects ?? []).filter(
      ([, { when }]) =>
        when === undefined || when.some((name) => params[name] !== undefined && params[name] !== false),
    )
    return Object.fromEntries(
      wishes.map(([name, what]) => [
        name,
        what.below === true ? below(placeOf(declared), paths) : ofType(declared, what, byType),
      ]),
    )
  }
}

/** All that a resource writes or names: whoever removes what is undeclared leaves them. */
function pathsOf(declared: Declared): readonly string[] {
  const { type, title, params } = declared
  const traits = traitsOf(type)
  if (traits === undefined) return []
  const named = traits.refersTo.flatMap(([name, kind]) => (kind === 'path' ? (params[name] ?? []) : []))
  return [
    ...(traits.titleIsPath ? [title] : []),
    ...filesOf(declared),
    ...named.flatMap((path) => (typeof path === 'string' ? [path] : [])),
  ]
}

/** The title is the path of a directory, unless a parameter is. */
function placeOf({ title, params: { path } }: Declared): string {
  return typeof path === 'string' ? path : title
}

function below(title: string, paths: readonly string[]): readonly string[] {
  const prefix = title === '/' ? '/' : `${title}/`
  return [...new Set(paths.filter((path) => path.startsWith(prefix)))].sort()
}

function ofType(
  { title }: Declared,
  { type, where, present, give }: Collects,
  byType: ReadonlyMap<string, readonly Declared[]>,
): readonly string[] {
  const of = byType.get(type === 'title' ? title : (type ?? '')) ?? []
  return of
    .filter(({ params }) => where === undefined || params[where] === title)
    .filter((one) => present !== true || !isAbsent(one))
    .map((one) => {
      const given = [give ?? []].flat().flatMap((name) => one.params[name] ?? [])
      return given.length > 0 && given.every((value) => typeof value === 'string')
        ? given.join(' ')
        : one.title
    })
    .sort()
}
