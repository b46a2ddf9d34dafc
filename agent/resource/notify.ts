/** A message in the report, said once: what was said last is noted, and only another message is a change. */
import type { Change, NotifyParams } from '../../schemas/generated/types.ts'
import type { Host } from '../host/host.ts'
import type { ResourceType, Told, Wanted } from './resource-type.ts'
import { readEach } from './text-file.ts'

type WantedNotify = Wanted<NotifyParams>

export interface NotifyState {
  /** What was said last; undefined: nothing yet. */
  readonly said: string | undefined
}

function read({ notes }: Host, wanted: readonly WantedNotify[]) {
  return readEach(wanted, ({ id }): NotifyState => ({ said: notes.read(id) }))
}

function diff(wanted: WantedNotify, { said }: NotifyState): readonly Change[] {
  const { always, refreshOnly } = wanted.params
  const message = messageOf(wanted)
  if (refreshOnly === true || (always !== true && said === message)) return []
  return [{ property: 'message', from: null, to: message }]
}

/** The change itself says it. */
async function apply({ notes }: Host, wanted: WantedNotify): Promise<void> {
  if (wanted.params.always !== true) await notes.save(wanted.id, messageOf(wanted))
}

/** One that has just said it by itself does not repeat it. */
function refresh(_host: Host, wanted: WantedNotify, before: NotifyState): Promise<Told | undefined> {
  const isSaid = diff(wanted, before).length > 0
  return Promise.resolve(isSaid ? undefined : { output: messageOf(wanted) })
}

function messageOf({ title, params }: WantedNotify): string {
  return params.message ?? title
}

export const notify = {
  name: 'notify',
  read,
  diff,
  apply,
  refresh,
  canDrift: () => false,
} satisfies ResourceType<NotifyParams, NotifyState>
