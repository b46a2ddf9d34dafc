import { useQuery } from '@tanstack/react-query'
import { Link, Outlet } from '@tanstack/react-router'
import { type ReactNode, useEffect } from 'react'
import type { SessionView } from '../../http/view.ts'
import { useLogout } from '../api/acts.ts'
import { overviewQuery } from '../api/queries.ts'
import { count } from '../model/attention.ts'
import { hasEnded } from '../model/status.ts'
import { LostBanner } from './banner.tsx'
import { useFocusOnNavigation } from './focus-on-navigation.ts'
import { HelpDialog } from './help-dialog.tsx'
import { places, useHotkeys } from './hotkeys.ts'
import { useLive, useLiveState } from './live-context.tsx'
import { SessionContext } from './session-context.tsx'

/** What stands around every page for who is logged in: where one can go, whether the page is live, who one is. */
export function Shell({ session }: { session: SessionView }): ReactNode {
  const live = useLive()
  const { help, closeHelp } = useHotkeys()
  useFocusOnNavigation()
  useEffect(() => {
    live.start()
    return () => live.stop()
  }, [live])
  return (
    <SessionContext value={session}>
      <a className="skip" href="#content">
        Skip to content
      </a>
      <header className="top">
        <Link to="/" className="brand" tabIndex={-1} aria-hidden="true">
          <img src="/favicon.svg" alt="" width="18" height="18" />
          Rekindle
        </Link>
        <nav aria-label="Pages">
          {places.map(({ to, label }) => (
            <Link key={to} to={to} activeOptions={{ exact: to === '/', includeSearch: false }}>
              {label}
              <NavCount of={label} />
            </Link>
          ))}
        </nav>
        <LiveMark />
        <Who session={session} />
      </header>
      <LostBanner />
      <Announcement />
      <main id="content" tabIndex={-1}>
        <Outlet />
      </main>
      {help && <HelpDialog onClose={closeHelp} />}
    </SessionContext>
  )
}

function NavCount({ of }: { of: string }): ReactNode {
  const { data } = useQuery(overviewQuery)
  if (data === undefined) return null
  const n =
    of === 'Drift'
      ? data.openDrift.length
      : of === 'Rebuilds'
        ? data.rebuilds.filter(({ state }) => !hasEnded(state)).length
        : 0
  return n === 0 ? null : <span className="count">{n}</span>
}

/** Tells a screen reader what the counts beside the pages tell the eye, each time it changes. */
function Announcement(): ReactNode {
  const { data } = useQuery(overviewQuery)
  const underWay = data?.rebuilds.filter(({ state }) => !hasEnded(state)).length ?? 0
  return (
    <p className="unseen" role="status">
      {data &&
        `${count(data.openDrift.length, 'open drift')}, ${count(underWay, 'rebuild')} under way or held`}
    </p>
  )
}

function LiveMark(): ReactNode {
  const phase = useLiveState((state) => state.phase)
  const words = { connecting: 'connecting', open: 'live', lost: 'not live' }
  return (
    <span className="live-mark" data-phase={phase}>
      <span className="dot" aria-hidden="true" />
      {words[phase]}
    </span>
  )
}

function Who({ session }: { session: SessionView }): ReactNode {
  const logout = useLogout()
  return (
    <span className="who">
      <span>
        {session.name} <span className="quiet">as {session.role}</span>
      </span>
      <button type="button" className="plain" onClick={() => logout.mutate()} disabled={logout.isPending}>
        Log out
      </button>
    </span>
  )
}
