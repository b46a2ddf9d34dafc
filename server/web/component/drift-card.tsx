import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { DriftRow } from '../../http/view.ts'
import type { DriftGroup } from '../model/drift-groups.ts'
import { Changes } from './changes.tsx'
import { Time } from './time.tsx'

/** One drift with its difference, on all hosts that have it. */
export function DriftCard({ group, fold }: { group: DriftGroup; fold?: number }): ReactNode {
  const open = group.rows[0]?.endedAt === null
  return (
    <article
      className="card drift"
      data-tone={open ? 'drifted' : 'quiet'}
      aria-label={`Drift of ${group.resource}`}
    >
      <header>
        <h3>
          <code>{group.resource}</code>
        </h3>
        <span className="where">
          declared at <code>{group.where}</code>
        </span>
      </header>
      <ul className="drift-hosts">
        {group.rows.map((row) => (
          <li key={row.id}>
            <DriftHost row={row} />
          </li>
        ))}
      </ul>
      <Changes changes={group.changes} of={group.resource} {...(fold !== undefined && { fold })} />
    </article>
  )
}

function DriftHost({ row }: { row: DriftRow }): ReactNode {
  return (
    <>
      <Link to="/hosts/$name" params={{ name: row.host }} className="strong">
        {row.host}
      </Link>{' '}
      <span className="quiet">life {row.incarnation}, seen</span> <Time at={row.seenAt} />
      {row.endedAt !== null && (
        <>
          <span className="quiet">, {row.endedBy === 'rebuilt' ? 'gone with its life' : 'corrected'}</span>{' '}
          <Time at={row.endedAt} />
        </>
      )}
      <span className="quiet">,</span>{' '}
      <Link to="/runs/$id" params={{ id: row.report }}>
        run
      </Link>
    </>
  )
}
