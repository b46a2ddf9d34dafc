/** What a lookup found, as text for a terminal. Pure. */
import { stringify } from 'yaml'
import type { ExplainedKey, ExplainedLayer, LayerPart } from '../../schemas/data-layers.ts'
import type { MergeStrategy } from '../../schemas/data-merge.ts'

/** The value of a key, or of a section its keys' values; undefined when no layer has any. */
export function valueOfKeys(keys: readonly ExplainedKey[], asked: string): unknown {
  const [first] = keys
  if (first?.key === asked) return first.value
  const inside = keys.filter(({ value }) => value !== undefined)
  const path = (key: string) => (asked === '' ? key : key.slice(asked.length + 1)).split('.')
  return nest(inside.map(({ key, value }) => ({ path: path(key), value })))
}

function nest(leaves: readonly { readonly path: readonly string[]; readonly value: unknown }[]): unknown {
  const groups = Map.groupBy(leaves, ({ path: [name = ''] }) => name)
  const members = [...groups].map(([name, of]) => {
    const [leaf] = of
    if (leaf?.path.length === 1) return [name, leaf.value]
    return [name, nest(of.map(({ path: [, ...rest], value }) => ({ path: rest, value })))]
  })
  return Object.fromEntries(members)
}

/** @example renderValue({ workers: 4 }) // 'workers: 4' */
export function renderValue(value: unknown): string {
  return stringify(value).trimEnd()
}

export function renderExplained(keys: readonly ExplainedKey[]): string {
  return keys.map(renderKey).join('\n\n')
}

const rules: Readonly<Record<MergeStrategy, string>> = {
  first: 'first: the highest layer that has it wins',
  unique: 'unique: the elements of all layers, each once',
  deep: 'deep: the members of all layers, the highest layer’s where several have one',
}

function renderKey({ key, value, strategy, isDefault, layers, problem }: ExplainedKey): string {
  const width = Math.max(...layers.map(({ name }) => name.length), 'default'.length)
  const rows = layers.map((layer) => renderLayer(layer, width))
  if (isDefault) rows.push(renderRow('wins', 'default', { width, rest: `${show(value)}  (the schema’s)` }))
  const shown = value === undefined ? 'no value' : show(value)
  const trouble = problem === null ? [] : [`  ${problem.message}`]
  return [`${key}: ${shown}`, `  ${rules[strategy]}`, ...rows, ...trouble].join('\n')
}

function renderLayer({ name, file, where, value, part }: ExplainedLayer, width: number): string {
  if (file === undefined) return renderRow('absent', name, { width, rest: 'the site has no such layer' })
  const rest = part === 'silent' ? `${file} does not have the key` : `${show(value)}  (${where ?? file})`
  return renderRow(part, name, { width, rest })
}

function renderRow(
  part: LayerPart | 'absent',
  name: string,
  { width, rest }: { readonly width: number; readonly rest: string },
): string {
  return `  ${part.padEnd('covered'.length)}  ${name.padEnd(width)}  ${rest}`
}

function show(value: unknown): string {
  return JSON.stringify(value)
}
