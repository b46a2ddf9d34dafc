import type { Plan, PlannedResource } from './plan.ts'
import { renderChange } from './render-outcome.ts'

const signs: Record<PlannedResource['action'], string> = { change: '~', leave: '=', fail: '!', refresh: '*' }
const words: Record<PlannedResource['action'], string> = {
  change: 'to change',
  leave: 'drifted and left',
  fail: 'unreadable',
  refresh: 'to refresh',
}

/**
 * A plan as text: one line for each resource that is not in sync, its changes below it, then one line that counts.
 *
 * @example
 * ~ file:/etc/motd (roles/web.ts:3) drift
 *     mode: "0600" -> "0644"
 * 1 to change, 11 in sync
 */
export function renderPlan(plan: Plan): string {
  const lines = plan.resources.flatMap(renderPlanned)
  const counts = (Object.keys(words) as PlannedResource['action'][])
    .map((action) => ({
      action,
      count: plan.resources.filter((planned) => planned.action === action).length,
    }))
    .filter(({ count }) => count > 0)
    .map(({ action, count }) => `${count} ${words[action]}`)
  return [...lines, [...counts, `${plan.total - plan.resources.length} in sync`].join(', ')].join('\n')
}

function renderPlanned(planned: PlannedResource): readonly string[] {
  const cause = planned.cause === undefined ? '' : ` ${planned.cause}`
  const lines = [`${signs[planned.action]} ${planned.id} (${planned.where})${cause}`]
  lines.push(...planned.changes.flatMap(renderChange))
  if (planned.refreshedBy !== undefined)
    lines.push(`    refresh owed since ${planned.refreshedBy.join(', ')} changed`)
  if (planned.error !== undefined) lines.push(`    ${planned.error.message}`)
  return lines
}
