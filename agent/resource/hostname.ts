/** The host's name: in /etc/hostname for the next boot, in the kernel for now, and in /etc/hosts so that it resolves. */
import type { Change, HostnameParams } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { Host } from '../host/host.ts'
import { setOwnName } from '../host/hosts-file.ts'
import type { Instance, ResourceType, Wanted } from './resource-type.ts'
import { runTool } from './run-tool.ts'
import { readEach, readTextFile, type TextFile, withTextDiff, writeTextFile } from './text-file.ts'

export interface HostnameState {
  /** What /etc/hostname says; undefined when it says nothing. */
  readonly boot: string | undefined
  readonly live: string
  readonly hosts: TextFile
}

type WantedHostname = Wanted<HostnameParams>

const hostnamePath = '/etc/hostname'
const hostsPath = '/etc/hosts'

function read(host: Host, wanted: readonly WantedHostname[]): Map<ResourceId, HostnameState | Error> {
  return readEach(wanted, () => ({
    boot: parseHostname(readTextFile(host, hostnamePath).text ?? ''),
    live: readLive(host),
    hosts: readTextFile(host, hostsPath),
  }))
}

function readLive({ kernel }: Host): string {
  return kernel.read('/proc/sys/kernel/hostname')?.trim() ?? ''
}

/** hostname(5): the first line that is no comment. */
export function parseHostname(text: string): string | undefined {
  return text
    .split('\n')
    .map((line) => line.trim())
    .find((line) => line !== '' && !line.startsWith('#'))
}

function diff(wanted: WantedHostname, state: HostnameState): readonly Change[] {
  const to = wanted.title
  const { boot = 'absent', live, hosts } = state
  return [
    ...(boot === to ? [] : [{ property: 'boot', from: boot, to }]),
    ...(live === to ? [] : [{ property: 'live', from: live, to }]),
    ...(hostsText(wanted, state) === (hosts.text ?? '')
      ? []
      : [{ property: 'hosts', from: 'another name for 127.0.1.1', to }]),
  ]
}

function explain(
  _host: Host,
  wanted: WantedHostname,
  state: HostnameState,
  changes: readonly Change[],
): Promise<readonly Change[]> {
  return Promise.resolve(
    withTextDiff(changes, state.hosts, { property: 'hosts', wanted: hostsText(wanted, state) }),
  )
}

function hostsText({ title, params }: WantedHostname, { boot, live, hosts }: HostnameState): string {
  const text = hosts.text ?? ''
  if (params.hosts === false) return text
  return setOwnName(text, { name: title, domain: params.domain, old: boot ?? live })
}

/** /etc/hosts first: sudo and others look the new name up at once. And the old name is known as long as it is needed. */
async function apply(
  host: Host,
  wanted: WantedHostname,
  state: HostnameState,
  changes: readonly Change[],
): Promise<void> {
  const { id, title, where } = wanted
  const differs = new Set(changes.map(({ property }) => property))
  if (differs.has('hosts')) await writeTextFile(host, state.hosts, hostsText(wanted, state))
  if (differs.has('boot')) await writeTextFile(host, readTextFile(host, hostnamePath), `${title}\n`)
  if (!differs.has('live')) return
  await runTool(host, ['hostname', '--', title], {
    doing: `Cannot set the kernel's name of this host`,
    wanted: { id, where },
    package: 'hostname',
    kept: `the name "${state.live}" until the next boot`,
    explain: () => 'In a container without a name of its own the machine below has to set it',
  })
}

async function inspect(host: Host, title: string | undefined): Promise<readonly Instance[]> {
  const name = readLive(host)
  if (title !== undefined && title !== name) return []
  const text = readTextFile(host, hostsPath).text ?? ''
  const isInHosts = setOwnName(text, { name, domain: undefined, old: name }) === text
  return [{ title: name, params: isInHosts ? {} : { hosts: false } }]
}

export const hostname = {
  name: 'hostname',
  read,
  diff,
  apply,
  inspect,
  explain,
  watch: () => [hostnamePath, hostsPath],
} satisfies ResourceType<HostnameParams, HostnameState>
