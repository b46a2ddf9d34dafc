import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { HostRow } from '../../http/view.ts'
import { hostWords } from '../model/status.ts'
import { Badge } from './badge.tsx'
import { RunProgress } from './progress.tsx'
import { Time } from './time.tsx'

export function HostTile({ host }: { host: HostRow }): ReactNode {
  return (
    <Link to="/hosts/$name" params={{ name: host.name }} className="tile" data-tone={host.status}>
      <span className="tile-name">{host.name}</span>
      <Badge {...hostWords[host.status]} />
      <span className="tile-fact">
        {host.incarnation === null ? 'no machine' : `life ${host.incarnation}`}
        {!host.connected && ', offline'}
      </span>
      <span className="tile-fact">
        <Time at={host.lastReportAt} none="no report" />
      </span>
      <RunProgress host={host.name} brief />
    </Link>
  )
}
