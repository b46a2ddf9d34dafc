import type { ReactNode } from 'react'
import type { ResourceOutcome } from '../../../schemas/generated/types.ts'
import { renderDuration } from '../model/duration.ts'
import { outcomeWords } from '../model/status.ts'
import { Badge } from './badge.tsx'
import { Changes } from './changes.tsx'
import { ProblemFacts } from './problem.tsx'

const causes = {
  intent: { word: 'cause: intent', meaning: 'The catalog asks for something new' },
  drift: { word: 'cause: drift', meaning: 'The host moved away from what it had converged to' },
} as const

/** What one run found and did at one resource. */
export function Outcome({ outcome, slowestMs }: { outcome: ResourceOutcome; slowestMs: number }): ReactNode {
  const words = outcomeWords[outcome.outcome]
  return (
    <article className="card outcome" data-tone={words.tone} aria-label={`Outcome of ${outcome.id}`}>
      <header>
        <Badge {...words} />
        {outcome.cause !== undefined && (
          <Badge tone={outcome.cause === 'drift' ? 'drifted' : 'quiet'} {...causes[outcome.cause]} />
        )}
        <h3>
          <code>{outcome.id}</code>
        </h3>
        <span className="where">
          declared at <code>{outcome.where}</code>
        </span>
        <span className="push numeric took">
          {renderDuration(outcome.durationMs)}
          <meter value={outcome.durationMs} max={slowestMs} aria-label="Share of the slowest resource" />
        </span>
      </header>
      {outcome.error !== undefined && <ProblemFacts {...outcome.error} />}
      {outcome.skippedBecause !== undefined && (
        <Ids text="Skipped, since these failed:" ids={outcome.skippedBecause} />
      )}
      {outcome.refreshed !== undefined && <Ids text="Refreshed by:" ids={outcome.refreshed} />}
      {outcome.withheld !== undefined && <p className="ids">Withheld: {outcome.withheld}</p>}
      {outcome.audited !== undefined && <Ids text="Only audited, never corrected:" ids={outcome.audited} />}
      {outcome.output !== undefined && <pre className="output">{outcome.output}</pre>}
      <Changes changes={outcome.changes} of={outcome.id} />
    </article>
  )
}

function Ids({ text, ids }: { text: string; ids: readonly string[] }): ReactNode {
  return (
    <p className="ids">
      {text}{' '}
      {ids.map((id) => (
        <code key={id}>{id} </code>
      ))}
    </p>
  )
}
