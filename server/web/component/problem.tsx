import type { ReactNode } from 'react'
import type { ReportProblem } from '../../../schemas/generated/types.ts'
import { ApiError } from '../api/client.ts'

/** An error with its facts: what happened, where, what was kept, what to do. */
export function ProblemFacts({ message, where, kept, hint, code }: ReportProblem): ReactNode {
  return (
    <div className="problem">
      <p className="problem-message">{message}</p>
      <dl className="facts">
        {where !== undefined && <Fact name="Where" value={<code>{where}</code>} />}
        {kept !== undefined && <Fact name="Kept" value={kept} />}
        {hint !== undefined && <Fact name="What to do" value={hint} />}
        <Fact name="Code" value={<code>{code}</code>} />
      </dl>
    </div>
  )
}

function Fact({ name, value }: { name: string; value: ReactNode }): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
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
