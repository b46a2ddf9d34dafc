import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { sessionQuery } from '../api/queries.ts'
import { LoginPage } from '../page/login.tsx'
import { Loaded } from './loaded.tsx'
import { Shell } from './shell.tsx'

/** The login stands in front of every address, so that a pasted link leads where it says once one is logged in. */
export function Gate(): ReactNode {
  const query = useQuery(sessionQuery)
  return (
    <Loaded query={query} what="the page">
      {(session) => (session === null ? <LoginPage /> : <Shell session={session} />)}
    </Loaded>
  )
}
