import type { DriftRow } from '../../http/view.ts'

/** The same drift of the same resource, on one host or many: one diff to read instead of many. */
export interface DriftGroup {
  readonly key: string
  readonly resource: string
  readonly where: string
  readonly changes: DriftRow['changes']
  /** Newest first. */
  readonly rows: readonly DriftRow[]
}

/** Groups keep the order of their newest row. What ended differently or not at all is not the same drift. */
export function groupDrift(rows: readonly DriftRow[]): readonly DriftGroup[] {
  const groups = Map.groupBy(rows, ({ resource, where, changes, endedBy }) =>
    JSON.stringify([resource, where, changes, endedBy]),
  )
  return [...groups].flatMap(([key, members]) => {
    const first = members[0]
    if (first === undefined) return []
    return [{ key, resource: first.resource, where: first.where, changes: first.changes, rows: members }]
  })
}

/** Rows that hold the text in host, resource or place. */
export function filterDrift(rows: readonly DriftRow[], text: string): readonly DriftRow[] {
  const wanted = text.trim().toLowerCase()
  if (wanted === '') return rows
  return rows.filter(({ host, resource, where }) =>
    [host, resource, where].some((value) => value.toLowerCase().includes(wanted)),
  )
}
