/** What is wrong with a resource's title and parameters, in words for its author. Pure. */
import { resourceTraits } from '../../schemas/generated/resource-traits.ts'
import { type Diagnostic, diagnose } from '../../schemas/validate.ts'
import type { ResourceTypeName } from './reference.ts'

export interface Complaint {
  readonly message: string
  readonly hint: string | null
}

export type Params = Readonly<Record<string, unknown>>

/** What a type's schema cannot say of its title and parameters. Stands beside the type's constructor. */
export interface TypeRule {
  /** The title as it stands in ids, such as `/a` for `/a/`. */
  readonly normaliseTitle?: (title: string) => string
  /** What is wrong with the title, such as `the title is not an absolute path`. */
  readonly wrongTitle?: (title: string) => string | undefined
  /** What is wrong with valid parameters together, such as `"content" and "source" exclude each other`. */
  readonly contradictions?: (params: Params, title: string) => readonly string[]
}

export interface Authored {
  readonly type: ResourceTypeName
  readonly title: string
  readonly params: Params
  readonly rule: TypeRule
}

/** Everything that is wrong with one resource; empty when nothing is. */
export function complain({ type, title, params, rule }: Authored): readonly Complaint[] {
  const names = resourceTraits[type].parameters
  const wrongTitle = title.trim() === '' ? 'the title is empty' : rule.wrongTitle?.(title)
  const own = Object.entries(params).filter(([name]) => names.includes(name))
  return [
    ...(wrongTitle === undefined ? [] : [{ message: wrongTitle, hint: null }]),
    ...Object.keys(params)
      .filter((name) => !names.includes(name))
      .map((name) => unknown(type, name)),
    ...diagnose(`resource/${type}`, Object.fromEntries(own)).filter(isTelling).map(toComplaint),
    ...(rule.contradictions?.(params, title) ?? []).map((message) => ({ message, hint: null })),
  ]
}

/** Of an `anyOf` that fits nothing, ajv reports each branch and the whole; the branches say what was wanted. */
function isTelling({ wanted }: Diagnostic): boolean {
  return !wanted.startsWith('match a schema in anyOf')
}

function toComplaint({ path, wanted, found }: Diagnostic): Complaint {
  return {
    message: `parameter "${path.slice(1).replaceAll('/', '.')}": wanted ${wanted}, found ${found}`,
    hint: null,
  }
}

function unknown(type: ResourceTypeName, name: string): Complaint {
  const names = resourceTraits[type].parameters
  const nearest = names.find((known) => isNear(known, name))
  return {
    message: `unknown parameter "${name}"`,
    hint: nearest === undefined ? `Parameters of ${type}: ${names.join(', ')}` : `Did you mean "${nearest}"?`,
  }
}

/** Equal but for case, or one character more, fewer, other, or swapped with its neighbour. */
export function isNear(known: string, written: string): boolean {
  const [a, b] = [known.toLowerCase(), written.toLowerCase()]
  let head = 0
  while (head < a.length && a[head] === b[head]) head++
  let tail = 0
  while (tail < Math.min(a.length, b.length) - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++
  const [restA, restB] = [a.slice(head, a.length - tail), b.slice(head, b.length - tail)]
  if (restA.length <= 1 && restB.length <= 1) return true
  return restA.length === 2 && restB.length === 2 && restA[0] === restB[1] && restA[1] === restB[0]
}
