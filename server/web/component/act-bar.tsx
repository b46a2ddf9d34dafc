import { type ReactNode, useId } from 'react'
import type { Verdict } from '../can.ts'

export interface Act {
  readonly label: string
  readonly verdict: Verdict
  readonly busy?: boolean
  readonly danger?: boolean
  readonly act: () => void
}

/** Buttons, and below them why some cannot be pressed. Those keep the focus, so that a keyboard reaches the reason. */
export function ActBar({ acts }: { acts: readonly Act[] }): ReactNode {
  const id = useId()
  const refused = acts.flatMap(({ label, verdict }) => (verdict.allowed ? [] : [{ label, why: verdict.why }]))
  const reasons = [...Map.groupBy(refused, ({ why }) => why)]
  return (
    <div className="acts">
      <div className="act-buttons">
        {acts.map(({ label, verdict, busy, danger, act }) => (
          <button
            key={label}
            type="button"
            className={danger ? 'danger' : undefined}
            aria-disabled={!verdict.allowed || busy}
            aria-describedby={
              verdict.allowed ? undefined : `${id}-${reasons.findIndex(([why]) => why === verdict.why)}`
            }
            onClick={() => {
              if (verdict.allowed && !busy) act()
            }}
          >
            {label}
          </button>
        ))}
      </div>
      {reasons.map(([why, labels], index) => (
        <p key={why} id={`${id}-${index}`} className="why-not">
          {labels.map(({ label }) => label.replace(/ …$/, '')).join(', ')}: {why}
        </p>
      ))}
    </div>
  )
}
