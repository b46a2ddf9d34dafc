import type { ReactNode } from 'react'
import type { HeldChangeView } from '../../http/view.ts'
import { useApprove } from '../api/acts.ts'
import { canApprove } from '../can.ts'
import { ActBar } from './act-bar.tsx'
import { Badge } from './badge.tsx'
import { RequestProblem } from './problem.tsx'
import { Revision } from './revision.tsx'
import { ScrollArea } from './scroll-area.tsx'
import { Section } from './section.tsx'
import { useSession } from './session-context.tsx'
import { Time } from './time.tsx'

/** A new catalog that waits for a person, with what it leaves out. */
export function HeldChange({ host, held }: { host: string; held: HeldChangeView }): ReactNode {
  const session = useSession()
  const approve = useApprove(host)
  const { dropped, resources, revision, heldAt, evidence } = held
  return (
    <Section title="Change held">
      <div className="card" data-tone="stale">
        <header>
          <Badge tone="stale" word="waits for approval" />
          <span>
            <Revision id={revision} told /> leaves out {dropped.length} of {resources} resources
          </span>
          <Time at={heldAt} />
        </header>
        <p>
          Until somebody approves it, {host} stays on the catalog that it has. What is left out is not managed
          any more; on the host it stays as it is.
        </p>
        <ScrollArea className="dropped" label="Resources that are left out">
          <ul>
            {dropped.map((id) => (
              <li key={id}>
                <code>{id}</code>
              </li>
            ))}
          </ul>
        </ScrollArea>
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
      </div>
    </Section>
  )
}
