import type { ReactNode } from 'react'
import { serverNow } from '../api/clock.ts'
import { renderAge, renderElapsed, renderExact } from '../model/duration.ts'
import { useTicking } from './ticker.ts'

/** How long ago, with the exact time in UTC on hover and for screen readers that ask. */
export function Time({ at, none = 'never' }: { at: string | null; none?: string }): ReactNode {
  const age = useTicking(() => (at === null ? none : renderAge(at, serverNow())))
  if (at === null) return <span className="quiet">{none}</span>
  return (
    <time dateTime={at} title={renderExact(at)}>
      {age}
    </time>
  )
}

/** How long something that is still going on has taken. */
export function Elapsed({ since }: { since: string }): ReactNode {
  return useTicking(() => renderElapsed(serverNow() - Date.parse(since)))
}
