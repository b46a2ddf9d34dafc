import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { OverviewView, RebuildRow } from '../../http/view.ts'
import { overviewQuery } from '../api/queries.ts'
import { AttentionList } from '../component/attention-list.tsx'
import { Badge } from '../component/badge.tsx'
import { Counters } from '../component/counters.tsx'
import { DriftCard } from '../component/drift-card.tsx'
import { Loaded } from '../component/loaded.tsx'
import { PageHead } from '../component/page-head.tsx'
import { Pools } from '../component/pools.tsx'
import { RebuildCard, RebuildTime } from '../component/rebuild-card.tsx'
import { Refusals } from '../component/refusals.tsx'
import { Empty, Section } from '../component/section.tsx'
import { Site } from '../component/site.tsx'
import { Time } from '../component/time.tsx'
import { listAttention } from '../model/attention.ts'
import { groupDrift } from '../model/drift-groups.ts'
import { hasEnded, rebuildWords } from '../model/status.ts'

/** As many of each as a person takes in at a glance; the rest is one link away. */
const shownDrift = 6
const shownRebuilds = 4

export function OverviewPage(): ReactNode {
  const query = useQuery(overviewQuery)
  return (
    <>
      <PageHead title="Overview">{query.data && <Counters hosts={query.data.hosts} />}</PageHead>
      <Loaded query={query} what="the overview">
        {(overview) => <Overview overview={overview} />}
      </Loaded>
    </>
  )
}

function Overview({ overview }: { overview: OverviewView }): ReactNode {
  const stands = ({ state }: RebuildRow) => state === 'held' || hasEnded(state)
  const underWay = overview.rebuilds.filter((rebuild) => !stands(rebuild))
  const others = overview.rebuilds.filter(stands)
  return (
    <div className="overview">
      <div className="overview-top">
        <AttentionList items={listAttention(overview)} openDrift={overview.openDrift.length} />
        {underWay.length > 0 && <UnderWay rebuilds={underWay} />}
      </div>
      <div className="overview-main">
        <OpenDrift overview={overview} />
      </div>
      <div className="overview-side">
        <Pools overview={overview} />
        <LastRebuilds rebuilds={others} />
        <Site site={overview.site} version={overview.version} />
        <Refusals entries={overview.refusals} />
      </div>
    </div>
  )
}

function UnderWay({ rebuilds }: { rebuilds: readonly RebuildRow[] }): ReactNode {
  return (
    <Section title="Rebuilds under way" count={rebuilds.length}>
      {rebuilds.slice(0, shownRebuilds).map((rebuild) => (
        <RebuildCard key={rebuild.id} rebuild={rebuild} />
      ))}
      {rebuilds.length > shownRebuilds && <Link to="/rebuilds">All {rebuilds.length} rebuilds</Link>}
    </Section>
  )
}

function OpenDrift({ overview }: { overview: OverviewView }): ReactNode {
  const groups = groupDrift(overview.openDrift)
  return (
    <Section title="Open drift" count={overview.openDrift.length}>
      {groups.length === 0 && (
        <Empty>
          {overview.hosts.length === 0
            ? 'No hosts, so nothing can drift.'
            : 'No drift is open: every reported resource is as its catalog declares it.'}
        </Empty>
      )}
      {groups.slice(0, shownDrift).map((group) => (
        <DriftCard key={group.key} group={group} fold={12} />
      ))}
      {groups.length > shownDrift && <Link to="/drift">All {overview.openDrift.length} open drifts</Link>}
    </Section>
  )
}

function LastRebuilds({ rebuilds }: { rebuilds: readonly RebuildRow[] }): ReactNode {
  if (rebuilds.length === 0) return null
  return (
    <Section title="Last rebuilds">
      <ul className="lines">
        {rebuilds.map((rebuild) => (
          <li key={rebuild.id}>
            <Link to="/rebuilds/$id" params={{ id: rebuild.id }} className="strong">
              {rebuild.host}
            </Link>
            <Badge {...rebuildWords(rebuild.state)} />
            <span className="numeric">
              <RebuildTime rebuild={rebuild} />
            </span>
            <span className="push quiet">
              <Time at={rebuild.endedAt ?? rebuild.requestedAt} />
            </span>
            <span className="line-detail">{rebuild.reason}</span>
          </li>
        ))}
      </ul>
    </Section>
  )
}
