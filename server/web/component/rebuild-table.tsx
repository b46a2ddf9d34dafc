import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { RebuildRow } from '../../http/view.ts'
import { rebuildWords } from '../model/status.ts'
import { Badge } from './badge.tsx'
import { lives, RebuildTime } from './rebuild-card.tsx'
import { Empty } from './section.tsx'
import { Strip } from './strip.tsx'
import { type Column, Table } from './table.tsx'
import { Time } from './time.tsx'

const columns: readonly Column<RebuildRow>[] = [
  {
    id: 'host',
    label: 'Host',
    cell: ({ id, host }) => (
      <Link to="/rebuilds/$id" params={{ id }} className="strong">
        {host}
      </Link>
    ),
  },
  { id: 'state', label: 'State', cell: ({ state }) => <Badge {...rebuildWords(state)} /> },
  {
    id: 'reason',
    label: 'Why',
    cell: ({ reason, requestedBy }) => (
      <>
        {reason} <span className="quiet">by {requestedBy}</span>
      </>
    ),
  },
  { id: 'lives', label: 'Lives', cell: (row) => `${row.order}, ${lives(row)}` },
  { id: 'at', label: 'Requested', cell: ({ requestedAt }) => <Time at={requestedAt} /> },
  { id: 'took', label: 'Took', numeric: true, cell: (row) => <RebuildTime rebuild={row} /> },
  { id: 'where', label: 'Where the time went', cell: (row) => <Strip rebuild={row} brief /> },
]

export function RebuildTable({ rows }: { rows: readonly RebuildRow[] }): ReactNode {
  if (rows.length === 0) return <Empty>Nothing has been rebuilt yet.</Empty>
  return <Table label="Rebuilds" rows={rows} columns={columns} rowKey={({ id }) => id} />
}
