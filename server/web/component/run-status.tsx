import type { ReactNode } from 'react'
import type { ReportRow } from '../../http/view.ts'
import { runWords } from '../model/status.ts'
import { Badge } from './badge.tsx'

/** What a run came to. A run from a cached catalog or without effect says so: its green is not the whole truth. */
export function RunStatus({ run }: { run: Pick<ReportRow, 'status' | 'noop' | 'cached'> }): ReactNode {
  return (
    <span className="badges">
      <Badge {...runWords[run.status]} />
      {run.noop && <Badge tone="quiet" word="no-op" meaning="A run that changed nothing by design" />}
      {run.cached && (
        <Badge
          tone="stale"
          word="cached catalog"
          meaning="The server did not answer, so the last verified catalog was applied"
        />
      )}
    </span>
  )
}
