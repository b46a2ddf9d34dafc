/** Pure: how a service differs from what is wanted, and what is to be done about it. */
import type { Change } from '../../../schemas/generated/types.ts'
import type { ServiceState, ServiceStep, WantedService } from './init-system.ts'

export function diff({ params: { ensure, enable } }: WantedService, state: ServiceState): readonly Change[] {
  const changes: Change[] = []
  if (ensure !== undefined && !(ensure === 'running' ? state.runs : state.rests))
    changes.push({ property: 'ensure', from: state.active, to: ensure })
  if (enable !== undefined && !state.fulfils.includes(enable))
    changes.push({ property: 'enable', from: state.boot, to: renderEnable(enable) })
  return changes
}

function renderEnable(enable: true | false | 'mask'): string {
  if (enable === 'mask') return 'masked'
  return enable ? 'enabled' : 'disabled'
}

export type Act = 'unmask' | 'start' | 'stop' | 'enable' | 'disable' | 'mask'

/** The acts in their order, each with when it is due. A mask comes last, for nothing could be started after it. */
export const acts: readonly (readonly [act: Act, isDue: (step: ServiceStep) => boolean])[] = [
  ['unmask', isToUnmask],
  ['start', isToStart],
  ['stop', (step) => differs(step, 'ensure') && step.wanted.params.ensure === 'stopped'],
  ['enable', isToEnable],
  [
    'disable',
    (step) => differs(step, 'enable') && step.wanted.params.enable !== true && step.actual.isEnabled,
  ],
  ['mask', (step) => step.wanted.params.enable === 'mask' && (isToUnmask(step) || differs(step, 'enable'))],
]

/** What cannot be done to a service that does not exist. */
export function needsService(step: ServiceStep): boolean {
  return (isToStart(step) && step.wanted.params.start === undefined) || isToEnable(step)
}

function differs({ changes }: ServiceStep, name: string): boolean {
  return changes.some(({ property }) => property === name)
}

function isToStart(step: ServiceStep): boolean {
  return differs(step, 'ensure') && step.wanted.params.ensure === 'running'
}

function isToEnable(step: ServiceStep): boolean {
  return differs(step, 'enable') && step.wanted.params.enable === true
}

/** A start unmasks too. */
function isToUnmask(step: ServiceStep): boolean {
  return step.actual.isMasked && (isToStart(step) || isToEnable(step))
}
