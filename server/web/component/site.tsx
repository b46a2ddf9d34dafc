import type { ReactNode } from 'react'
import type { SiteView } from '../../http/view.ts'
import { Badge } from './badge.tsx'
import { Revision } from './revision.tsx'
import { Section } from './section.tsx'
import { Time } from './time.tsx'

/** Which revision is served, and why a newer one is not. */
export function Site({ site, version }: { site: SiteView; version: string }): ReactNode {
  return (
    <Section title="Site" id="site">
      <dl className="facts">
        <div>
          <dt>Served</dt>
          <dd>
            <Revision id={site.revision} none="no revision yet" />{' '}
            {site.activatedAt !== null && (
              <>
                since <Time at={site.activatedAt} />
              </>
            )}
          </dd>
        </div>
        <div>
          <dt>Roles</dt>
          <dd>{site.roles.length === 0 ? 'none' : site.roles.join(', ')}</dd>
        </div>
        <div>
          <dt>Server</dt>
          <dd>Rekindle {version}</dd>
        </div>
      </dl>
      {site.warnings.length > 0 && <Warnings warnings={site.warnings} />}
      {site.refused !== null && <Refused refused={site.refused} />}
    </Section>
  )
}

function Warnings({ warnings }: { warnings: SiteView['warnings'] }): ReactNode {
  return (
    <div className="card" data-tone="stale">
      <header>
        <Badge tone="stale" word={warnings.length === 1 ? '1 warning' : `${warnings.length} warnings`} />
      </header>
      <Problems problems={warnings} />
    </div>
  )
}

function Refused({ refused }: { refused: NonNullable<SiteView['refused']> }): ReactNode {
  return (
    <div className="card" data-tone="failed">
      <header>
        <Badge tone="failed" word="refused" />
        <Revision id={refused.revision} />
        <Time at={refused.at} />
      </header>
      <Problems problems={refused.problems} />
    </div>
  )
}

function Problems({ problems }: { problems: SiteView['warnings'] }): ReactNode {
  return (
    <ul className="site-problems">
      {problems.map(({ message, where, hint }) => (
        <li key={`${where} ${message}`}>
          {where !== null && <code className="where">{where}</code>}
          <span>{message}</span>
          {hint !== null && <span className="quiet">{hint}</span>}
        </li>
      ))}
    </ul>
  )
}
