/** systemd units. One `systemctl show` reads them all. Refreshes go to units that run, and never twice in a run. */
import { RekindleError } from '../../schemas/errors.ts'
import type { Change, ServiceParams } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { Host } from '../host/host.ts'
import { isRunning, isStopped, isUnitName, type Unit, unitNameOf } from '../host/unit.ts'
import type { Instance, ResourceType, Step, Wanted } from './resource-type.ts'

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

function apply(
  host: Host,
  wanted: Wanted<ServiceParams>,
  unit: Unit,
  changes: readonly Change[],
): Promise<void> {
  return applyMany(host, [{ wanted, actual: unit, changes }])
}

type ServiceStep = Step<ServiceParams, Unit>

/** One systemctl for all that are to be started, one for all that are to be enabled, and so on. */
async function applyMany({ systemd }: Host, steps: readonly ServiceStep[]): Promise<void> {
  const lost = steps.find((step) => step.actual.load === 'not-found' && (isToStart(step) || isToEnable(step)))
  if (lost !== undefined) throw noSuchUnit(lost.wanted, lost.actual)
  const units = (test: (step: ServiceStep) => boolean) => steps.filter(test).map(({ actual }) => actual)
  // One after the other, and only those with something to do: each is a process.
  const acts: readonly (readonly [act: (...units: readonly Unit[]) => Promise<void>, on: readonly Unit[]])[] =
    [
      [systemd.unmask, units(isToUnmask)],
      [systemd.start, units(isToStart)],
      [systemd.stop, units((step) => differs(step, 'ensure') && step.wanted.params.ensure === 'stopped')],
      [systemd.enable, units(isToEnable)],
      [systemd.disable, units(isToDisable)],
      [
        systemd.mask,
        units(
          (step) => step.wanted.params.enable === 'mask' && (isToUnmask(step) || differs(step, 'enable')),
        ),
      ],
    ]
  for (const [act, on] of acts) if (on.length > 0) await act(...on)
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

function isToDisable(step: ServiceStep): boolean {
  return (
    differs(step, 'enable') && step.wanted.params.enable !== true && step.actual.file.startsWith('enabled')
  )
}

/** A start unmasks too. */
function isToUnmask(step: ServiceStep): boolean {
  return step.actual.file.startsWith('masked') && (isToStart(step) || isToEnable(step))
}

/** A unit that did not run before this run has read what changed as it started; one that does not run now stays so. */
async function refresh({ systemd }: Host, { params }: Wanted<ServiceParams>, before: Unit): Promise<void> {
  if (!isRunning(before)) return
  const now = (await systemd.read([before.id])).get(before.id)
  if (now === undefined || !isRunning(now)) return
  await (params.onRefresh === 'reload' ? systemd.reload(now) : systemd.restart(now))
}

/** Services of the host. What another unit or a generator pulls in has nothing to enable, and says nothing of it. */
async function inspect({ systemd }: Host, title: string | undefined): Promise<readonly Instance[]> {
  const names = title === undefined ? await systemd.listServices() : [unitNameOf(title)]
  const units = await systemd.read(names)
  return names.flatMap((name) => {
    const unit = units.get(name)
    // An alias leads to a unit that is listed by its own name.
    if (unit === undefined || unit.load === 'not-found' || (title === undefined && unit.id !== name))
      return []
    const enable = { enabled: true, disabled: false, masked: 'mask' }[unit.file]
    const params = {
      ensure: isRunning(unit) ? 'running' : 'stopped',
      ...(enable === undefined ? {} : { enable }),
    }
    return [{ title: name.replace(/\.service$/, ''), params }]
  })
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

export const service = {
  name: 'service',
  read,
  diff,
  apply,
  applyMany,
  refresh,
  inspect,
  watch,
} satisfies ResourceType<ServiceParams, Unit>
