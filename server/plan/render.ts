/** A plan of the fleet as text for a terminal, and as Markdown for a pull request. Pure. */
import type { SiteProblem } from '../http/view.ts'
import type { CatalogChange, ResourceChange, ValueChange } from './change.ts'
import type { ChangeGroup, FleetPlan, RefusedGroup } from './plan.ts'

/** Groups that are shown whole; of the others, which resources change on how many hosts. */
const shownGroups = 40
/** Names of a group's hosts. */
const shownHosts = 8
/** Forges refuse longer comments. */
const longestComment = 60_000

/**
 * @example
 * 3f2a90b1c4d5 -> 9c1b7e22f0aa
 * 42 hosts change, 120 stay the same
 *
 * web-1, web-2 and 40 more
 *   ~ file:/etc/motd (roles/web.ts:3)
 *       mode: "0600" -> "0644"
 */
export function renderText(plan: FleetPlan): string {
  const groups = plan.groups.slice(0, shownGroups).flatMap((group) => ['', ...renderGroup(group)])
  const rest = renderRest(plan.groups.slice(shownGroups))
  const lines = [
    `${plan.served} -> ${plan.planned}`,
    renderCounts(plan),
    ...after(renderVerdicts(plan.verdicts)),
    ...plan.refusals.flatMap((group) => ['', ...renderRefusal(group)]),
    ...groups,
    ...(rest.length === 0 ? [] : ['', ...rest]),
    ...(plan.unknown.length === 0 ? [] : ['', renderUnknown(plan.unknown)]),
  ]
  return lines.join('\n')
}

/** With an empty line before them. */
function after(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', ...lines]
}

function isEmpty(verdicts: FleetPlan['verdicts']): boolean {
  return verdicts?.length === 0
}

function renderVerdicts(verdicts: FleetPlan['verdicts']): readonly string[] {
  if (verdicts === null) return ['policies over the change were not asked: --hosts leaves hosts out']
  return verdicts.flatMap(({ message, where, hint }) => [
    `! ${where === null ? '' : `${where}: `}${message}`,
    ...(hint === null ? [] : [`  do: ${hint}`]),
  ])
}

export function renderCounts({ counts }: FleetPlan): string {
  const { changed, same, refused, unmatched, unknown } = counts
  const parts = [
    changed === 0 ? 'nothing changes' : `${hostsOf(changed)} change${changed === 1 ? 's' : ''}`,
    ...(refused === 0 ? [] : [`${hostsOf(refused)} get${refused === 1 ? 's' : ''} no catalog`]),
    `${same} stay${same === 1 ? 's' : ''} the same`,
    ...(unmatched === 0 ? [] : [`${unmatched} that no rule matches, before and after`]),
    ...(unknown === 0 ? [] : [`${unknown} that sent no facts yet`]),
  ]
  return parts.join(', ')
}

function hostsOf(count: number): string {
  return count === 1 ? '1 host' : `${count} hosts`
}

function renderHosts(hosts: readonly string[]): string {
  const more = hosts.length - shownHosts
  return more > 0 ? `${hosts.slice(0, shownHosts).join(', ')} and ${more} more` : hosts.join(', ')
}

function renderUnknown(hosts: readonly string[]): string {
  return `not compared, since they have sent no facts: ${renderHosts(hosts)}`
}

function renderGroup({ hosts, change, before }: ChangeGroup): readonly string[] {
  const now = before === undefined ? [] : [`  gets no catalog now: ${before.message}`]
  return [renderHosts(hosts), ...now, ...renderChange(change).map((line) => `  ${line}`)]
}

function renderRefusal({ hosts, reason, isNew }: RefusedGroup): readonly string[] {
  const where = reason.where === undefined ? '' : `${reason.where}: `
  return [
    `! ${renderHosts(hosts)}: ${isNew ? 'would get no catalog' : 'gets no catalog, as now'}`,
    `  ${where}${reason.message}`,
    ...(reason.hint === undefined ? [] : [`  do: ${reason.hint}`]),
  ]
}

const signs: Readonly<Record<ResourceChange['kind'], string>> = { added: '+', removed: '-', changed: '~' }

function renderChange({ placement, resources, refreshes, held }: CatalogChange): readonly string[] {
  return [
    ...(held === undefined ? [] : [renderHeld(held)]),
    ...placement.flatMap(renderValue),
    ...resources.flatMap(({ kind, id, where, changes }) => [
      `${signs[kind]} ${id} (${where})`,
      ...changes.flatMap(renderValue).map((line) => `    ${line}`),
    ]),
    ...(refreshes?.restarts ?? []).map((id) => `> restarts ${id}`),
    ...(refreshes?.reloads ?? []).map((id) => `> reloads ${id}`),
  ]
}

function renderHeld({ dropped, resources, maxDropPercent }: NonNullable<CatalogChange['held']>): string {
  return `! is held until somebody approves it: leaves out ${dropped} of ${resources} resources, more than ${maxDropPercent} %`
}

function renderValue(change: ValueChange): readonly string[] {
  const { name } = change
  if ('diff' in change) return [`${name}:`, ...change.diff.split('\n').map((line) => `  ${line}`)]
  const { from, to } = change
  return [from === null ? `${name}: ${to}` : `${name}: ${from} -> ${to ?? 'nothing'}`]
}

/** Which resources the groups change, most hosts first. */
function renderRest(groups: readonly ChangeGroup[]): readonly string[] {
  if (groups.length === 0) return []
  const counts = new Map<string, number>()
  for (const { hosts, change } of groups) {
    for (const { kind, id } of change.resources) {
      const key = `${signs[kind]} ${id}`
      counts.set(key, (counts.get(key) ?? 0) + hosts.length)
    }
  }
  const most = [...counts].sort((a, b) => b[1] - a[1]).slice(0, shownGroups)
  const hosts = groups.reduce((sum, group) => sum + group.hosts.length, 0)
  return [
    `${groups.length} more groups, of ${hostsOf(hosts)}; --format json has them whole. What they change most:`,
    ...most.map(([key, count]) => `  ${key}  on ${hostsOf(count)}`),
  ]
}

/** Folded by group, and short enough for a comment. */
export function renderMarkdown(plan: FleetPlan): string {
  const head = [
    `### Rekindle: ${renderCounts(plan)}`,
    '',
    `Revision \`${plan.served}\` → \`${plan.planned}\``,
    ...after(isEmpty(plan.verdicts) ? [] : fenced(renderVerdicts(plan.verdicts))),
    ...plan.refusals.flatMap((group) => ['', ...fenced(renderRefusal(group))]),
  ].join('\n')
  const parts = plan.groups.slice(0, shownGroups).map(renderFolded)
  const tail = [...(plan.unknown.length === 0 ? [] : ['', escapeHtml(renderUnknown(plan.unknown))]), ''].join(
    '\n',
  )
  const fitting = fitInto(longestComment - head.length - tail.length, parts)
  const rest = renderRest(plan.groups.slice(fitting.length))
  const text = [head, ...fitting, ...(rest.length === 0 ? [] : [fenced(rest).join('\n')]), tail].join('\n\n')
  return text.length <= longestComment ? text : `${text.slice(0, longestComment)}\n`
}

function fitInto(room: number, parts: readonly string[]): readonly string[] {
  let used = 0
  const at = parts.findIndex((part) => {
    used += part.length
    return used > room
  })
  return at < 0 ? parts : parts.slice(0, at)
}

function renderFolded(group: ChangeGroup): string {
  const [, ...lines] = renderGroup(group)
  const { resources, placement } = group.change
  const what = `${resources.length + placement.length} change${resources.length + placement.length === 1 ? '' : 's'}`
  return [
    `<details><summary><b>${hostsOf(group.hosts.length)}</b>, ${what}: ${escapeHtml(renderHosts(group.hosts))}</summary>`,
    '',
    ...fenced(lines.map((line) => line.slice(2))),
    '',
    '</details>',
  ].join('\n')
}

/** A fence that is longer than any in the text, which a site's author chooses. */
function fenced(lines: readonly string[]): readonly string[] {
  const longest = Math.max(2, ...lines.flatMap((line) => line.match(/`+/g) ?? []).map(({ length }) => length))
  const fence = '`'.repeat(longest + 1)
  return [`${fence}diff`, ...lines, fence]
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

export function renderRefusedSite(problems: readonly SiteProblem[]): string {
  return [
    'The site is refused:',
    ...problems.map(({ where, message, hint }) => {
      const line = where === null ? `- ${message}` : `- ${where}: ${message}`
      return hint === null ? line : `${line}\n  do: ${hint}`
    }),
  ].join('\n')
}
