/** systemd units. One `systemctl show` reads them all. Refreshes go to units that run, and never twice in a run. */
import { RekindleError } from '../../schemas/errors.ts'
import type { Change, ServiceParams } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { Host } from '../host/host.ts'
import { isRunning, isStopped, isUnitName, type Unit, unitNameOf } from '../host/unit.ts'
import type { ResourceType, Wanted } from './resource-type.ts'

async function read(
  host: Host,
  wanted: readonly Wanted<ServiceParams>[],
): Promise<Map<ResourceId, Unit | Error>> {
  const names = wanted.map(({ title }) => unitNameOf(title)).filter(isUnitName)
  const units = await host.systemd.read([...new Set(names)])
  return new Map(wanted.map((one) => [one.id, units.get(unitNameOf(one.title)) ?? unreadable(one)]))
}

function diff({ params: { ensure, enable } }: Wanted<ServiceParams>, unit: Unit): readonly Change[] {
  const changes: Change[] = []
  if (ensure !== undefined && !isAsEnsured(unit, ensure)) {
    changes.push({ property: 'ensure', from: renderActive(unit), to: ensure })
  }
  if (enable !== undefined && !isAsEnabled(unit, enable)) {
    changes.push({
      property: 'enable',
      from: unit.file === '' ? 'absent' : unit.file,
      to: renderEnable(enable),
    })
  }
  return changes
}

async function apply(
  { systemd }: Host,
  wanted: Wanted<ServiceParams>,
  unit: Unit,
  changes: readonly Change[],
): Promise<void> {
  const { ensure, enable } = wanted.params
  const differs = new Set(changes.map(({ property }) => property))
  const isToStart = differs.has('ensure') && ensure === 'running'
  const isToEnable = differs.has('enable') && enable === true
  if (unit.load === 'not-found' && (isToStart || isToEnable)) throw noSuchUnit(wanted, unit)
  const isToUnmask = unit.file.startsWith('masked') && (isToStart || isToEnable)
  if (isToUnmask) await systemd.unmask(unit)
  if (isToStart) await systemd.start(unit)
  if (differs.has('ensure') && ensure === 'stopped') await systemd.stop(unit)
  if (isToEnable) await systemd.enable(unit)
  if (differs.has('enable') && enable !== true && unit.file.startsWith('enabled')) await systemd.disable(unit)
  if (enable === 'mask' && (isToUnmask || differs.has('enable'))) await systemd.mask(unit)
}

/** A unit that did not run before this run has read what changed as it started; one that does not run now stays so. */
async function refresh({ systemd }: Host, { params }: Wanted<ServiceParams>, before: Unit): Promise<void> {
  if (!isRunning(before)) return
  const now = (await systemd.read([before.id])).get(before.id)
  if (now === undefined || !isRunning(now)) return
  await (params.onRefresh === 'reload' ? systemd.reload(now) : systemd.restart(now))
}

function isAsEnsured(unit: Unit, ensure: 'running' | 'stopped'): boolean {
  return ensure === 'running' ? isRunning(unit) : isStopped(unit)
}

function isAsEnabled({ file, load }: Unit, enable: true | false | 'mask'): boolean {
  switch (enable) {
    // The others have nothing to enable: another unit, a generator or an alias pulls them in.
    case true:
      return (
        ['enabled', 'static', 'indirect', 'generated', 'alias', 'transient'].includes(file) &&
        load !== 'masked'
      )
    case false:
      return !['enabled', 'enabled-runtime'].includes(file)
    case 'mask':
      return file === 'masked'
  }
}

function renderActive(unit: Unit): string {
  if (isRunning(unit)) return 'running'
  if (unit.load === 'not-found') return 'absent'
  if (unit.active === 'inactive') return 'stopped'
  return unit.active === 'failed' ? 'failed' : unit.sub
}

function renderEnable(enable: true | false | 'mask'): string {
  if (enable === 'mask') return 'masked'
  return enable ? 'enabled' : 'disabled'
}

function noSuchUnit({ id, where }: Wanted<ServiceParams>, unit: Unit): RekindleError {
  return new RekindleError({
    code: 'apply-failed',
    message: `Cannot apply ${id}: systemd knows no unit "${unit.id}"`,
    where,
    hint: 'Declare the package or the unit file that brings it before this service, or correct the name',
  })
}

function unreadable({ id, title, where }: Wanted<ServiceParams>): RekindleError {
  const isName = isUnitName(unitNameOf(title))
  return new RekindleError({
    code: 'resource-unreadable',
    message: `Cannot read ${id}: ${isName ? 'systemd says nothing of it' : `"${title}" is not the name of one systemd unit`}`,
    where,
    ...(isName ? {} : { wanted: 'a name such as nginx, nginx.service or getty@tty1.service' }),
  })
}

/** systemd keeps a link for each unit that runs, and links for what is enabled or masked: each comes and goes with it. */
function watch({ title }: Wanted<ServiceParams>): readonly string[] {
  const unit = unitNameOf(title)
  const wants = wantsOf[unit.slice(unit.lastIndexOf('.') + 1)] ?? 'multi-user.target.wants'
  return [
    `/run/systemd/units/invocation:${unit}`,
    `/etc/systemd/system/${wants}/${unit}`,
    `/etc/systemd/system/${unit}`,
  ]
}

const wantsOf: Readonly<Record<string, string>> = {
  timer: 'timers.target.wants',
  socket: 'sockets.target.wants',
}

export const service = { name: 'service', read, diff, apply, refresh, watch } satisfies ResourceType<
  ServiceParams,
  Unit
>
