import { type ReactNode, useState } from 'react'
import type { ResourceRow } from '../../http/view.ts'
import { Filter } from './filter.tsx'
import { Empty } from './section.tsx'
import { type Column, Table } from './table.tsx'

const columns: readonly Column<ResourceRow>[] = [
  { id: 'id', label: 'Resource', cell: ({ id }) => <code>{id}</code> },
  { id: 'where', label: 'Declared at', cell: ({ where }) => <code className="where">{where}</code> },
]

/** What the catalog of the host declares, and where. */
export function Resources({ rows }: { rows: readonly ResourceRow[] }): ReactNode {
  const [text, setText] = useState('')
  if (rows.length === 0) return <Empty>No catalog has been compiled for this host yet.</Empty>
  const wanted = text.trim().toLowerCase()
  const shown = rows.filter(({ id, where }) => `${id} ${where}`.toLowerCase().includes(wanted))
  return (
    <>
      <div className="toolbar">
        <Filter label="Filter by resource or place" value={text} onChange={setText} />
      </div>
      {shown.length === 0 ? (
        <Empty>None of {rows.length} resources fits this filter.</Empty>
      ) : (
        <Table label="Resources" rows={shown} columns={columns} rowKey={({ id }) => id} />
      )}
    </>
  )
}
