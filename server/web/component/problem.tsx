import type { ReactNode } from 'react'
import type { ReportProblem } from '../../../schemas/generated/types.ts'
import { ApiError } from '../api/client.ts'
import { Fact } from './fact.tsx'

/** An error with its facts: what happened, where, what was kept, what to do. */
export function ProblemFacts({ message, where, kept, hint, code }: ReportProblem): ReactNode {
  return (
    <div className="problem">
      <p className="problem-message">{message}</p>
      <dl className="facts">
        {where !== undefined && (
          <Fact name="Where">
            <code>{where}</code>
          </Fact>
        )}
        {kept !== undefined && <Fact name="Kept">{kept}</Fact>}
        {hint !== undefined && <Fact name="What to do">{hint}</Fact>}
        <Fact name="Code">
          <code>{code}</code>
        </Fact>
      </dl>
    </div>
  )
}

/** Why a request failed, told to a screen reader at once. */
export function RequestProblem({ error, children }: { error: Error; children?: ReactNode }): ReactNode {
  const { title, code, where, kept, hint } =
    error instanceof ApiError ? error.problem : { title: error.message, code: 'internal' }
  return (
    <div className="alert" data-tone="failed" role="alert">
      <ProblemFacts
        code={code}
        message={title}
        {...(where !== undefined && { where })}
        {...(kept !== undefined && { kept })}
        {...(hint !== undefined && { hint })}
      />
      {children}
    </div>
  )
}
