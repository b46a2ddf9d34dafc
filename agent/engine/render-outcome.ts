/** Pure: changes and outcomes as text for a terminal. */
import type { Change, Report, ResourceOutcome } from '../../schemas/generated/types.ts'

/** One change, indented below its resource; a diff takes the place of the values. */
export function renderChange(change: Change): readonly string[] {
  if (change.diff !== undefined) return [`    ${change.property}:`, ...indent(change.diff)]
  return [`    ${change.property}: ${show(change.from)} -> ${show(change.to)}`]
}

/** A whole report: what was not in sync, then one line that counts. */
export function renderReport(report: Report): string {
  const { counts } = report
  const lines = report.resources.flatMap(renderOutcome)
  if (report.error !== undefined) lines.push(`run failed: ${report.error.message}`)
  const parts = [
    `${counts.inSync} in sync`,
    `${counts.changed} changed`,
    `${counts.drifted} drifted`,
    `${counts.failed} failed`,
    `${counts.skipped} skipped`,
    `${counts.refreshed} refreshed`,
  ]
  const how = [
    report.noop ? 'no-op' : '',
    report.cached ? 'cached catalog' : '',
    report.selection === undefined ? '' : 'a part of the catalog',
  ].filter((word) => word !== '')
  lines.push(`${report.status}${how.length > 0 ? ` (${how.join(', ')})` : ''}: ${parts.join(', ')}`)
  return lines.join('\n')
}

function renderOutcome(outcome: ResourceOutcome): readonly string[] {
  const cause = outcome.cause === undefined ? '' : `, ${outcome.cause}`
  const lines = [
    `${outcome.id} (${outcome.where}): ${outcome.outcome}${cause}`,
    ...outcome.changes.flatMap(renderChange),
  ]
  if (outcome.withheld !== undefined) lines.push(`    withheld: ${outcome.withheld}`)
  if (outcome.audited !== undefined) lines.push(`    only audited: ${outcome.audited.join(', ')}`)
  if (outcome.output !== undefined) lines.push('    output:', ...indent(outcome.output))
  if (outcome.refreshed !== undefined) lines.push(`    refreshed by ${outcome.refreshed.join(', ')}`)
  if (outcome.skippedBecause !== undefined && outcome.skippedBecause.length > 0) {
    lines.push(`    waits for ${outcome.skippedBecause.join(', ')}`)
  }
  if (outcome.error !== undefined) {
    lines.push(`    ${outcome.error.message}`)
    if (outcome.error.kept !== undefined) lines.push(`    kept: ${outcome.error.kept}`)
    if (outcome.error.hint !== undefined) lines.push(`    do:   ${outcome.error.hint}`)
  }
  return lines
}

function show(value: string | null): string {
  return value === null ? 'nothing' : JSON.stringify(value)
}

function indent(text: string): readonly string[] {
  return text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => `      ${line}`)
}
