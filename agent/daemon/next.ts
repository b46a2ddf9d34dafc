/**
 * Pure: one run at a time, and what is asked for meanwhile becomes one run after it.
 *
 * idle      nothing to do
 * running   a run is under way; `following` is what was asked for meanwhile
 * stopping  the agent ends, after the resource at hand; nothing more is begun
 * stopped   the end
 */
import { mergeRequests, type RunRequest } from './request.ts'

export type LoopState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'running'; readonly following?: RunRequest }
  | { readonly kind: 'stopping' }
  | { readonly kind: 'stopped' }

export type LoopEvent =
  | { readonly type: 'requested'; readonly request: RunRequest }
  | { readonly type: 'finished' }
  | { readonly type: 'stop' }

/** The state after an event, and the run to start, if any. @throws Error when nothing that runs has finished */
export function next(
  state: LoopState,
  event: LoopEvent,
): { readonly state: LoopState; readonly start?: RunRequest } {
  switch (event.type) {
    case 'requested':
      if (state.kind === 'idle') return { state: { kind: 'running' }, start: event.request }
      if (state.kind !== 'running') return { state }
      return { state: { kind: 'running', following: mergeRequests(state.following, event.request) } }
    case 'finished':
      if (state.kind === 'stopping') return { state: { kind: 'stopped' } }
      if (state.kind !== 'running') throw new Error(`Cannot finish a run while ${state.kind}`)
      if (state.following === undefined) return { state: { kind: 'idle' } }
      return { state: { kind: 'running' }, start: state.following }
    case 'stop':
      if (state.kind === 'running') return { state: { kind: 'stopping' } }
      return state.kind === 'idle' ? { state: { kind: 'stopped' } } : { state }
    default:
      return event satisfies never
  }
}
