/** From what a role declared to a catalog's resources, or to the list of all that is wrong. Pure. */
import type { SiteProblem } from '../http/view.ts'
import { type RenderedResources, renderResources } from './catalog.ts'
import type { Declared } from './declared.ts'
import { expand } from './expand.ts'
import { arrange } from './graph.ts'
import type { OrderedResource } from './order.ts'

export type Evaluated =
  | ({ readonly ok: true; readonly ordered: readonly OrderedResource[] } & RenderedResources)
  | { readonly ok: false; readonly problems: readonly SiteProblem[] }

/** `mistakes`: what was found while the role ran; duplicates and loops are listed with them. */
export function evaluate(declarations: readonly Declared[], mistakes: readonly SiteProblem[]): Evaluated {
  const { ordered, problems } = arrange(expand(declarations))
  if (mistakes.length + problems.length > 0) return { ok: false, problems: [...mistakes, ...problems] }
  return { ok: true, ordered, ...renderResources(ordered) }
}
