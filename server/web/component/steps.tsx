import type { ReactNode } from 'react'
import type { RebuildRow } from '../../http/view.ts'
import { renderDuration } from '../model/duration.ts'
import { markSteps, type StepMark } from '../model/rebuild-steps.ts'
import type { Tone } from '../model/status.ts'
import { Icon } from './icon.tsx'
import { Elapsed } from './time.tsx'

const tones: Record<StepMark['phase'], Tone> = {
  done: 'in-sync',
  now: 'rebuilding',
  stopped: 'failed',
  todo: 'quiet',
}
const words: Record<StepMark['phase'], string> = {
  done: 'done',
  now: 'under way',
  stopped: 'stopped here',
  todo: 'to come',
}

/** The way of a rebuild, step by step, with the time of each; the one under way counts. */
export function Steps({
  rebuild,
}: {
  rebuild: Pick<RebuildRow, 'host' | 'order' | 'state' | 'steps'>
}): ReactNode {
  return (
    <ol className="steps" aria-label={`Steps of the rebuild of ${rebuild.host}`}>
      {markSteps(rebuild).map((step) => (
        <li
          key={step.state}
          data-phase={step.phase}
          data-tone={tones[step.phase]}
          aria-current={step.phase === 'now' ? 'step' : undefined}
        >
          <span className="step-name">
            <Icon tone={tones[step.phase]} />
            {step.state}
            <span className="unseen">, {words[step.phase]}</span>
          </span>
          <span className="step-time">
            <StepTime step={step} />
          </span>
        </li>
      ))}
    </ol>
  )
}

function StepTime({ step }: { step: StepMark }): ReactNode {
  if (step.phase === 'now' && step.startedAt !== null) return <Elapsed since={step.startedAt} />
  return step.durationMs === null ? '\u00a0' : renderDuration(step.durationMs)
}
