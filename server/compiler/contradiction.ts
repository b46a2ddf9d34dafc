/** Pairs of resources that undo each other in every run, whatever their order. Pure. */
import { basename } from 'node:path/posix'
import type { SiteProblem } from '../http/view.ts'
import { type Declared, idOf, isAbsent, renderDeclared, traitsOf } from './declared.ts'
import { createdBy, isBelow, isPiece, pathOf, textsIn, writesWhole } from './touch.ts'

interface Contradiction {
  readonly one: Declared
  readonly other: Declared
  /** What happens in each run. */
  readonly why: string
}

export function contradictions(all: readonly Declared[]): readonly SiteProblem[] {
  const found = [
    ...twoWriters(all),
    ...lostPieces(all),
    ...rivalLines(all),
    ...goneButNeeded(all),
    ...purged(all),
  ]
  return found.map(({ one, other, why }) => ({
    message: `${renderDeclared(one)} and ${renderDeclared(other)} (${other.where}) contradict each other: ${why}`,
    where: one.where,
    hint: 'Keep one of the two, or make them agree: each run would change what the last one left',
  }))
}

function twoWriters(all: readonly Declared[]): readonly Contradiction[] {
  const byPath = Map.groupBy(
    all.flatMap((one) => writesWhole(one).map((path) => ({ one, path }))),
    ({ path }) => path,
  )
  return [...byPath].flatMap(([path, [first, ...others]]) =>
    others.flatMap(({ one }) =>
      first === undefined ? [] : [{ one, other: first.one, why: `both write all of "${path}"` }],
    ),
  )
}

/** A piece of a file whose content is declared without it. */
function lostPieces(all: readonly Declared[]): readonly Contradiction[] {
  const files = new Map(
    all
      .filter((one) => one.type === 'file' && one.bytes !== undefined && writesWhole(one).length > 0)
      .map((one) => [one.title, one]),
  )
  return all.filter(isPiece).flatMap((one) => {
    const file = files.get(pathOf(one) ?? '')
    if (file === undefined || holds(one, Buffer.from(file.bytes ?? []).toString())) return []
    return [{ one, other: file, why: `the whole content of "${file.title}" is declared, without it` }]
  })
}

/** Whether a text may have the piece as it is wanted; a setting is looked for by its name and value, not parsed. */
function holds(piece: Declared, text: string): boolean {
  const { type, title, params } = piece
  const lines = text.split('\n')
  if (type === 'file_line') {
    const { line, match } = params
    const has = lines.some((one) => one === line || (line === undefined && matches(match, one)))
    return isAbsent(piece) ? !has : has
  }
  if (isAbsent(piece)) return true
  if (type === 'file_block') return text.includes(String(params.content).trimEnd())
  if (type === 'host_entry')
    return text.includes(String(params.ip)) && text.includes(String(params.name ?? title))
  const name = [params.setting ?? params.key].flat().at(-1)
  return (
    text.includes(String(name)) && [params.value].flat().every((value) => text.includes(plainText(value)))
  )
}

/** A value as files have it somewhere in them; an object is not looked for. */
function plainText(value: unknown): string {
  return typeof value === 'object' ? '' : String(value ?? '')
}

/** A line that another one's `match` takes for its own. */
function rivalLines(all: readonly Declared[]): readonly Contradiction[] {
  const byPath = Map.groupBy(
    all.filter((one) => one.type === 'file_line' && !isAbsent(one)),
    (one) => pathOf(one),
  )
  return [...byPath.values()].flatMap((lines) =>
    lines.flatMap((one) =>
      lines
        .filter(({ params }) => params.line !== one.params.line && matches(params.match, one.params.line))
        .map((other) => ({ one, other, why: `its line matches the other's "match", which replaces it` })),
    ),
  )
}

function matches(pattern: unknown, line: unknown): boolean {
  if (typeof pattern !== 'string' || typeof line !== 'string') return false
  return new RegExp(pattern).test(line)
}

/** What is to be absent, and what is there only with it. */
function goneButNeeded(all: readonly Declared[]): readonly Contradiction[] {
  const gone = new Map(all.filter(isAbsent).map((one) => [idOf(one), one]))
  const goneFiles = [...gone.values()].filter(({ type }) => type === 'file')
  return all
    .filter((one) => !isAbsent(one))
    .flatMap((one) => {
      const named = needs(one).flatMap((id) => gone.get(id) ?? [])
      const path = pathOf(one)
      const above = goneFiles.filter(
        ({ title }) => path !== undefined && (path === title || isBelow(path, title)),
      )
      return [...named, ...above].map((other) => ({
        one,
        other,
        why: `${renderDeclared(other)} is to be absent, and the other needs it`,
      }))
    })
}

/** Accounts that it is of, and the package of a service that is to run. */
function needs(one: Declared): readonly ReturnType<typeof idOf>[] {
  const { type, title, params } = one
  const accounts = (traitsOf(type)?.refersTo ?? [])
    .filter(([, kind]) => kind === 'user' || kind === 'group')
    .flatMap(([name, kind]) => textsIn(params[name]).map((value) => `${kind}:${value}` as const))
  const isWanted = type === 'service' && (params.ensure === 'running' || params.enable === true)
  return isWanted ? [...accounts, `package:${title}`] : accounts
}

/** What a command makes in a directory that is purged. */
function purged(all: readonly Declared[]): readonly Contradiction[] {
  const folders = all.filter(({ type, params }) => type === 'file' && params.purge === true)
  const declared = new Set(all.map(pathOf))
  return all.flatMap((one) =>
    createdBy(one).flatMap((made) =>
      folders
        .filter(
          ({ title, params }) =>
            isBelow(made, title) && !declared.has(made) && !isIgnored(made, params.ignore),
        )
        .map((other) => ({ one, other, why: `the command makes "${made}", and the purge removes it` })),
    ),
  )
}

/** Spared by its name; any pattern that could fit counts. */
function isIgnored(path: string, ignore: unknown): boolean {
  return textsIn(ignore).some(
    (pattern) => pattern.includes('*') || pattern.includes('?') || pattern === basename(path),
  )
}
