/** Finds resources that wait for each other, and says so. Pure. */
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { SiteProblem } from '../http/view.ts'
import { type Declared, renderDeclared } from './declared.ts'
import { type Edges, order } from './order.ts'

type DeclaredById = ReadonlyMap<ResourceId, Declared>

/** One problem for each group of resources that wait for each other, naming a shortest loop in it. */
export function findLoops(before: Edges, all: DeclaredById): readonly SiteProblem[] {
  const settled = new Set<ResourceId>(order(before, new Map(), all).map(({ id }) => id))
  const problems: SiteProblem[] = []
  for (const id of all.keys()) {
    if (settled.has(id)) continue
    const loop = shortestLoop(before, id)
    if (loop === undefined) continue
    for (const member of loopMembers(before, id)) settled.add(member)
    problems.push(loopProblem(loop, all))
  }
  return problems
}

/** A shortest way from a resource along what it waits for back to itself. */
function shortestLoop(before: Edges, start: ResourceId): readonly ResourceId[] | undefined {
  const cameFrom = new Map<ResourceId, ResourceId>()
  const queue = [start]
  for (const id of queue) {
    for (const next of before.get(id) ?? []) {
      if (next === start) return wayBack(cameFrom, id, start)
      if (cameFrom.has(next)) continue
      cameFrom.set(next, id)
      queue.push(next)
    }
  }
  return undefined
}

function wayBack(
  cameFrom: ReadonlyMap<ResourceId, ResourceId>,
  last: ResourceId,
  start: ResourceId,
): readonly ResourceId[] {
  const way = [last]
  for (let id = last; id !== start; ) {
    const previous = cameFrom.get(id)
    if (previous === undefined) break
    way.unshift(previous)
    id = previous
  }
  return way
}

/** All that a resource waits for and that waits for it. */
function loopMembers(before: Edges, start: ResourceId): readonly ResourceId[] {
  const seen = new Set([start])
  for (const id of seen) for (const next of before.get(id) ?? []) seen.add(next)
  return [...seen].filter((id) => id === start || reaches(before, id, start))
}

function loopProblem(loop: readonly ResourceId[], all: DeclaredById): SiteProblem {
  const members = loop.flatMap((id) => all.get(id) ?? [])
  const [first] = members
  if (members.length === 1 && first !== undefined) {
    return {
      message: `Cannot order ${renderDeclared(first)}: it waits for itself`,
      where: first.where,
      hint: null,
    }
  }
  const shown = [...members, ...members.slice(0, 1)].map(
    (member) => `${renderDeclared(member)} (${member.where})`,
  )
  return {
    message: `Cannot order ${members.length} resources that wait for each other: ${shown.join(' waits for ')}`,
    where: first?.where ?? null,
    hint: 'Take one of these require, before, notify or subscribe away',
  }
}

/** Whether a way leads along the edges from one resource to the other. */
export function reaches(after: Edges, from: ResourceId, to: ResourceId): boolean {
  const seen = new Set([from])
  for (const id of seen) {
    if (id === to) return true
    for (const next of after.get(id) ?? []) seen.add(next)
  }
  return false
}
