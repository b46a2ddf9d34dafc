import { type ReactNode, useState } from 'react'

export interface Column<Row> {
  readonly id: string
  readonly label: string
  readonly cell: (row: Row) => ReactNode
  /** What the column sorts by; without it the column does not sort. */
  readonly sort?: (row: Row) => string | number
  readonly numeric?: boolean
}

export interface Sort {
  readonly by: string
  readonly desc: boolean
}

interface TableProps<Row> {
  readonly label: string
  readonly rows: readonly Row[]
  readonly columns: readonly Column<Row>[]
  readonly rowKey: (row: Row) => string | number
  readonly sort?: Sort
  readonly onSort?: (sort: Sort) => void
}

/** More rows than this are rendered only when asked for: ten thousand rows make any browser stop. */
const pageSize = 200

/**
 * A table that becomes a list of labelled values where it is narrow. Roles are written out, since browsers drop them
 * with `display: block`.
 */
export function Table<Row>(props: TableProps<Row>): ReactNode {
  const { label, rows, columns, rowKey, sort, onSort } = props
  const [limit, setLimit] = useState(pageSize)
  const ordered = sort === undefined ? rows : sortRows(rows, columns, sort)
  return (
    <>
      {/* biome-ignore-start lint/a11y/noRedundantRoles: see above */}
      <table className="table" role="table" aria-label={label}>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <Head key={column.id} column={column} {...(sort && { sort })} {...(onSort && { onSort })} />
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {ordered.slice(0, limit).map((row) => (
            <tr role="row" key={rowKey(row)} data-row="">
              {columns.map(({ id, label: name, cell, numeric }) => (
                <td
                  role="cell"
                  key={id}
                  data-label={name}
                  data-column={id}
                  className={numeric ? 'numeric' : undefined}
                >
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {/* biome-ignore-end lint/a11y/noRedundantRoles: see above */}
      {ordered.length > limit && (
        <button type="button" className="fold" onClick={() => setLimit(limit + pageSize)}>
          {limit} of {ordered.length} shown; show {Math.min(pageSize, ordered.length - limit)} more
        </button>
      )}
    </>
  )
}

function Head<Row>({
  column,
  sort,
  onSort,
}: {
  column: Column<Row>
  sort?: Sort
  onSort?: (sort: Sort) => void
}) {
  const mine = sort?.by === column.id
  const direction = mine ? (sort.desc ? 'descending' : 'ascending') : undefined
  return (
    <th
      // biome-ignore lint/a11y/noRedundantRoles: see Table
      role="columnheader"
      scope="col"
      aria-sort={direction}
      className={column.numeric ? 'numeric' : undefined}
    >
      {column.sort === undefined || onSort === undefined ? (
        column.label
      ) : (
        <button
          type="button"
          className="sort"
          onClick={() => onSort({ by: column.id, desc: mine && !sort.desc })}
        >
          {column.label}
          <span aria-hidden="true">{mine ? (sort.desc ? ' ↓' : ' ↑') : ''}</span>
        </button>
      )}
    </th>
  )
}

function sortRows<Row>(rows: readonly Row[], columns: readonly Column<Row>[], sort: Sort): readonly Row[] {
  const value = columns.find(({ id }) => id === sort.by)?.sort
  if (value === undefined) return rows
  const sign = sort.desc ? -1 : 1
  return rows.toSorted((a, b) => sign * compare(value(a), value(b)))
}

function compare(a: string | number, b: string | number): number {
  return typeof a === 'number' && typeof b === 'number'
    ? a - b
    : String(a).localeCompare(String(b), 'en', { numeric: true })
}
