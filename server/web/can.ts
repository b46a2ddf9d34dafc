/** What the person may do, with the reason when not. The server decides; this only spares a refusal that is sure. */
import type { HostRow, RebuildRow, SessionView } from '../http/view.ts'
import { hasEnded } from './model/status.ts'

export type Verdict = { readonly allowed: true } | { readonly allowed: false; readonly why: string }

const yes: Verdict = { allowed: true }

function no(why: string): Verdict {
  return { allowed: false, why }
}

type Host = Pick<HostRow, 'name' | 'connected' | 'rebuild'>
type Rebuild = Pick<RebuildRow, 'state'>

export function canRun(session: SessionView, host: Host): Verdict {
  if (session.role === 'viewer') return no(needsOperator(session))
  if (!host.connected) return no(`${host.name} is not connected, so it cannot be asked to run`)
  return yes
}

export function canRebuild(session: SessionView, host: Host): Verdict {
  if (session.role === 'viewer') return no(needsOperator(session))
  if (host.rebuild !== null) return no(`a rebuild of ${host.name} is already under way or held`)
  return yes
}

export function canApprove(session: SessionView): Verdict {
  return session.role === 'viewer' ? no(needsOperator(session)) : yes
}

export function canResume(session: SessionView, rebuild: Rebuild): Verdict {
  if (session.role === 'viewer') return no(needsOperator(session))
  if (rebuild.state !== 'held') return no(`only a held rebuild can be resumed; this one is ${rebuild.state}`)
  return yes
}

export function canCancel(session: SessionView, rebuild: Rebuild): Verdict {
  if (session.role === 'viewer') return no(needsOperator(session))
  if (hasEnded(rebuild.state)) return no(`it has ended: ${rebuild.state}`)
  if (rebuild.state === 'destroying') return no('the old machine is being destroyed already')
  return yes
}

function needsOperator({ name, role }: SessionView): string {
  return `it needs the role operator; ${name} is a ${role}`
}
