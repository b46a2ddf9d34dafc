import type { ReactNode } from 'react'
import type { IncarnationRow } from '../../http/view.ts'
import type { Tone } from '../model/status.ts'
import { Badge } from './badge.tsx'
import { Empty } from './section.tsx'
import { type Column, Table } from './table.tsx'
import { Time } from './time.tsx'

const states: Record<IncarnationRow['state'], { tone: Tone; word: string; meaning: string }> = {
  candidate: { tone: 'new', word: 'candidate', meaning: 'Not yet in service' },
  current: { tone: 'in-sync', word: 'current', meaning: "It has the host's name" },
  gone: { tone: 'quiet', word: 'gone', meaning: 'Its certificate is revoked, its machine destroyed' },
}

const columns: readonly Column<IncarnationRow>[] = [
  { id: 'number', label: 'Life', cell: ({ number }) => <span className="strong">{number}</span> },
  { id: 'state', label: 'State', cell: ({ state }) => <Badge {...states[state]} /> },
  { id: 'machine', label: 'Machine', cell: ({ machine }) => <code>{machine}</code> },
  {
    id: 'serial',
    label: 'Certificate serial',
    cell: ({ serial }) =>
      serial === null ? <span className="quiet">none</span> : <code className="serial">{serial}</code>,
  },
  { id: 'created', label: 'Made', cell: ({ createdAt }) => <Time at={createdAt} /> },
  { id: 'enrolled', label: 'Enrolled', cell: ({ enrolledAt }) => <Time at={enrolledAt} none="not yet" /> },
  { id: 'revoked', label: 'Revoked', cell: ({ revokedAt }) => <Time at={revokedAt} none="no" /> },
]

export function Incarnations({ rows }: { rows: readonly IncarnationRow[] }): ReactNode {
  if (rows.length === 0) return <Empty>It has not lived yet: no machine was made for it.</Empty>
  return <Table label="Incarnations" rows={rows} columns={columns} rowKey={({ number }) => number} />
}
