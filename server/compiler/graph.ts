/**
 * Puts what a role declared in order. Edges are the declared ones and the implied ones that contradict none of those. The
 * order of declaration breaks ties and is no edge: a resource that fails does not hold up unrelated ones after it. Pure.
 */
import { resourceTraits } from '../../schemas/generated/resource-traits.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { SiteProblem } from '../http/view.ts'
import { type Declared, idOf, renderDeclared } from './declared.ts'
import { type DeclaredById, impliedIn } from './implied.ts'
import { findLoops, reaches } from './loop.ts'
import { type Edges, type OrderedResource, order } from './order.ts'

export interface ResourceGraph {
  /** Each after all that it requires; empty when there are problems. */
  readonly ordered: readonly OrderedResource[]
  /** Every duplicate, under one title or two, and every loop. */
  readonly problems: readonly SiteProblem[]
}

export function arrange(declarations: readonly Declared[]): ResourceGraph {
  const all = new Map<ResourceId, Declared>()
  const problems: SiteProblem[] = []
  for (const declared of declarations) {
    const first = all.get(idOf(declared))
    if (first === undefined) all.set(idOf(declared), declared)
    else problems.push(duplicate(declared, first))
  }
  problems.push(...aliases([...all.values()]))
  const { before, notify } = explicitEdges(declarations, all)
  problems.push(...findLoops(before, all))
  if (problems.length > 0) return { ordered: [], problems }
  addImplied(before, all)
  return { ordered: order(before, notify, all), problems }
}

function duplicate(declared: Declared, first: Declared): SiteProblem {
  return {
    message: `Cannot declare ${renderDeclared(declared)} twice: it is declared at ${first.where} too`,
    where: declared.where,
    hint: 'Keep one of the two, or declare it in a function that both places call once',
  }
}

/** Resources of different titles that are one thing on the host, as the schema's `identity` tells. */
function aliases(declarations: readonly Declared[]): readonly SiteProblem[] {
  const first = new Map<string, Declared>()
  return declarations.flatMap((declared) => {
    const parameters = identityOf(declared.type)
    if (parameters === undefined) return []
    const { title, params } = declared
    const values = parameters.map((name) =>
      name === 'title' ? title : (params[name] ?? (name === 'name' ? title : null)),
    )
    const key = JSON.stringify([declared.type, ...values])
    const other = first.get(key)
    if (other === undefined) first.set(key, declared)
    return other === undefined ? [] : [alias(declared, other, parameters)]
  })
}

function identityOf(type: string): readonly string[] | undefined {
  // A site's own types have none.
  if (!Object.hasOwn(resourceTraits, type)) return undefined
  return resourceTraits[type as keyof typeof resourceTraits].identity ?? undefined
}

function alias(declared: Declared, other: Declared, parameters: readonly string[]): SiteProblem {
  const same = parameters.filter((name) => name !== 'title').join(', ')
  return {
    message: `Cannot declare ${renderDeclared(declared)}: it is the same on the host as ${renderDeclared(other)}, declared at ${other.where} (equal: ${same})`,
    where: declared.where,
    hint: 'Keep one of the two',
  }
}

function explicitEdges(
  declarations: readonly Declared[],
  all: DeclaredById,
): { before: Edges; notify: Edges } {
  const before = new Map([...all.keys()].map((id) => [id, new Set<ResourceId>()]))
  const notify = new Map([...all.keys()].map((id) => [id, new Set<ResourceId>()]))
  for (const declared of declarations) {
    const id = idOf(declared)
    for (const other of [...declared.require, ...declared.subscribe]) before.get(id)?.add(other)
    for (const other of [...declared.before, ...declared.notify]) before.get(other)?.add(id)
    for (const other of declared.subscribe) notify.get(other)?.add(id)
    for (const other of declared.notify) notify.get(id)?.add(other)
  }
  return { before, notify }
}

/** Adds each implied edge, unless what it would put first already waits for the other. */
function addImplied(before: Edges, all: DeclaredById): void {
  const after = new Map([...all.keys()].map((id) => [id, new Set<ResourceId>()]))
  for (const [id, others] of before) for (const other of others) after.get(other)?.add(id)
  const impliedBy = impliedIn(all)
  for (const [id, declared] of all) {
    for (const other of impliedBy(declared)) {
      if (reaches(after, id, other)) continue
      before.get(id)?.add(other)
      after.get(other)?.add(id)
    }
  }
}
