import { createContext, useContext } from 'react'
import type { SessionView } from '../../http/view.ts'

export const SessionContext = createContext<SessionView | null>(null)

/** Who is logged in; every page but the login has one. */
export function useSession(): SessionView {
  const session = useContext(SessionContext)
  if (session === null) throw new Error('Cannot tell who is logged in: there is no SessionContext above')
  return session
}
