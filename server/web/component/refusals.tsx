import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { AuditRow } from '../../http/view.ts'
import { Section } from './section.tsx'
import { Time } from './time.tsx'

const shown = 8

/** Who was turned away in the last day: tokens, certificates, catalogs. */
export function Refusals({ entries }: { entries: readonly AuditRow[] }): ReactNode {
  if (entries.length === 0) return null
  return (
    <Section title="Refusals of the last day" count={entries.length}>
      <ul className="lines">
        {entries.slice(0, shown).map((entry) => (
          <li key={entry.seq}>
            <span className="strong">{entry.action}</span>
            <span>
              {entry.actor} <span className="quiet">for</span> {entry.target}
            </span>
            <span className="push quiet">
              <Time at={entry.at} />
            </span>
            {entry.detail !== null && <span className="line-detail">{entry.detail}</span>}
          </li>
        ))}
      </ul>
      {entries.length > shown && (
        <Link to="/audit" search={{ q: 'refused' }}>
          All of them in the audit log
        </Link>
      )}
    </Section>
  )
}
