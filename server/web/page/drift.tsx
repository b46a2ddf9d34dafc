import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { driftQuery } from '../api/queries.ts'
import { DriftCard } from '../component/drift-card.tsx'
import { Filter } from '../component/filter.tsx'
import { Loaded } from '../component/loaded.tsx'
import { PageHead } from '../component/page-head.tsx'
import { Empty } from '../component/section.tsx'
import { count } from '../model/attention.ts'
import { type DriftGroup, filterDrift, groupDrift } from '../model/drift-groups.ts'

const route = getRouteApi('/drift')
const pageSize = 30

export function DriftPage(): ReactNode {
  const { q = '', show = 'open' } = route.useSearch()
  const open = show === 'open'
  const query = useQuery(driftQuery(open))
  const navigate = useNavigate({ from: '/drift' })
  return (
    <>
      <PageHead title="Drift" />
      <nav className="tabs" aria-label="Which drift">
        <Link
          from="/drift"
          search={(now) => ({ ...now, show: 'open' })}
          aria-current={open ? 'true' : undefined}
        >
          Open
        </Link>
        <Link
          from="/drift"
          search={(now) => ({ ...now, show: 'history' })}
          aria-current={open ? undefined : 'true'}
        >
          History
        </Link>
      </nav>
      <div className="toolbar">
        <Filter
          label="Filter by host, resource, place"
          value={q}
          onChange={(text) => void navigate({ search: (now) => ({ ...now, q: text }), replace: true })}
        />
      </div>
      <Loaded query={query} what="the drift">
        {(rows) => {
          const shown = filterDrift(rows, q)
          if (rows.length === 0) {
            return <Empty>{open ? 'No drift is open on any host.' : 'No drift has ended yet.'}</Empty>
          }
          if (shown.length === 0)
            return <Empty>None of {count(rows.length, 'drift')} fits this filter.</Empty>
          return <Groups key={show} groups={groupDrift(shown)} />
        }}
      </Loaded>
    </>
  )
}

function Groups({ groups }: { groups: readonly DriftGroup[] }): ReactNode {
  const [limit, setLimit] = useState(pageSize)
  return (
    <>
      {groups.slice(0, limit).map((group) => (
        <DriftCard key={group.key} group={group} />
      ))}
      {groups.length > limit && (
        <button type="button" className="fold" onClick={() => setLimit(limit + pageSize)}>
          {limit} of {groups.length} shown; show more
        </button>
      )}
    </>
  )
}
