/** Names in /etc/hosts: one line for a canonical name and a family of addresses. */
import type { Change, HostEntryParams } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { Host } from '../host/host.ts'
import { ofTitle } from './instance.ts'
import { type HostsEntry, isIpv6, isSameName, parseHosts, setHostsEntry } from './piece/hosts-entry.ts'
import type { Instance, ResourceType, Wanted } from './resource-type.ts'
import { readEach, readTextFile, type TextFile, withTextDiff, writeTextFile } from './text-file.ts'

type WantedEntry = Wanted<HostEntryParams>

const defaultTarget = '/etc/hosts'

function read(host: Host, wanted: readonly WantedEntry[]): Map<ResourceId, TextFile | Error> {
  return readEach(wanted, (one) => readTextFile(host, targetOf(one)))
}

function diff(wanted: WantedEntry, { text = '' }: TextFile): readonly Change[] {
  const { ensure, ip = '', aliases, comment } = wanted.params
  const [entry, ...extra] = parseHosts(text).filter((one) => isOwn(wanted, one))
  if (ensure === 'absent')
    return entry === undefined ? [] : [{ property: 'ensure', from: 'present', to: 'absent' }]
  if (entry === undefined) return [{ property: 'ensure', from: 'absent', to: 'present' }]
  return [
    ...difference('ip', entry.ip, ip),
    ...(aliases === undefined ? [] : difference('aliases', entry.aliases.join(' '), aliases.join(' '))),
    ...(comment === undefined ? [] : difference('comment', entry.comment, comment)),
    ...difference('lines', String(extra.length + 1), '1'),
  ]
}

function difference(property: string, from: string, to: string): readonly Change[] {
  return from === to ? [] : [{ property, from, to }]
}

/** Reads again: another entry of the same file may have been written since. */
async function apply(host: Host, wanted: WantedEntry): Promise<void> {
  const file = readTextFile(host, targetOf(wanted))
  const text = textFor(wanted, file)
  if (text !== (file.text ?? '')) await writeTextFile(host, file, text)
}

async function explain(
  _: Host,
  wanted: WantedEntry,
  file: TextFile,
  [first, ...rest]: readonly Change[],
): Promise<readonly Change[]> {
  if (first === undefined) return rest
  const shown = withTextDiff([first], file, { property: first.property, wanted: textFor(wanted, file) })
  return [...shown, ...rest]
}

function textFor(wanted: WantedEntry, { text = '' }: TextFile): string {
  const { ensure, ip = '', aliases, comment } = wanted.params
  const entry = ensure === 'absent' ? undefined : { ip, name: nameOf(wanted), aliases, comment }
  return setHostsEntry(text, (found) => isOwn(wanted, found), entry)
}

/** localhost has a line for each family. */
function isOwn(wanted: WantedEntry, found: HostsEntry): boolean {
  const { ensure, ip } = wanted.params
  if (!isSameName(found.name, nameOf(wanted))) return false
  if (ip === undefined) return true
  return ensure === 'absent' ? found.ip === ip : isIpv6(found.ip) === isIpv6(ip)
}

function nameOf({ title, params }: WantedEntry): string {
  return params.name ?? title
}

function targetOf({ params }: WantedEntry): string {
  return params.target ?? defaultTarget
}

/** Of /etc/hosts. A name that has several lines is listed once for each, the later ones with their address. */
async function inspect(host: Host, title: string | undefined): Promise<readonly Instance[]> {
  const entries = parseHosts(readTextFile(host, defaultTarget).text ?? '')
  const seen = new Set<string>()
  const instances = entries.map((entry): Instance => {
    const isFirst = !seen.has(entry.name)
    seen.add(entry.name)
    return instanceOf(entry, isFirst)
  })
  return ofTitle(instances, title)
}

function instanceOf({ ip, name, aliases, comment }: HostsEntry, isFirst: boolean): Instance {
  const isLocal = ip.startsWith('127.') || /^(::1|fe00::|ff0[0-9a-f]::)/i.test(ip)
  return {
    title: isFirst ? name : `${name} ${ip}`,
    params: {
      ...(isFirst ? {} : { name }),
      ip,
      ...(aliases.length === 0 ? {} : { aliases }),
      ...(comment === '' ? {} : { comment }),
    },
    ...(isLocal ? { protectedBy: 'a name of the host itself' } : {}),
  }
}

export const hostEntry = {
  name: 'host_entry',
  read,
  diff,
  apply,
  explain,
  inspect,
  watch: (wanted) => [targetOf(wanted)],
} satisfies ResourceType<HostEntryParams, TextFile>
