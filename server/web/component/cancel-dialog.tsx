import type { ReactNode } from 'react'
import type { RebuildRow } from '../../http/view.ts'
import { useCancel } from '../api/acts.ts'
import { Dialog } from './dialog.tsx'
import { RequestProblem } from './problem.tsx'

/** Asks before a rebuild is given up: what is destroyed, and what the host is left with. */
export function CancelDialog({ rebuild, onClose }: { rebuild: RebuildRow; onClose: () => void }): ReactNode {
  const cancel = useCancel(rebuild.id)
  const oldIsGone = rebuild.steps.some(({ state }) => state === 'destroying')
  return (
    <Dialog title={`Cancel the rebuild of ${rebuild.host}?`} onClose={onClose}>
      <p>
        The new machine, if one was made, is destroyed.{' '}
        {oldIsGone || rebuild.fromIncarnation === null ? (
          <strong>There is no old machine to go back to: {rebuild.host} is left without one.</strong>
        ) : (
          `${rebuild.host} stays on life ${rebuild.fromIncarnation}.`
        )}
      </p>
      {cancel.error && <RequestProblem error={cancel.error} />}
      <div className="act-buttons">
        <button
          type="button"
          className="danger"
          disabled={cancel.isPending}
          onClick={() => cancel.mutate(undefined, { onSuccess: onClose })}
        >
          Cancel it
        </button>
        <button type="button" onClick={onClose}>
          Go on
        </button>
      </div>
    </Dialog>
  )
}
