/** For the types that own one file of apt's, where another may say the same in an older form: that one goes. */
import type { Change } from '../../../schemas/generated/types.ts'
import type { Host } from '../../host/host.ts'
import type { Reading, ResourceType, Wanted } from '../resource-type.ts'
import { findTextFile, readEach, removeTextFile, type TextFile } from '../text-file.ts'

export interface OwnedState {
  readonly own: TextFile
  readonly older: TextFile
}

type Params = { readonly ensure?: 'present' | 'absent' }

/** @param olderPathOf where the older form would stand */
export function withoutOlder<P extends Params>(
  type: ResourceType<P, TextFile>,
  olderPathOf: (wanted: Wanted<P>) => string,
): ResourceType<P, OwnedState> {
  async function read(host: Host, wanted: readonly Wanted<P>[]): Promise<Reading<OwnedState>> {
    const found = await type.read(host, wanted)
    return readEach(wanted, (one) => {
      const own = found.get(one.id)
      if (own === undefined || own instanceof Error) throw own ?? new Error(`${one.id} was not read`)
      return { own, older: findTextFile(host, olderPathOf(one)) }
    })
  }

  function diff(wanted: Wanted<P>, { own, older }: OwnedState): readonly Change[] {
    const changes = type.diff(wanted, own)
    if (older.kind === 'absent') return changes
    if (wanted.params.ensure !== 'absent')
      return [...changes, { property: 'older', from: older.path, to: 'absent' }]
    return changes.length > 0 ? changes : [{ property: 'ensure', from: 'present', to: 'absent' }]
  }

  async function apply(
    host: Host,
    wanted: Wanted<P>,
    { own, older }: OwnedState,
    changes: readonly Change[],
  ): Promise<void> {
    const ownChanges = type.diff(wanted, own)
    if (ownChanges.length > 0) await type.apply(host, wanted, own, changes)
    await removeTextFile(host, older)
  }

  const { inspect, explain, watch } = type
  return {
    name: type.name,
    read,
    diff,
    apply,
    explain: async (host, wanted, { own }, changes) =>
      (await explain?.(host, wanted, own, changes)) ?? changes,
    watch: (wanted) => [...(watch?.(wanted) ?? []), olderPathOf(wanted)],
    ...(inspect === undefined ? {} : { inspect }),
  }
}
