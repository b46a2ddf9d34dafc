import type { ReactNode } from 'react'
import type { FactProblem } from '../../../schemas/generated/types.ts'

/** Facts of the site's own that went wrong: which, where, why, and what stands in for them. */
export function FactProblems({ problems }: { problems: readonly FactProblem[] }): ReactNode {
  if (problems.length === 0) return null
  return (
    <div className="alert" data-tone="stale">
      <p>Facts of the site’s own that went wrong:</p>
      <ul>
        {problems.map(({ fact, source, reason, kept }) => (
          <li key={`${fact} ${source}`}>
            <strong>{fact}</strong>: {reason} (<code>{source}</code>).{' '}
            {kept ? 'Its last good value holds.' : 'Roles do not see it.'}
          </li>
        ))}
      </ul>
    </div>
  )
}
