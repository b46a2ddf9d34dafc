/**
 * Races of a role, found before they happen: pairs of resources that touch one thing, with no order between them, where it
 * matters which comes first; and pairs that undo each other in any order. Today's order is that of declaration, but no edge
 * holds it: code that moves, or a resource that fails, makes it another. Only what is certain is told; what a package
 * brings is known by its name alone. Pure.
 */
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { SiteProblem } from '../http/view.ts'
import { contradictions } from './contradiction.ts'
import { type Declared, idOf, isAbsent, renderDeclared } from './declared.ts'
import type { OrderedResource } from './order.ts'
import { createdBy, isBelow, packageOf, pathOf, programName, wordsOf } from './touch.ts'

/** Two resources for which it matters which comes first, and what happens then. */
interface Race {
  readonly one: Declared
  readonly oneFirst: string
  readonly other: Declared
  readonly otherFirst: string
}

/** `ordered`: the finished graph, each after all that it requires. */
export function findRaces(ordered: readonly OrderedResource[]): readonly SiteProblem[] {
  const all = ordered.map(({ declared }) => declared)
  const waits = waitsFor(ordered)
  const races = [...sameCreates(all), ...madeElsewhere(all), ...mentions(all), ...packagesFirst(all)]
  const open = races.filter(({ one, other }) => {
    const [a, b] = [idOf(one), idOf(other)]
    return a !== b && !waits(a).has(b) && !waits(b).has(a)
  })
  return [...distinct(open).map(renderRace), ...contradictions(all)]
}

/** All that a resource waits for, directly or not; each looked up once. */
function waitsFor(ordered: readonly OrderedResource[]): (id: ResourceId) => ReadonlySet<ResourceId> {
  const required = new Map(ordered.map(({ id, require }) => [id, require]))
  const known = new Map<ResourceId, ReadonlySet<ResourceId>>()
  return (id) => {
    const found = known.get(id) ?? new Set(required.get(id))
    if (!known.has(id)) {
      for (const one of found)
        for (const next of required.get(one) ?? []) (found as Set<ResourceId>).add(next)
      known.set(id, found)
    }
    return found
  }
}

/** One pair may race for several reasons; the first is told. */
function distinct(races: readonly Race[]): readonly Race[] {
  const key = ({ one, other }: Race) => [idOf(one), idOf(other)].sort().join('\0')
  return [...new Map(races.toReversed().map((race) => [key(race), race])).values()].reverse()
}

function renderRace({ one, other, oneFirst, otherFirst }: Race): SiteProblem {
  const [a, b] = [renderDeclared(one), renderDeclared(other)]
  return {
    message: `Nothing orders ${a} and ${b} (${other.where}). ${a} first: ${oneFirst}. ${b} first: ${otherFirst}`,
    where: one.where,
    hint: 'Give one of them "require" or "before" with the other',
  }
}

/** Two commands that each run only while the same path is not there. */
function sameCreates(all: readonly Declared[]): readonly Race[] {
  const byPath = Map.groupBy(
    all.flatMap((one) => createdBy(one).map((path) => ({ one, path }))),
    ({ path }) => path,
  )
  return [...byPath].flatMap(([path, makers]) =>
    makers.slice(1).flatMap(({ one }) => {
      const [first] = makers
      if (first === undefined) return []
      const ran = `it makes "${path}", and the other never runs`
      return [{ one, oneFirst: ran, other: first.one, otherFirst: ran }]
    }),
  )
}

/** A command that makes a path, and what is declared there or below. */
function madeElsewhere(all: readonly Declared[]): readonly Race[] {
  const makers = all.flatMap((maker) => createdBy(maker).map((made) => ({ maker, made })))
  return all.flatMap((one) => {
    const path = pathOf(one)
    if (path === undefined || isAbsent(one)) return []
    return makers
      .filter(({ maker, made }) => maker !== one && (path === made || isBelow(path, made)))
      .map(({ maker, made }) => ({
        one,
        oneFirst:
          path === made
            ? `"${made}" is there, and the command never runs`
            : `"${made}" is not there yet, or being there keeps the command from running`,
        other: maker,
        otherFirst: `it makes "${made}", which is then changed`,
      }))
  })
}

/** A command that names a path, and what is declared there. */
function mentions(all: readonly Declared[]): readonly Race[] {
  const byPath = Map.groupBy(
    all.filter((one) => one.type !== 'exec' && !isAbsent(one) && pathOf(one) !== undefined),
    (one) => pathOf(one) ?? '',
  )
  return all
    .filter(({ type }) => type === 'exec')
    .flatMap((exec) =>
      wordsOf(exec).others.flatMap((word) =>
        (byPath.get(word) ?? []).map((other) => ({
          one: exec,
          oneFirst: `it finds "${word}" as it was before`,
          other,
          otherFirst: `the command finds what is declared`,
        })),
      ),
    )
}

/** On every host before Rekindle is. */
const basePackages: ReadonlySet<string> = new Set(['apt', 'dpkg', 'systemd', 'udev'])

/** A package, and what needs or meets what it brings: its program, and its folder of settings, as far as its name tells. */
function packagesFirst(all: readonly Declared[]): readonly Race[] {
  const byName = new Map(
    all.flatMap((one) => {
      const name = isAbsent(one) ? undefined : packageOf(one)
      return name === undefined || basePackages.has(name) ? [] : [[name, one] as const]
    }),
  )
  return all.flatMap((one) => {
    if (isAbsent(one)) return []
    const programs = wordsOf(one).programs.flatMap((word) => {
      const name = programName(word)
      const brings = byName.get(name ?? '')
      return brings === undefined ? [] : [programRace(one, brings, name ?? '')]
    })
    const path = pathOf(one)
    const owner = path === undefined ? undefined : byName.get(settingsOf(path) ?? '')
    return owner === undefined || path === undefined
      ? programs
      : [...programs, settingsRace(one, owner, path)]
  })
}

function programRace(one: Declared, brings: Declared, program: string): Race {
  return {
    one,
    oneFirst: `there may be no "${program}" to run yet`,
    other: brings,
    otherFirst: `"${program}" is there`,
  }
}

function settingsRace(one: Declared, owner: Declared, path: string): Race {
  return {
    one,
    oneFirst: `the package, if it brings "${path}", finds one that is not its own`,
    other: owner,
    otherFirst: 'what the package brings is changed afterwards',
  }
}

/** The package whose settings these are by Debian's customs: `/etc/nginx/nginx.conf` is of `nginx`. */
function settingsOf(path: string): string | undefined {
  return (
    /^\/etc\/default\/([^/]+)$/.exec(path)?.[1] ??
    /^\/etc\/([^/]+)\.conf$/.exec(path)?.[1] ??
    /^\/(?:etc|var\/lib|usr\/share)\/([^/]+)\/./.exec(path)?.[1]
  )
}
