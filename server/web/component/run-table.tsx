import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { ReportRow } from '../../http/view.ts'
import { renderDuration } from '../model/duration.ts'
import { Revision } from './revision.tsx'
import { RunStatus } from './run-status.tsx'
import { Empty } from './section.tsx'
import { type Column, Table } from './table.tsx'
import { Time } from './time.tsx'

const columns: readonly Column<ReportRow>[] = [
  {
    id: 'at',
    label: 'Received',
    cell: ({ id, receivedAt }) => (
      <Link to="/runs/$id" params={{ id }} className="strong">
        <Time at={receivedAt} />
      </Link>
    ),
  },
  { id: 'status', label: 'Status', cell: (row) => <RunStatus run={row} /> },
  { id: 'trigger', label: 'Why', cell: ({ trigger }) => trigger },
  { id: 'life', label: 'Life', numeric: true, cell: ({ incarnation }) => incarnation },
  { id: 'drifted', label: 'Drifted', numeric: true, cell: ({ counts }) => counts.drifted },
  { id: 'changed', label: 'Changed', numeric: true, cell: ({ counts }) => counts.changed },
  { id: 'failed', label: 'Failed', numeric: true, cell: ({ counts }) => counts.failed },
  { id: 'skipped', label: 'Skipped', numeric: true, cell: ({ counts }) => counts.skipped },
  { id: 'total', label: 'Of', numeric: true, cell: ({ counts }) => counts.total },
  { id: 'took', label: 'Took', numeric: true, cell: ({ durationMs }) => renderDuration(durationMs) },
  {
    id: 'revision',
    label: 'Revision',
    cell: ({ revision, commit }) => <Revision id={revision} commit={commit} />,
  },
]

export function RunTable({ rows }: { rows: readonly ReportRow[] }): ReactNode {
  if (rows.length === 0) return <Empty>No run has been reported yet.</Empty>
  return <Table label="Runs" rows={rows} columns={columns} rowKey={({ id }) => id} />
}
