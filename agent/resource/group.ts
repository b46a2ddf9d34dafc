/** Local groups. */
import type { Change, GroupParams } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { Group } from '../host/account.ts'
import type { Host } from '../host/host.ts'
import { refuseTakenId, sharedIds } from './account/taken-id.ts'
import type { Instance, ResourceType, Wanted } from './resource-type.ts'

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
  const changes: Change[] = []
  if (params.gid !== undefined && params.gid !== found.gid)
    changes.push({ property: 'gid', from: String(found.gid), to: String(params.gid) })
  const from = found.members.toSorted().join(',')
  const to = membersWanted(params, found.members)?.join(',')
  if (to !== undefined && to !== from) changes.push({ property: 'members', from, to })
  return changes
}

/** Undefined where they are not managed. */
function membersWanted(
  { members, membership }: GroupParams,
  actual: readonly string[],
): readonly string[] | undefined {
  if (members === undefined) return undefined
  return [...new Set([...(membership === 'inclusive' ? [] : actual), ...members])].sort()
}

async function apply({ passwd }: Host, wanted: Wanted<GroupParams>, { found }: GroupState): Promise<void> {
  const { title, params } = wanted
  if (params.ensure === 'absent') return await passwd.removeGroup(title)
  const { gid, allowDuplicateId, system = false } = params
  const ids = new Map(
    passwd
      .read()
      .groups.values()
      .map((one) => [one.name, one.gid]),
  )
  refuseTakenId(wanted, { property: 'gid', wanted: gid, actual: found?.gid, ids })
  if (found === undefined) await passwd.addGroup(title, { gid, allowDuplicateId, system })
  else if (gid !== undefined && gid !== found.gid) await passwd.changeGroup(title, { gid, allowDuplicateId })
  const members = membersWanted(params, found?.members ?? [])
  if (members !== undefined && members.join() !== found?.members.toSorted().join())
    await passwd.setMembers(title, members)
}

async function inspect({ passwd }: Host, title: string | undefined): Promise<readonly Instance[]> {
  const all = [...passwd.read().groups.values()]
  const shared = sharedIds(all.map(({ gid }) => gid))
  const groups = all.filter(({ name }) => title === undefined || name === title)
  return groups.map(({ name, gid, members }) => ({
    title: name,
    params: {
      gid,
      ...(shared.has(gid) ? { allowDuplicateId: true } : {}),
      ...(members.length === 0 ? {} : { members: [...members] }),
    },
  }))
}

export const group = {
  name: 'group',
  read,
  diff,
  apply,
  inspect,
  watch: () => ['/etc/group'],
} satisfies ResourceType<GroupParams, GroupState>
