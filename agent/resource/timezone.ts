/** The host's time zone: the link /etc/localtime, which libc reads, and /etc/timezone, which Debian's tools read. */
import { resolve } from 'node:path/posix'
import type { RekindleError } from '../../schemas/errors.ts'
import type { Change, TimezoneParams } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { Host } from '../host/host.ts'
import { cannotApply } from './cannot-apply.ts'
import { nearestNames } from './nearest-name.ts'
import type { Instance, ResourceType, Wanted } from './resource-type.ts'
import { readEach, readTextFile, type TextFile, writeTextFile } from './text-file.ts'

export interface TimezoneState {
  /** The zone that /etc/localtime leads to; undefined when it leads to none, as a copy does. */
  readonly zone: string | undefined
  readonly file: TextFile
}

type WantedTimezone = Wanted<TimezoneParams>

const linkPath = '/etc/localtime'
const filePath = '/etc/timezone'
const zones = '/usr/share/zoneinfo'

function read(host: Host, wanted: readonly WantedTimezone[]): Map<ResourceId, TimezoneState | Error> {
  return readEach(wanted, () => ({ zone: readZone(host), file: readTextFile(host, filePath) }))
}

function readZone({ files }: Host): string | undefined {
  if (files.stat(linkPath)?.kind !== 'symlink') return undefined
  const target = resolve('/etc', files.readLink(linkPath))
  return target.startsWith(`${zones}/`) ? target.slice(zones.length + 1) : undefined
}

function diff({ title }: WantedTimezone, { zone, file }: TimezoneState): readonly Change[] {
  const written = file.text?.trim()
  return [
    ...(zone === title ? [] : [{ property: 'localtime', from: zone ?? 'none', to: title }]),
    ...(written === undefined || written === title
      ? []
      : [{ property: 'timezone', from: written, to: title }]),
  ]
}

async function apply(
  host: Host,
  wanted: WantedTimezone,
  state: TimezoneState,
  changes: readonly Change[],
): Promise<void> {
  const { title } = wanted
  if (host.files.stat(host.files.realPath(`${zones}/${title}`))?.kind !== 'file')
    throw unknownZone(host, wanted)
  const differs = new Set(changes.map(({ property }) => property))
  if (differs.has('localtime')) await host.write.putLink(linkPath, `${zones}/${title}`, { uid: 0, gid: 0 })
  if (differs.has('timezone')) await writeTextFile(host, state.file, `${title}\n`)
}

function unknownZone({ files }: Host, wanted: WantedTimezone): RekindleError {
  const known = listZones(files, '')
  const nearest = nearestNames(known, wanted.title)
  const reason = known.length === 0 ? `there is no "${zones}"` : `"${zones}" has no zone "${wanted.title}"`
  return cannotApply(wanted, reason, {
    kept: 'the time zone, as it is',
    hint:
      known.length === 0
        ? 'Declare the package "tzdata" before it'
        : nearest.length === 0
          ? 'Names stand in /usr/share/zoneinfo; older ones are in the package "tzdata-legacy" of newer releases'
          : `Did you mean ${nearest.map((name) => `"${name}"`).join(', ')}?`,
  })
}

/** Zones begin with a capital letter; the rest of the folder is tables, and copies for other rules of leap seconds. */
function listZones(files: Host['files'], below: string): readonly string[] {
  return files
    .list(`${zones}/${below}`)
    .filter((name) => /^[A-Z]/.test(name))
    .flatMap((name) => {
      const kind = files.stat(`${zones}/${below}${name}`)?.kind
      return kind === 'directory' ? listZones(files, `${below}${name}/`) : [`${below}${name}`]
    })
}

async function inspect(host: Host, title: string | undefined): Promise<readonly Instance[]> {
  const zone = readZone(host)
  return zone === undefined || (title !== undefined && title !== zone) ? [] : [{ title: zone, params: {} }]
}

export const timezone = {
  name: 'timezone',
  read,
  diff,
  apply,
  inspect,
  watch: () => [linkPath, filePath],
} satisfies ResourceType<TimezoneParams, TimezoneState>
