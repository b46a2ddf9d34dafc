/** Local groups. */
import type { Change, GroupParams } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { Group } from '../host/account.ts'
import type { Host } from '../host/host.ts'
import type { ResourceType, Wanted } from './resource-type.ts'

/** `found` is undefined where there is no such group. */
export interface GroupState {
  readonly found: Group | undefined
}

function read(host: Host, wanted: readonly Wanted<GroupParams>[]): Map<ResourceId, GroupState> {
  const { groups } = host.passwd.read()
  return new Map(wanted.map(({ id, title }) => [id, { found: groups.get(title) }]))
}

function diff({ params }: Wanted<GroupParams>, { found }: GroupState): readonly Change[] {
  const ensure = params.ensure ?? 'present'
  if (ensure === 'absent')
    return found === undefined ? [] : [{ property: 'ensure', from: 'present', to: 'absent' }]
  if (found === undefined) return [{ property: 'ensure', from: 'absent', to: 'present' }]
  if (params.gid === undefined || params.gid === found.gid) return []
  return [{ property: 'gid', from: String(found.gid), to: String(params.gid) }]
}

async function apply(
  { passwd }: Host,
  { title, params }: Wanted<GroupParams>,
  { found }: GroupState,
): Promise<void> {
  if (params.ensure === 'absent') return await passwd.removeGroup(title)
  if (found === undefined)
    return await passwd.addGroup(title, { gid: params.gid, system: params.system ?? false })
  await passwd.changeGroup(title, { gid: params.gid })
}

export const group = {
  name: 'group',
  read,
  diff,
  apply,
  watch: () => ['/etc/group'],
} satisfies ResourceType<GroupParams, GroupState>
