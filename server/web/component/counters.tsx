import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { HostRow } from '../../http/view.ts'
import { hostStatuses, hostWords } from '../model/status.ts'
import { Icon } from './icon.tsx'

/** How many hosts are what, worst first; each leads to those hosts. */
export function Counters({ hosts }: { hosts: readonly HostRow[] }): ReactNode {
  const counts = Map.groupBy(hosts, ({ status }) => status)
  return (
    <ul className="counters" aria-label="Hosts by status">
      {hostStatuses.map((status) => {
        const n = counts.get(status)?.length ?? 0
        const { word, meaning } = hostWords[status]
        return (
          <li key={status}>
            <Link
              to="/hosts"
              search={{ status }}
              className="counter"
              data-tone={n === 0 ? 'quiet' : status}
              title={meaning}
            >
              <Icon tone={status} />
              <b>{n}</b> {word}
            </Link>
          </li>
        )
      })}
    </ul>
  )
}
