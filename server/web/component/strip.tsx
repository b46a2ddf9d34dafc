import type { ReactNode } from 'react'
import type { RebuildRow, RebuildStepRow } from '../../http/view.ts'
import { serverNow } from '../api/clock.ts'
import { renderDuration, renderElapsed } from '../model/duration.ts'
import { layStrip } from '../model/rebuild-steps.ts'
import { useTicking } from './ticker.ts'

interface StripProps {
  readonly rebuild: Pick<RebuildRow, 'steps' | 'endedAt'>
  /** A thin bar without words, for a line of a table. */
  readonly brief?: boolean
}

/** Where the time of a rebuild went: its steps side by side, as wide as they took. What it shows also stands in words. */
export function Strip({ rebuild, brief = false }: StripProps): ReactNode {
  const end = useTicking(() =>
    rebuild.endedAt === null ? String(serverNow() - (serverNow() % 500)) : rebuild.endedAt,
  )
  const endMs = rebuild.endedAt === null ? Number(end) : Date.parse(end)
  const pieces = layStrip(rebuild.steps, endMs)
  return (
    <div className={brief ? 'strip brief' : 'strip'} aria-hidden="true">
      {pieces.map(({ step, offset, width, durationMs }, index) => (
        <span
          key={`${step.state} ${step.startedAt}`}
          className="strip-piece"
          data-state={step.state}
          data-band={index % 4}
          title={`${step.state}: ${took(step, durationMs)}`}
          style={{ left: `${offset * 100}%`, width: `${width * 100}%` }}
        >
          {!brief && width > 0.09 && (
            <>
              {step.state} <span className="strip-time">{took(step, durationMs)}</span>
            </>
          )}
        </span>
      ))}
    </div>
  )
}

function took(step: RebuildStepRow, durationMs: number): string {
  return step.durationMs === null ? renderElapsed(durationMs) : renderDuration(durationMs)
}
