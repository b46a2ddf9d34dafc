import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { HostRow } from '../../http/view.ts'
import { hostsQuery } from '../api/queries.ts'
import { Badge } from '../component/badge.tsx'
import { Counters } from '../component/counters.tsx'
import { Filter } from '../component/filter.tsx'
import { Loaded } from '../component/loaded.tsx'
import { PageHead } from '../component/page-head.tsx'
import { RunProgress } from '../component/progress.tsx'
import { Revision } from '../component/revision.tsx'
import { Empty } from '../component/section.tsx'
import { type Column, Table } from '../component/table.tsx'
import { Time } from '../component/time.tsx'
import { hostStatuses, hostWords } from '../model/status.ts'

const route = getRouteApi('/hosts')

const columns: readonly Column<HostRow>[] = [
  {
    id: 'name',
    label: 'Host',
    sort: ({ name }) => name,
    cell: ({ name }) => (
      <Link to="/hosts/$name" params={{ name }} className="strong">
        {name}
      </Link>
    ),
  },
  {
    id: 'status',
    label: 'Status',
    sort: ({ status }) => hostStatuses.indexOf(status),
    cell: ({ name, status }) => (
      <>
        <Badge {...hostWords[status]} /> <RunProgress host={name} brief />
      </>
    ),
  },
  {
    id: 'drift',
    label: 'Open drift',
    numeric: true,
    sort: ({ openDrift }) => openDrift,
    cell: ({ openDrift }) => openDrift,
  },
  { id: 'role', label: 'Role', sort: ({ role }) => role, cell: ({ role }) => role },
  { id: 'pool', label: 'Pool', sort: ({ pool }) => pool, cell: ({ pool }) => pool },
  {
    id: 'life',
    label: 'Life',
    numeric: true,
    sort: ({ incarnation }) => incarnation ?? 0,
    cell: ({ incarnation }) => incarnation ?? <span className="quiet">none</span>,
  },
  {
    id: 'report',
    label: 'Last report',
    sort: ({ lastReportAt }) => lastReportAt ?? '',
    cell: ({ lastReportAt }) => <Time at={lastReportAt} />,
  },
  {
    id: 'revision',
    label: 'Revision',
    sort: ({ revision }) => revision ?? '',
    cell: ({ revision }) => <Revision id={revision} />,
  },
  {
    id: 'proved',
    label: 'Proved from bare',
    sort: ({ provedAt }) => provedAt ?? '',
    cell: ({ provedAt }) => <Time at={provedAt} />,
  },
  {
    id: 'address',
    label: 'Address',
    sort: ({ address }) => address ?? '',
    cell: ({ address, connected }) => (
      <>
        {address ?? <span className="quiet">none</span>}{' '}
        {!connected && <span className="quiet">offline</span>}
      </>
    ),
  },
]

export function HostsPage(): ReactNode {
  const query = useQuery(hostsQuery)
  const { q = '', status, sort = 'status', desc = false } = route.useSearch()
  const navigate = useNavigate({ from: '/hosts' })
  return (
    <>
      <PageHead title="Hosts">{query.data && <Counters hosts={query.data} />}</PageHead>
      <div className="toolbar">
        <Filter
          label="Filter by name, role, pool, address"
          value={q}
          onChange={(text) => void navigate({ search: (now) => ({ ...now, q: text }), replace: true })}
        />
        {status !== undefined && (
          <Link
            from="/hosts"
            search={({ status: _, ...others }) => others}
            className="chip"
            aria-label={`Show hosts of every status, not only ${hostWords[status].word}`}
          >
            only {hostWords[status].word} ✕
          </Link>
        )}
      </div>
      <Loaded query={query} what="the hosts">
        {(hosts) => {
          const rows = hosts.filter(
            (host) => (status === undefined || host.status === status) && matches(host, q),
          )
          if (hosts.length === 0) return <Empty>No host has been made or enrolled yet.</Empty>
          if (rows.length === 0) return <Empty>None of {hosts.length} hosts fits this filter.</Empty>
          return (
            <Table
              label="Hosts"
              rows={rows}
              columns={columns}
              rowKey={({ name }) => name}
              sort={{ by: sort, desc }}
              onSort={(next) =>
                void navigate({
                  search: (now) => ({ ...now, sort: next.by, desc: next.desc }),
                  replace: true,
                })
              }
            />
          )
        }}
      </Loaded>
    </>
  )
}

function matches(host: HostRow, text: string): boolean {
  const wanted = text.trim().toLowerCase()
  return [host.name, host.role, host.pool, host.address ?? '', hostWords[host.status].word].some((value) =>
    value.toLowerCase().includes(wanted),
  )
}
