/** Pure: the text that nft is given for a table, and what it lists of one, in a form that can be compared. */

export interface Table {
  readonly family: string
  readonly name: string
}

/** @example tableOf('inet filter') // { family: 'inet', name: 'filter' } */
export function tableOf(title: string): Table {
  const [family = '', name = ''] = title.split(' ')
  return { family, name }
}

/** nft(8): a file is one transaction. The first line makes the table where it is not, so that there is one to delete. */
export function removing({ family, name }: Table): string {
  return `table ${family} ${name}\ndelete table ${family} ${name}\n`
}

export function replacing(table: Table, body: string): string {
  const { family, name } = table
  const end = body === '' || body.endsWith('\n') ? '' : '\n'
  return `${removing(table)}table ${family} ${name} {\n${body}${end}}\n`
}

/**
 * Whether a body ends the table that it stands in, so that what follows would be commands of its own. nft knows comments
 * to the end of the line, and strings in double quotes without escapes.
 */
export function leavesItsTable(body: string): boolean {
  let depth = 0
  for (const [token] of body.matchAll(/"[^"]*"|#[^\n]*|[{}]/g)) {
    if (token === '{') depth++
    if (token === '}') depth--
    if (depth < 0) return true
  }
  return depth !== 0
}

export interface Listing {
  readonly version: string
  /** One line of JSON for each table, set, chain and rule, in nft's order, without what changes by itself. */
  readonly lines: readonly string[]
}

type Json = Readonly<Record<string, unknown>>

/** @param text what `nft --json --stateless list table` prints */
export function parseListing(text: string, ignoreSets: readonly string[]): Listing {
  const { nftables } = JSON.parse(text) as { readonly nftables: readonly Json[] }
  const items = nftables.flatMap((item) => Object.entries(item))
  const meta = items.find(([kind]) => kind === 'metainfo')?.[1]
  const filled = new Set([...ignoreSets, ...items.flatMap(([, item]) => filledBy(item))])
  return {
    version: isObject(meta) ? String(meta.version) : '',
    lines: items
      .filter(([kind]) => kind !== 'metainfo')
      .map(([kind, item]) => JSON.stringify({ [kind]: comparable(kind, item, filled) })),
  }
}

/** Names of the sets and maps that a rule adds to as packets pass. */
function filledBy(value: unknown): readonly string[] {
  // nft 1.0 has no JSON for this statement of maps, and gives its text.
  if (typeof value === 'string') return /^(?:add|update) @(\S+) /.exec(value)?.slice(1) ?? []
  if (Array.isArray(value)) return value.flatMap(filledBy)
  if (!isObject(value)) return []
  const { op, set, map } = value
  const target = op === 'add' || op === 'update' ? (set ?? map) : undefined
  if (typeof target === 'string' && target.startsWith('@')) return [target.slice(1)]
  return Object.values(value).flatMap(filledBy)
}

function comparable(kind: string, item: unknown, filled: ReadonlySet<string>): unknown {
  if (!isObject(item) || (kind !== 'set' && kind !== 'map')) return withoutState(item)
  const { elem, ...rest } = item
  if (elem === undefined || filled.has(String(rest.name))) return withoutState(rest)
  return { ...withoutState(rest), elem: sorted(elem) }
}

/** The kernel gives the elements of a set in the order of its hashes. */
function sorted(elements: unknown): unknown {
  if (!Array.isArray(elements)) return elements
  return elements.map((one) => JSON.stringify(withoutState(one))).sort()
}

/** Handles are numbers that the kernel gives out, what is left of a timeout runs down, and the others count. */
function withoutState<Value>(value: Value): Value
function withoutState(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutState)
  if (!isObject(value)) return value
  const isCounter = 'packets' in value && 'bytes' in value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !state.has(name) && !(isCounter && counts.has(name)))
      .map(([name, inner]) => [name, withoutState(inner)]),
  )
}

const state = new Set(['handle', 'expires', 'used'])
const counts = new Set(['packets', 'bytes'])

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
