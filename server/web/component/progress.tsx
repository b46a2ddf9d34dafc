import type { ReactNode } from 'react'
import { useLiveState } from './live-context.tsx'

/** The run that is going on at a host, if any. */
export function RunProgress({ host, brief = false }: { host: string; brief?: boolean }): ReactNode {
  const progress = useLiveState((state) => state.progress[host])
  if (progress === undefined) return null
  const { done, total, resource } = progress
  return (
    <span className="run-progress">
      <progress value={done} max={Math.max(1, total)} aria-label={`Run on ${host}`} />
      <span>
        {brief ? `${done}/${total}` : `running: ${done} of ${total} resources`}
        {!brief && resource !== undefined && (
          <>
            , at <code>{resource}</code>
          </>
        )}
      </span>
    </span>
  )
}
