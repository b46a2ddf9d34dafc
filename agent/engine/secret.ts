/**
 * Resources with secrets: filled in for the run, and taken out of everything that the run tells. What the engine remembers of
 * them is made of names and the server's digests, so no value leads to what is kept. Pure.
 */
import type { CatalogResource, Change, ResourceOutcome } from '../../schemas/generated/types.ts'
import { sha256 } from '../../schemas/hash.ts'
import { contentPlace, joinPieces } from '../../schemas/secret.ts'
import type { Host } from '../host/host.ts'

export type SecretValues = ReadonlyMap<string, string>

export interface FilledResource {
  readonly params: Readonly<Record<string, unknown>>
  /** The content, which is in no store: `params.blob` names it. */
  readonly content?: Uint8Array
}

/** Parameters with values where the catalog has places. @throws Error for a secret that was not given, or a place that is none */
export function fillSecrets({ params, secrets = [] }: CatalogResource, values: SecretValues): FilledResource {
  const find = (name: string) => {
    const value = values.get(name)
    if (value === undefined) throw new Error(`secret "${name}" did not come with the catalog`)
    return value
  }
  const filled = structuredClone(params)
  let content: Uint8Array | undefined
  for (const { at, pieces } of secrets) {
    const text = joinPieces(pieces, find)
    if (at === contentPlace) {
      content = Buffer.from(text)
      Object.assign(filled, { blob: { sha256: sha256(content), size: content.length } })
    } else putAt(filled, at, text)
  }
  return { params: filled, ...(content === undefined ? {} : { content }) }
}

function putAt(root: object, pointer: string, text: string): void {
  const names = pointer
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
  const last = names.pop() ?? ''
  let holder: unknown = root
  for (const name of names) holder = holder instanceof Object ? Reflect.get(holder, name) : undefined
  // Only what is there is replaced: nothing is made, such as a member of a prototype.
  if (!(holder instanceof Object) || !Object.hasOwn(holder, last)) throw new Error(`there is no "${pointer}"`)
  Reflect.set(holder, last, text)
}

export const redacted = '[redacted]'

/** What is seen of a resource with secrets: that it differs, and its shape. */
const shownProperties: ReadonlySet<string> = new Set(['ensure', 'mode', 'owner', 'group'])

/** Changes without what stood there and what is to: a value that is out of date is still one. */
export function withoutValues(changes: readonly Change[]): Change[] {
  const hide = (text: string | null) => (text === null ? null : redacted)
  return changes.map(({ property, from, to }) =>
    shownProperties.has(property) ? { property, from, to } : { property, from: hide(from), to: hide(to) },
  )
}

/** Takes values out of an outcome, of any resource: a command may print what another resource wrote. */
export type Redact = (outcome: ResourceOutcome) => ResourceOutcome

const shortestSearched = 4
const shortestLine = 8

/** @param hasSecrets whether the resource of that id has some itself */
export function createRedact(values: SecretValues, hasSecrets: (id: string) => boolean): Redact {
  if (values.size === 0) return (outcome) => outcome
  const clean = createScrub(values)
  return (outcome) => {
    const { changes, output, error, id } = outcome
    const isOwn = hasSecrets(id)
    return {
      ...outcome,
      changes: isOwn ? withoutValues(changes) : changes.map((change) => scrubChange(change, clean)),
      ...(output === undefined ? {} : { output: isOwn ? redacted : clean(output) }),
      ...(error === undefined ? {} : { error: { ...error, message: clean(error.message) } }),
    }
  }
}

function scrubChange({ property, from, to, diff }: Change, clean: (text: string) => string): Change {
  return {
    property,
    from: from === null ? null : clean(from),
    to: to === null ? null : clean(to),
    ...(diff === undefined ? {} : { diff: clean(diff) }),
  }
}

/** Replaces values in a text, and long lines of values that have several. Very short ones would leave nothing of it. */
export function createScrub(values: SecretValues): (text: string) => string {
  const texts = [...values.values()].flatMap((value) => [
    ...(value.length >= shortestSearched ? [value] : []),
    ...value.split('\n').filter((line) => line.length >= shortestLine && line !== value),
  ])
  if (texts.length === 0) return (text) => text
  const longestFirst = [...new Set(texts)].sort((a, b) => b.length - a.length)
  const pattern = new RegExp(longestFirst.map((text) => RegExp.escape(text)).join('|'), 'g')
  return (text) => text.replaceAll(pattern, redacted)
}

/** The host as a resource with secrets gets it: a backup of what it replaces would be a copy of a value. */
export function withoutBackups(host: Host): Host {
  return { ...host, backups: { ...host.backups, put: async () => [] } }
}
