import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, type ReactNode, useState } from 'react'
import type { HostView } from '../../http/view.ts'
import type { RebuildOrder } from '../../rebuild/state.ts'
import { useRebuild } from '../api/acts.ts'
import { siteQuery } from '../api/queries.ts'
import { count } from '../model/attention.ts'
import { Dialog } from './dialog.tsx'
import { Loaded } from './loaded.tsx'
import { RequestProblem } from './problem.tsx'

const story: Record<RebuildOrder, (host: string) => readonly string[]> = {
  surge: (host) => [
    `A new machine is made beside ${host}, enrolled and converged from bare.`,
    `It is proved: a second run must change nothing. Until then ${host} keeps serving.`,
    `Then the old machine is drained, what it was is kept as evidence, its certificate is revoked and it is destroyed.`,
    `If the new machine fails, the rebuild is held and the old one stays in service.`,
  ],
  'in-place': (host) => [
    `${host} is drained: it leaves its pool and serves nothing until the rebuild has ended.`,
    `What it was is kept as evidence, its certificate is revoked and the machine is destroyed.`,
    `A new machine is made under the same name, enrolled, converged from bare and proved.`,
    `If the new machine fails, the rebuild is held and ${host} stays out of its pool. There is no way back to the old machine.`,
  ],
}

/** Asks before a rebuild: what will happen, what is thrown away, and why it is wanted. */
export function RebuildDialog({ host, onClose }: { host: HostView; onClose: () => void }): ReactNode {
  const site = useQuery(siteQuery)
  const rebuild = useRebuild(host.name)
  const navigate = useNavigate()
  const [reason, setReason] = useState('')

  function submit(event: FormEvent): void {
    event.preventDefault()
    rebuild.mutate(reason.trim(), {
      onSuccess: ({ rebuild: id }) => void navigate({ to: '/rebuilds/$id', params: { id } }),
    })
  }

  return (
    <Dialog title={`Rebuild ${host.name}?`} onClose={onClose}>
      <form onSubmit={submit}>
        <Loaded query={site} what="the pool's order">
          {({ pools }) => {
            const order = pools.find(({ name }) => name === host.pool)?.order
            return order === undefined ? (
              <p>The site does not say in which order the pool {host.pool} is rebuilt.</p>
            ) : (
              <>
                <p>
                  The pool {host.pool} rebuilds in <strong>{order}</strong> order:
                </p>
                <ol>
                  {story[order](host.name).map((line) => (
                    <li key={line}>{line}</li>
                  ))}
                </ol>
              </>
            )
          }}
        </Loaded>
        <ThrownAway host={host} />
        <label className="field">
          Reason, for the audit log
          <input
            name="reason"
            value={reason}
            onChange={({ target }) => setReason(target.value)}
            required
            maxLength={500}
            autoComplete="off"
          />
        </label>
        {rebuild.error && <RequestProblem error={rebuild.error} />}
        <div className="act-buttons">
          <button type="submit" className="danger" disabled={rebuild.isPending || reason.trim() === ''}>
            Rebuild {host.name}
          </button>
          <button type="button" onClick={onClose}>
            Keep it
          </button>
        </div>
      </form>
    </Dialog>
  )
}

function ThrownAway({ host }: { host: HostView }): ReactNode {
  const open = host.drift.filter(({ endedAt }) => endedAt === null)
  if (open.length === 0) return <p>No open drift would be thrown away with it.</p>
  return (
    <>
      <p>
        Thrown away with it: <strong>{count(open.length, 'open drift')}</strong>
      </p>
      <ul className="thrown">
        {open.map(({ id, resource, changes }) => (
          <li key={id}>
            <code>{resource}</code>{' '}
            <span className="quiet">{changes.map(({ property }) => property).join(', ')}</span>
          </li>
        ))}
      </ul>
    </>
  )
}
