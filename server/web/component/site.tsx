import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { EnvironmentView, SiteView } from '../../http/view.ts'
import { useApproveSite } from '../api/acts.ts'
import { canApprove } from '../can.ts'
import { ActBar } from './act-bar.tsx'
import { Badge } from './badge.tsx'
import { RequestProblem } from './problem.tsx'
import { Revision } from './revision.tsx'
import { Section } from './section.tsx'
import { useSession } from './session-context.tsx'
import { Time } from './time.tsx'

type Served = Pick<SiteView, 'revision' | 'activatedAt' | 'commit' | 'refused'>

/** Which revisions are served, where from, and why newer ones are not. */
export function Site({ site, version }: { site: SiteView; version: string }): ReactNode {
  const { repository, environments } = site
  return (
    <Section title="Site" id="site">
      <dl className="facts">
        <div>
          <dt>{repository === null ? 'Served' : `Served from ${repository.branch}`}</dt>
          <dd>
            <ServedSince served={site} />
          </dd>
        </div>
        {environments.map((environment) => (
          <Environment key={environment.name} environment={environment} />
        ))}
        {repository !== null && (
          <div>
            <dt>Repository</dt>
            <dd>
              <code>{repository.url}</code>{' '}
              {repository.fetchedAt !== null && (
                <>
                  asked <Time at={repository.fetchedAt} />
                </>
              )}
            </dd>
          </div>
        )}
        <div>
          <dt>Roles</dt>
          <dd>{site.roles.length === 0 ? 'none' : site.roles.join(', ')}</dd>
        </div>
        <div>
          <dt>Server</dt>
          <dd>Rekindle {version}</dd>
        </div>
      </dl>
      {repository !== null && repository.unreachable !== null && <Unreachable {...repository.unreachable} />}
      {[site, ...environments].map(
        (served) =>
          served.warnings.length > 0 && (
            <Warnings
              key={'name' in served ? served.name : ''}
              warnings={served.warnings}
              branch={'name' in served ? served.name : repository?.branch}
            />
          ),
      )}
      {[site, ...environments].map(
        (served) =>
          served.refused !== null && (
            <Refused
              key={'name' in served ? served.name : ''}
              refused={served.refused}
              branch={'name' in served ? served.name : repository?.branch}
            />
          ),
      )}
    </Section>
  )
}

function ServedSince({ served }: { served: Served }): ReactNode {
  return (
    <>
      <Revision id={served.revision} commit={served.commit} none="no revision yet" told />{' '}
      {served.activatedAt !== null && (
        <>
          since <Time at={served.activatedAt} />
        </>
      )}
    </>
  )
}

function Environment({ environment }: { environment: EnvironmentView }): ReactNode {
  const { name, hosts } = environment
  return (
    <div>
      <dt>Served from {name}</dt>
      <dd>
        <ServedSince served={environment} /> to{' '}
        {hosts.length === 1 && hosts[0] !== undefined ? (
          <Link to="/hosts/$name" params={{ name: hosts[0] }}>
            {hosts[0]}
          </Link>
        ) : (
          `${hosts.length} hosts`
        )}
      </dd>
    </div>
  )
}

function Unreachable({ since, problem }: { since: string; problem: string }): ReactNode {
  return (
    <div className="card" data-tone="silent">
      <header>
        <Badge tone="silent" word="unreachable" />
        <span>
          since <Time at={since} />; what was fetched before is served
        </span>
      </header>
      <ul className="site-problems">
        <li>
          <span>{problem}</span>
        </li>
      </ul>
    </div>
  )
}

function Warnings({
  warnings,
  branch,
}: {
  warnings: SiteView['warnings']
  branch: string | undefined
}): ReactNode {
  return (
    <div className="card" data-tone="stale">
      <header>
        <Badge tone="stale" word={warnings.length === 1 ? '1 warning' : `${warnings.length} warnings`} />
        {branch !== undefined && <span>{branch}</span>}
      </header>
      <Problems problems={warnings} />
    </div>
  )
}

function Refused({
  refused,
  branch,
}: {
  refused: NonNullable<SiteView['refused']>
  branch: string | undefined
}): ReactNode {
  const { approval } = refused
  const tone = approval === null ? 'failed' : 'stale'
  return (
    <div className="card" data-tone={tone}>
      <header>
        <Badge tone={tone} word={approval === null ? 'refused' : 'waits for approval'} />
        {branch !== undefined && <span>{branch}</span>}
        <span>
          <Revision id={refused.revision} commit={refused.commit} told />
        </span>
        <Time at={refused.at} />
      </header>
      <Problems problems={refused.problems} />
      {approval !== null && <Approve evidence={approval} />}
    </div>
  )
}

/** Of a revision whose change a policy wants approved. */
function Approve({ evidence }: { evidence: string }): ReactNode {
  const session = useSession()
  const approve = useApproveSite()
  return (
    <>
      <p>Until somebody approves it, hosts stay on the revision that is served.</p>
      <ActBar
        acts={[
          {
            label: 'Approve',
            verdict: canApprove(session),
            busy: approve.isPending,
            act: () => approve.mutate(evidence),
          },
        ]}
      />
      {approve.error && <RequestProblem error={approve.error} />}
    </>
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
