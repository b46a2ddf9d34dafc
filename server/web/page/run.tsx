import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { ResourceOutcome } from '../../../schemas/generated/types.ts'
import type { ReportView } from '../../http/view.ts'
import { reportQuery } from '../api/queries.ts'
import { Fact } from '../component/fact.tsx'
import { FactProblems } from '../component/fact-problems.tsx'
import { Loaded } from '../component/loaded.tsx'
import { Outcome } from '../component/outcome.tsx'
import { PageHead } from '../component/page-head.tsx'
import { ProblemFacts } from '../component/problem.tsx'
import { Revision } from '../component/revision.tsx'
import { RunStatus } from '../component/run-status.tsx'
import { Empty, Section } from '../component/section.tsx'
import { Time } from '../component/time.tsx'
import { renderDuration, renderExact } from '../model/duration.ts'
import { outcomeOrder } from '../model/status.ts'

const route = getRouteApi('/runs/$id')

export function RunPage(): ReactNode {
  const { id } = route.useParams()
  const query = useQuery(reportQuery(id))
  return (
    <>
      <PageHead title={query.data === undefined ? 'Run' : `Run on ${query.data.host}`}>
        {query.data && <RunStatus run={query.data} />}
      </PageHead>
      <Loaded query={query} what="the run">
        {(run) => <Run run={run} />}
      </Loaded>
    </>
  )
}

function Run({ run }: { run: ReportView }): ReactNode {
  const { report } = run
  return (
    <>
      {run.cached && (
        <p className="alert" data-tone="stale">
          The server did not answer, so the agent applied its last verified catalog. What the site says now
          may differ.
        </p>
      )}
      {run.noop && (
        <p className="alert" data-tone="quiet">
          A no-op run: it says what would change, and changed nothing.
        </p>
      )}
      {report.error !== undefined && (
        <div className="alert" data-tone="failed">
          <ProblemFacts {...report.error} />
        </div>
      )}
      <FactProblems problems={report.factProblems ?? []} />
      <dl className="facts wide">
        <Fact name="Host">
          <Link to="/hosts/$name" params={{ name: run.host }}>
            {run.host}
          </Link>{' '}
          <span className="quiet">life {run.incarnation}</span>
        </Fact>
        <Fact name="Why">{run.trigger}</Fact>
        <Fact name="Received">
          <Time at={run.receivedAt} />
        </Fact>
        <Fact name="Started, by the host's clock">{renderExact(report.startedAt)}</Fact>
        <Fact name="Took">{renderDuration(run.durationMs)}</Fact>
        <Fact name="Revision">
          <Revision id={run.revision} commit={run.commit} told />
        </Fact>
        <Fact name="Catalog">
          <Revision id={report.catalogHash ?? null} none="none to apply" />
        </Fact>
      </dl>
      <Counts counts={run.counts} />
      <Outcomes outcomes={report.resources} total={run.counts.total} />
    </>
  )
}

const countWords: readonly (readonly [keyof ReportView['counts'], string])[] = [
  ['failed', 'failed'],
  ['drifted', 'drifted'],
  ['skipped', 'skipped'],
  ['changed', 'changed'],
  ['refreshed', 'refreshed'],
  ['inSync', 'in sync'],
  ['total', 'in all'],
]

function Counts({ counts }: { counts: ReportView['counts'] }): ReactNode {
  return (
    <ul className="run-counts" aria-label="Resources by outcome">
      {countWords.map(([key, word]) => (
        <li key={key} className={counts[key] === 0 ? 'quiet' : undefined}>
          <b>{counts[key]}</b> {word}
        </li>
      ))}
    </ul>
  )
}

function Outcomes({ outcomes, total }: { outcomes: readonly ResourceOutcome[]; total: number }): ReactNode {
  const worstFirst = outcomes.toSorted(
    (a, b) => outcomeOrder.indexOf(a.outcome) - outcomeOrder.indexOf(b.outcome),
  )
  const slowestMs = Math.max(1, ...outcomes.map(({ durationMs }) => durationMs))
  return (
    <Section title="Resources that were not in sync" count={outcomes.length}>
      {outcomes.length === 0 && (
        <Empty>
          {total === 0
            ? 'No resource was looked at.'
            : `All ${total} resources were as the catalog declares them.`}
        </Empty>
      )}
      {worstFirst.map((outcome) => (
        <Outcome key={outcome.id} outcome={outcome} slowestMs={slowestMs} />
      ))}
    </Section>
  )
}
