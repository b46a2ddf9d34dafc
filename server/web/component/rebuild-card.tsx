import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { RebuildRow } from '../../http/view.ts'
import { renderDuration } from '../model/duration.ts'
import { hasEnded, rebuildWords } from '../model/status.ts'
import { Badge } from './badge.tsx'
import { Steps } from './steps.tsx'
import { Elapsed } from './time.tsx'

/** A rebuild under way: of what, why, how far, and what holds it back. */
export function RebuildCard({ rebuild }: { rebuild: RebuildRow }): ReactNode {
  const words = rebuildWords(rebuild.state)
  return (
    <article className="card rebuild" data-tone={words.tone} aria-label={`Rebuild of ${rebuild.host}`}>
      <header>
        <h3>
          <Link to="/rebuilds/$id" params={{ id: rebuild.id }}>
            {rebuild.host}
          </Link>
        </h3>
        <Badge {...words} />
        <span>{rebuild.reason}</span>
        <span className="quiet">
          {rebuild.order}, {lives(rebuild)}
        </span>
        <span className="push numeric">
          <RebuildTime rebuild={rebuild} />
        </span>
      </header>
      <Steps rebuild={rebuild} />
      {rebuild.waiting !== null && <Waiting rebuild={rebuild} />}
    </article>
  )
}

export function Waiting({ rebuild }: { rebuild: RebuildRow }): ReactNode {
  return (
    <p className="alert" data-tone={rebuild.state === 'held' ? 'failed' : 'stale'}>
      <strong>{rebuild.state === 'held' ? 'Held' : 'Waiting'}:</strong> {rebuild.waiting}
    </p>
  )
}

/** Time from request to end, counting while it goes on. */
export function RebuildTime({ rebuild }: { rebuild: RebuildRow }): ReactNode {
  return hasEnded(rebuild.state) ? renderDuration(rebuild.elapsedMs) : <Elapsed since={rebuild.requestedAt} />
}

export function lives({ fromIncarnation, toIncarnation }: RebuildRow): string {
  const to = toIncarnation === null ? 'a new life' : `life ${toIncarnation}`
  return fromIncarnation === null ? `first machine, ${to}` : `life ${fromIncarnation} to ${to}`
}
