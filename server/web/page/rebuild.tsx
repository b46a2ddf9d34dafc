import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import type { RebuildStepRow, RebuildView } from '../../http/view.ts'
import { useResume } from '../api/acts.ts'
import { rebuildQuery } from '../api/queries.ts'
import { canCancel, canResume } from '../can.ts'
import { ActBar } from '../component/act-bar.tsx'
import { Badge } from '../component/badge.tsx'
import { CancelDialog } from '../component/cancel-dialog.tsx'
import { Fact } from '../component/fact.tsx'
import { Loaded } from '../component/loaded.tsx'
import { PageHead } from '../component/page-head.tsx'
import { RequestProblem } from '../component/problem.tsx'
import { lives, RebuildTime, Waiting } from '../component/rebuild-card.tsx'
import { Revision } from '../component/revision.tsx'
import { ScrollArea } from '../component/scroll-area.tsx'
import { Empty, Section } from '../component/section.tsx'
import { useSession } from '../component/session-context.tsx'
import { Steps } from '../component/steps.tsx'
import { Strip } from '../component/strip.tsx'
import { type Column, Table } from '../component/table.tsx'
import { Elapsed, Time } from '../component/time.tsx'
import { renderDuration, renderExact } from '../model/duration.ts'
import { hasEnded, rebuildWords } from '../model/status.ts'

const route = getRouteApi('/rebuilds/$id')

export function RebuildPage(): ReactNode {
  const { id } = route.useParams()
  const query = useQuery(rebuildQuery(id))
  return (
    <>
      <PageHead title={query.data === undefined ? 'Rebuild' : `Rebuild of ${query.data.host}`}>
        {query.data && <Badge {...rebuildWords(query.data.state)} />}
      </PageHead>
      <Loaded query={query} what="the rebuild">
        {(rebuild) => <Rebuild rebuild={rebuild} />}
      </Loaded>
    </>
  )
}

function Rebuild({ rebuild }: { rebuild: RebuildView }): ReactNode {
  return (
    <>
      {rebuild.waiting !== null && <Waiting rebuild={rebuild} />}
      <dl className="facts wide">
        <Fact name="Host">
          <Link to="/hosts/$name" params={{ name: rebuild.host }}>
            {rebuild.host}
          </Link>
        </Fact>
        <Fact name="Why">{rebuild.reason}</Fact>
        <Fact name="Asked for by">{rebuild.requestedBy}</Fact>
        <Fact name="Order">{rebuild.order}</Fact>
        <Fact name="Lives">{lives(rebuild)}</Fact>
        <Fact name="Revision">
          <Revision id={rebuild.revision} commit={rebuild.commit} told />
        </Fact>
        <Fact name="Requested">
          <Time at={rebuild.requestedAt} />
        </Fact>
        <Fact name={hasEnded(rebuild.state) ? 'Took' : 'So far'}>
          <RebuildTime rebuild={rebuild} />
        </Fact>
      </dl>
      {!hasEnded(rebuild.state) && <RebuildActs rebuild={rebuild} />}
      <Section title="Steps">
        <Steps rebuild={rebuild} />
        <Strip rebuild={rebuild} />
        {rebuild.steps.length === 0 ? (
          <Empty>It has not begun.</Empty>
        ) : (
          <Table
            label="Steps as they happened"
            rows={rebuild.steps}
            columns={columns}
            rowKey={({ state, startedAt }) => `${state} ${startedAt}`}
          />
        )}
      </Section>
      <Section title="Evidence">
        {rebuild.evidence === null ? (
          <Empty>Nothing is kept of the old machine{hasEnded(rebuild.state) ? '' : ' yet'}.</Empty>
        ) : (
          <ScrollArea className="evidence" label="Evidence of what the old machine was">
            <pre>{rebuild.evidence}</pre>
          </ScrollArea>
        )}
      </Section>
    </>
  )
}

const columns: readonly Column<RebuildStepRow>[] = [
  { id: 'state', label: 'Step', cell: ({ state }) => <span className="strong">{state}</span> },
  {
    id: 'at',
    label: 'Began',
    cell: ({ startedAt }) => <span className="numeric">{renderExact(startedAt)}</span>,
  },
  {
    id: 'took',
    label: 'Took',
    numeric: true,
    cell: ({ startedAt, durationMs, state }) => {
      if (durationMs !== null) return renderDuration(durationMs)
      return hasEnded(state) ? <span className="quiet">the end</span> : <Elapsed since={startedAt} />
    },
  },
  { id: 'detail', label: 'Detail', cell: ({ detail }) => detail },
]

function RebuildActs({ rebuild }: { rebuild: RebuildView }): ReactNode {
  const session = useSession()
  const resume = useResume(rebuild.id)
  const [asking, setAsking] = useState(false)
  return (
    <>
      <ActBar
        acts={[
          {
            label: 'Resume',
            verdict: canResume(session, rebuild),
            busy: resume.isPending,
            act: () => resume.mutate(),
          },
          {
            label: 'Cancel …',
            verdict: canCancel(session, rebuild),
            danger: true,
            act: () => setAsking(true),
          },
        ]}
      />
      {resume.error && <RequestProblem error={resume.error} />}
      {asking && <CancelDialog rebuild={rebuild} onClose={() => setAsking(false)} />}
    </>
  )
}
