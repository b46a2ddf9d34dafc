import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ApiError } from '../api/client.ts'
import { RequestProblem } from './problem.tsx'

interface LoadedProps<Data> {
  readonly query: UseQueryResult<Data>
  /** What is being loaded, such as `the hosts`. */
  readonly what: string
  readonly children: (data: Data) => ReactNode
}

/** The three states of a query. Data that could not be renewed stays, with the reason above it. */
export function Loaded<Data>({ query, what, children }: LoadedProps<Data>): ReactNode {
  const { data, error } = query
  // The banner says it for the whole page, with the age of the data.
  const told = data !== undefined && error instanceof ApiError && error.unreachable
  const problem = error && !told && (
    <RequestProblem error={error}>
      <button type="button" onClick={() => void query.refetch()}>
        Try again
      </button>
    </RequestProblem>
  )
  if (data === undefined) {
    return (
      problem || (
        <p className="loading" role="status">
          Loading {what} …
        </p>
      )
    )
  }
  return (
    <>
      {problem}
      {children(data)}
    </>
  )
}
