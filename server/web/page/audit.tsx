import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { AuditRow, AuditView } from '../../http/view.ts'
import { auditQuery } from '../api/queries.ts'
import { Badge } from '../component/badge.tsx'
import { Filter } from '../component/filter.tsx'
import { Loaded } from '../component/loaded.tsx'
import { PageHead } from '../component/page-head.tsx'
import { Revision } from '../component/revision.tsx'
import { Empty } from '../component/section.tsx'
import { type Column, Table } from '../component/table.tsx'
import { Time } from '../component/time.tsx'

const route = getRouteApi('/audit')
const firstLimit = 200

const columns: readonly Column<AuditRow>[] = [
  { id: 'seq', label: 'No.', numeric: true, cell: ({ seq }) => seq },
  { id: 'at', label: 'When', cell: ({ at }) => <Time at={at} /> },
  { id: 'actor', label: 'Who', cell: ({ actor }) => <span className="strong">{actor}</span> },
  {
    id: 'action',
    label: 'Did',
    cell: ({ action }) => <span className={/refused/.test(action) ? 'refused' : undefined}>{action}</span>,
  },
  { id: 'target', label: 'To', cell: ({ target }) => target },
  { id: 'detail', label: 'Detail', cell: ({ detail }) => detail },
  {
    id: 'revision',
    label: 'Revision',
    cell: ({ revision, commit }) => revision && <Revision id={revision} commit={commit} />,
  },
  { id: 'hash', label: 'Hash', cell: ({ hash }) => <Revision id={hash} /> },
]

export function AuditPage(): ReactNode {
  const { q = '', limit = firstLimit } = route.useSearch()
  const query = useQuery(auditQuery(limit))
  const navigate = useNavigate({ from: '/audit' })
  return (
    <>
      <PageHead title="Audit">{query.data && <Verdict chain={query.data.chain} />}</PageHead>
      <div className="toolbar">
        <Filter
          label="Filter by who, what, whom"
          value={q}
          onChange={(text) => void navigate({ search: (now) => ({ ...now, q: text }), replace: true })}
        />
      </div>
      <Loaded query={query} what="the audit log">
        {({ entries, chain }) => {
          const rows = entries.filter((entry) => matches(entry, q))
          return (
            <>
              {!chain.intact && <Broken chain={chain} />}
              {entries.length === 0 && <Empty>Nothing has been done yet.</Empty>}
              {entries.length > 0 && rows.length === 0 && (
                <Empty>None of these entries fits this filter.</Empty>
              )}
              {rows.length > 0 && (
                <Table label="Audit log" rows={rows} columns={columns} rowKey={({ seq }) => seq} />
              )}
              {entries.length < chain.length && (
                <p className="more">
                  The newest {entries.length} of {chain.length} entries.{' '}
                  <Link from="/audit" search={(now) => ({ ...now, limit: limit * 5 })} resetScroll={false}>
                    Ask for {Math.min(limit * 5, chain.length)}
                  </Link>
                </p>
              )}
            </>
          )
        }}
      </Loaded>
    </>
  )
}

function Verdict({ chain }: { chain: AuditView['chain'] }): ReactNode {
  return chain.intact ? (
    <Badge
      tone="in-sync"
      word={`chain intact over ${chain.length} entries`}
      meaning="Every entry's hash fits the one before it"
    />
  ) : (
    <Badge tone="failed" word="chain broken" />
  )
}

function Broken({ chain }: { chain: AuditView['chain'] }): ReactNode {
  return (
    <p className="alert" data-tone="failed" role="alert">
      <strong>The chain is broken{chain.brokenAt !== null && ` at entry ${chain.brokenAt}`}:</strong> the log
      was changed after it was written. Entries before it can be trusted; it and what follows cannot.
    </p>
  )
}

function matches(entry: AuditRow, text: string): boolean {
  const wanted = text.trim().toLowerCase()
  return [entry.actor, entry.action, entry.target, entry.detail ?? '', entry.revision ?? ''].some((value) =>
    value.toLowerCase().includes(wanted),
  )
}
