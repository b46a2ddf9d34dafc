import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import type { HostView } from '../../http/view.ts'
import { useRun } from '../api/acts.ts'
import { hostQuery } from '../api/queries.ts'
import { canRebuild, canRun } from '../can.ts'
import { ActBar } from '../component/act-bar.tsx'
import { Badge } from '../component/badge.tsx'
import { DriftCard } from '../component/drift-card.tsx'
import { Fact } from '../component/fact.tsx'
import { Facts } from '../component/facts.tsx'
import { HeldChange } from '../component/held-change.tsx'
import { Incarnations } from '../component/incarnations.tsx'
import { Loaded } from '../component/loaded.tsx'
import { PageHead } from '../component/page-head.tsx'
import { RequestProblem } from '../component/problem.tsx'
import { RunProgress } from '../component/progress.tsx'
import { RebuildCard } from '../component/rebuild-card.tsx'
import { RebuildDialog } from '../component/rebuild-dialog.tsx'
import { RebuildTable } from '../component/rebuild-table.tsx'
import { Resources } from '../component/resources.tsx'
import { Revision } from '../component/revision.tsx'
import { RunTable } from '../component/run-table.tsx'
import { Empty, Section } from '../component/section.tsx'
import { useSession } from '../component/session-context.tsx'
import { Time } from '../component/time.tsx'
import { groupDrift } from '../model/drift-groups.ts'
import { type HostTab, hostTabs } from '../model/host-tabs.ts'
import { hostWords } from '../model/status.ts'

const route = getRouteApi('/hosts/$name')

export function HostPage(): ReactNode {
  const { name } = route.useParams()
  const query = useQuery(hostQuery(name))
  return (
    <>
      <PageHead title={name}>{query.data && <Badge {...hostWords[query.data.status]} />}</PageHead>
      <Loaded query={query} what={name}>
        {(host) => <Host key={name} host={host} />}
      </Loaded>
    </>
  )
}

function Host({ host }: { host: HostView }): ReactNode {
  const open = host.drift.filter(({ endedAt }) => endedAt === null)
  const rebuild = host.rebuilds.find(({ id }) => id === host.rebuild)
  return (
    <>
      <Summary host={host} />
      <HostActs host={host} />
      {host.heldChange !== null && <HeldChange host={host.name} held={host.heldChange} />}
      {rebuild !== undefined && (
        <Section title={rebuild.state === 'held' ? 'Rebuild held' : 'Rebuild under way'}>
          <RebuildCard rebuild={rebuild} />
        </Section>
      )}
      <Section title="Open drift" count={open.length}>
        {open.length === 0 && <Empty>No drift is open on this host.</Empty>}
        {groupDrift(open).map((group) => (
          <DriftCard key={group.key} group={group} />
        ))}
      </Section>
      <Section title="Incarnations" count={host.incarnations.length}>
        <Incarnations rows={host.incarnations} />
      </Section>
      <Tabs host={host} />
    </>
  )
}

function Summary({ host }: { host: HostView }): ReactNode {
  return (
    <>
      <p className="meaning">
        {hostWords[host.status].meaning}. <RunProgress host={host.name} />
      </p>
      <dl className="facts wide">
        <Fact name="Role">{host.role}</Fact>
        {host.environment !== null && <Fact name="Environment">{host.environment}</Fact>}
        <Fact name="Pool">{host.pool}</Fact>
        <Fact name="Life">{host.incarnation ?? 'no machine'}</Fact>
        <Fact name="Address">{host.address ?? 'none'}</Fact>
        <Fact name="Agent">{host.connected ? 'connected' : 'not connected'}</Fact>
        <Fact name="Last report">
          <Time at={host.lastReportAt} />
        </Fact>
        <Fact name="Revision">
          <Revision id={host.revision} commit={host.commit} told />
        </Fact>
        <Fact name="Proved from bare">
          <Time at={host.provedAt} /> {host.provedRevision !== null && <Revision id={host.provedRevision} />}
        </Fact>
      </dl>
    </>
  )
}

function HostActs({ host }: { host: HostView }): ReactNode {
  const session = useSession()
  const run = useRun(host.name)
  const [asking, setAsking] = useState(false)
  const mayRun = canRun(session, host)
  return (
    <>
      <ActBar
        acts={[
          { label: 'Run now', verdict: mayRun, busy: run.isPending, act: () => run.mutate({ noop: false }) },
          { label: 'No-op run', verdict: mayRun, busy: run.isPending, act: () => run.mutate({ noop: true }) },
          {
            label: 'Rebuild …',
            verdict: canRebuild(session, host),
            danger: true,
            act: () => setAsking(true),
          },
        ]}
      />
      {run.error && <RequestProblem error={run.error} />}
      {run.isSuccess && (
        <p role="status" className="told">
          {host.name} was asked to {run.variables.noop ? 'run without changing anything' : 'run'}; its report
          will show under Runs.
        </p>
      )}
      {asking && <RebuildDialog host={host} onClose={() => setAsking(false)} />}
    </>
  )
}

const labels: Record<HostTab, string> = {
  runs: 'Runs',
  drift: 'Drift history',
  rebuilds: 'Rebuilds',
  resources: 'Resources',
  facts: 'Facts',
}

function countOf(tab: HostTab, host: HostView): number | null {
  switch (tab) {
    case 'runs':
      return host.reports.length
    case 'drift':
      return host.drift.filter(({ endedAt }) => endedAt !== null).length
    case 'rebuilds':
      return host.rebuilds.length
    case 'resources':
      return host.resources.length
    case 'facts':
      return null
    default:
      return tab satisfies never
  }
}

function Tabs({ host }: { host: HostView }): ReactNode {
  const { show = 'runs' } = route.useSearch()
  return (
    <>
      <nav className="tabs" aria-label={`More of ${host.name}`}>
        {hostTabs.map((tab) => (
          <Link
            key={tab}
            from="/hosts/$name"
            search={{ show: tab }}
            resetScroll={false}
            aria-current={tab === show ? 'true' : undefined}
          >
            {labels[tab]}
            <TabCount n={countOf(tab, host)} />
          </Link>
        ))}
      </nav>
      <section aria-label={labels[show]}>
        <Shown tab={show} host={host} />
      </section>
    </>
  )
}

function TabCount({ n }: { n: number | null }): ReactNode {
  return n === null ? null : <span className="count">{n}</span>
}

function Shown({ tab, host }: { tab: HostTab; host: HostView }): ReactNode {
  switch (tab) {
    case 'runs':
      return <RunTable rows={host.reports} />
    case 'drift':
      return <PastDrift host={host} />
    case 'rebuilds':
      return <RebuildTable rows={host.rebuilds} />
    case 'resources':
      return <Resources rows={host.resources} />
    case 'facts':
      return <Facts host={host} />
    default:
      return tab satisfies never
  }
}

function PastDrift({ host }: { host: HostView }): ReactNode {
  const ended = host.drift.filter(({ endedAt }) => endedAt !== null)
  if (ended.length === 0) return <Empty>No drift has ended on this host.</Empty>
  return ended.map((row) => (
    <DriftCard key={row.id} group={{ key: String(row.id), rows: [row], ...row }} fold={6} />
  ))
}
