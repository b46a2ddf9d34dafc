/** What was explained, as text for a terminal. Pure. */
import type { ExplainedKey } from '../../schemas/data-layers.ts'
import type { Explained, ExplainedResource, SeenRead } from './explain.ts'

/** Keys of data as a lookup explains them, by name. */
export type LookedUp = ReadonlyMap<string, ExplainedKey>

export function renderHost(explained: Explained, keys: LookedUp): string {
  const { host, role, revision, reads, data, layers, files, code, secrets } = explained
  return [
    `${host}: role ${role}, revision ${revision}`,
    ...section('what it is told of the host', reads.map(renderSeen)),
    ...section(
      'data',
      data.map((name) => renderKey(name, keys)),
    ),
    ...section('layers of data that it looks at', layers),
    ...section('files that it takes in', files),
    ...section('secrets', secrets),
    ...section('code', code),
  ].join('\n')
}

export function renderResource(explained: ExplainedResource, keys: LookedUp): string {
  const { id, where, requires, requiredBy, notifies, notifiedBy, reads, readBefore, secrets } = explained
  return [
    id,
    `  declared at ${where}`,
    ...section('waits for', requires),
    ...section('is waited for by', requiredBy),
    ...section('notifies', notifies),
    ...section('is notified by', notifiedBy),
    ...section(
      'read for it',
      reads.map((read) => renderRead(read, keys)),
    ),
    ...section('secrets in it', secrets),
    ...section('read before it, so that it may hang on these', readBefore),
  ].join('\n')
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`  ${title}`, ...lines.map((line) => `    ${line}`)]
}

function renderSeen({ name, value }: SeenRead): string {
  return value === 'object' || value === 'nothing' ? `${name}  (${value})` : `${name}  ${value}`
}

function renderRead(read: SeenRead, keys: LookedUp): string {
  const key = /^data\.(.+)$/.exec(read.name)?.[1]
  return key === undefined ? renderSeen(read) : `data.${renderKey(key, keys)}`
}

/** With the place that gave it. */
function renderKey(name: string, keys: LookedUp): string {
  const key = [...keys.values()].find((one) => name === one.key || name.startsWith(`${one.key}.`))
  if (key === undefined) return name
  const places = key.layers.flatMap(({ part, where, file }) =>
    part === 'wins' || part === 'merged' ? [where ?? file ?? ''] : [],
  )
  const from = key.isDefault ? 'the schema’s default' : places.join(', ')
  return `${name}  ${JSON.stringify(key.value) ?? 'no value'}${from === '' ? '' : `  (${from})`}`
}
