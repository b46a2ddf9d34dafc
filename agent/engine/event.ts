/** What a run tells while it goes on. Values of sensitive properties never get here: the types' diffs redact them. */
import type { ResourceOutcome } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'

export type RunEvent =
  | {
      readonly type: 'resource-started'
      readonly id: ResourceId
      readonly done: number
      readonly total: number
    }
  | {
      readonly type: 'resource-finished'
      readonly outcome: ResourceOutcome
      readonly done: number
      readonly total: number
    }

export type OnRunEvent = (event: RunEvent) => void
