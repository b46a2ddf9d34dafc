/**
 * Parameters that say what else the catalog declares, so that a resource which removes what is undeclared knows what is not:
 * the schema's word `collects`. Pure.
 */
import { type Collects, resourceTraits } from '../../schemas/generated/resource-traits.ts'
import type { Declared } from './declared.ts'

/** What each resource collects of all the others. */
export function collectedFrom(
  all: readonly Declared[],
): (declared: Declared) => Readonly<Record<string, readonly string[]>> {
  const byType = Map.groupBy(all, ({ type }) => type)
  const paths = all.filter(({ type }) => traitsOf(type)?.titleIsPath === true).map(({ title }) => title)
  return (declared) => {
    const { type, params } = declared
    const wishes = (traitsOf(type)?.collects ?? []).filter(
      ([, { when }]) => when === undefined || when.some((name) => params[name] === true),
    )
    return Object.fromEntries(
      wishes.map(([name, what]) => [
        name,
        what.below === true ? below(declared.title, paths) : ofType(declared, what, byType),
      ]),
    )
  }
}

function below(title: string, paths: readonly string[]): readonly string[] {
  const prefix = title === '/' ? '/' : `${title}/`
  return [...new Set(paths.filter((path) => path.startsWith(prefix)))].sort()
}

function ofType(
  { title }: Declared,
  { type, where, give }: Collects,
  byType: ReadonlyMap<string, readonly Declared[]>,
): readonly string[] {
  const of = byType.get(type === 'title' ? title : (type ?? '')) ?? []
  return of
    .filter(({ params }) => where === undefined || params[where] === title)
    .map((one) => {
      const given = give === undefined ? undefined : one.params[give]
      return typeof given === 'string' ? given : one.title
    })
    .sort()
}

function traitsOf(type: string) {
  // A site's own types have none.
  return Object.hasOwn(resourceTraits, type) ? resourceTraits[type as keyof typeof resourceTraits] : undefined
}
