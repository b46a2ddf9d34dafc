/** Pure: what trials found, as lines for people. */
import type { TrialCase, TrialFailure } from './trial.ts'

/** One case: a line, and what there is to know of a failure below it. */
export function renderCase({ name, seconds, kills, failure }: TrialCase): string {
  const head = `${failure === undefined ? 'ok  ' : 'FAIL'}  ${name}  ${seconds.toFixed(1)} s${kills === 0 ? '' : `, ${kills} kills`}`
  return failure === undefined
    ? head
    : [head, ...renderFailure(failure).map((line) => `      ${line}`)].join('\n')
}

const shows: Readonly<Record<TrialFailure['step'], string>> = {
  first: 'The run from bare failed',
  second: 'A second run changed something, or failed',
  reboot: 'A run after a reboot changed something, or failed',
  state: 'The host is not as wanted',
}

/** Differences beyond this many are counted. */
const most = 20

export function renderFailure(failure: TrialFailure): readonly string[] {
  const { step, id, where, details, order, nowBefore, nowAfter, killedAfter } = failure
  const list = (title: string, items: readonly string[]) =>
    items.length === 0 ? [] : [`${title}:`, ...shortened(items).map((item) => `  ${item}`)]
  return [
    `${shows[step]}${id === undefined ? '' : `: ${id}${where === undefined ? '' : ` (${where})`}`}`,
    ...shortened(details).map((line) => `  ${line.replaceAll('\n', '\n  ')}`),
    ...list('killed after', killedAfter),
    ...list('nothing orders it after these, which stood before it as declared', nowAfter),
    ...list('nothing orders it before these, which stood after it as declared', nowBefore),
    ...(order.length === 0 ? [] : ['in this order:', ...order.map((one) => `  ${one}`)]),
  ]
}

function shortened(items: readonly string[]): readonly string[] {
  if (items.length <= most) return items
  return [...items.slice(0, most), `and ${items.length - most} more`]
}

/** The last line: how it went. */
export function renderSum(cases: readonly TrialCase[]): string {
  const failed = cases.filter(({ failure }) => failure !== undefined).length
  const seconds = cases.reduce((sum, one) => sum + one.seconds, 0)
  return `${cases.length} cases, ${failed} failed, ${seconds.toFixed(1)} s`
}
