/** systemd: one systemctl for all that one thing is to be done to. */
import { RekindleError } from '../../../schemas/errors.ts'
import type { ResourceId } from '../../../schemas/resource-id.ts'
import type { FileReader } from '../../host/file-reader.ts'
import { isStartedAtBoot } from '../../host/sysv.ts'
import { isRunning, isStopped, isUnitName, type Unit, unitNameOf } from '../../host/unit.ts'
import {
  type InitSystem,
  type Job,
  type ServiceState,
  timeoutMsOf,
  type WantedService,
} from './init-system.ts'

export const systemd: InitSystem = {
  async read({ systemd, files }, wanted) {
    const names = wanted.map(({ title }) => unitNameOf(title)).filter(isUnitName)
    const units = await systemd.read([...new Set(names)])
    const found = new Map<ResourceId, ServiceState | Error>()
    for (const one of wanted) {
      const unit = units.get(unitNameOf(one.title))
      found.set(one.id, unit === undefined ? unreadable(one) : stateOf(unit, files))
    }
    return found
  },
  async start({ systemd }, jobs) {
    const units = unitsOf(jobs)
    // One that waits for its next restart would start by that, and be taken for one that ended at once.
    const stuck = units.filter((unit) => isHollow(unit) || unit.sub === 'auto-restart')
    if (stuck.length > 0) await systemd.stop(stuck, limitOf(jobs))
    await systemd.start(units, limitOf(jobs))
  },
  stop: ({ systemd }, jobs) => systemd.stop(unitsOf(jobs), limitOf(jobs)),
  restart: ({ systemd }, jobs) => systemd.restart(unitsOf(jobs), limitOf(jobs)),
  reload: ({ systemd }, jobs) => systemd.reload(unitsOf(jobs), limitOf(jobs)),
  reloadOrRestart: ({ systemd }, jobs) => systemd.reloadOrRestart(unitsOf(jobs), limitOf(jobs)),
  enable: ({ systemd }, jobs) => systemd.enable(unitsOf(jobs)),
  disable: ({ systemd }, jobs) => systemd.disable(unitsOf(jobs)),
  mask: ({ systemd }, jobs) => systemd.mask(unitsOf(jobs)),
  unmask: ({ systemd }, jobs) => systemd.unmask(unitsOf(jobs)),
  async list({ systemd }) {
    const names = await systemd.listServices()
    const units = await systemd.read(names)
    // An alias leads to a unit that is listed by its own name.
    return names.filter((name) => units.get(name)?.id === name).map((name) => name.replace(/\.service$/, ''))
  },
}

/** Up for systemd and down by the author's own status, as a script whose daemon died: a start alone would do nothing. */
function isHollow(unit: Unit): boolean {
  return isRunning(unit) && unit.active !== 'activating'
}

/** @param files where the links of an init script stand, which systemd's own word for it does not tell */
export function stateOf(unit: Unit, files: Pick<FileReader, 'list'>): ServiceState {
  const { id, load, file } = unit
  const boot = bootOf(unit, files)
  return {
    provider: 'systemd',
    name: id,
    exists: load !== 'not-found',
    active: renderActive(unit),
    runs: isRunning(unit),
    rests: isStopped(unit),
    boot: boot === '' ? 'absent' : boot,
    fulfils: [
      ...(startsAtBoot.has(boot) && load !== 'masked' ? [true as const] : []),
      ...(boot === 'enabled' || boot === 'enabled-runtime' ? [] : [false as const]),
      ...(file === 'masked' ? ['mask' as const] : []),
    ],
    isEnabled: boot === 'enabled' || boot === 'enabled-runtime',
    isMasked: file.startsWith('masked'),
    unit,
  }
}

/** Besides those that are enabled, others have nothing to enable: another unit, a generator or an alias pulls them in. */
const startsAtBoot = new Set(['enabled', 'static', 'indirect', 'generated', 'alias', 'transient'])

/** A script in /etc/init.d is "generated" whether it starts at boot or not: its links tell, and systemctl changes them. */
function bootOf({ file, source }: Unit, files: Pick<FileReader, 'list'>): string {
  const script = /^\/etc\/(?:rc\.d\/)?init\.d\/([^/]+)$/.exec(source)?.[1]
  if (file !== 'generated' || script === undefined) return file
  return isStartedAtBoot(files, script) ? 'enabled' : 'disabled'
}

function renderActive(unit: Unit): string {
  if (isRunning(unit)) return 'running'
  if (unit.load === 'not-found' && unit.active === 'inactive') return 'absent'
  if (unit.active === 'inactive') return 'stopped'
  return unit.active === 'failed' ? 'failed' : unit.sub
}

function unitsOf(jobs: readonly Job[]): readonly Unit[] {
  const units = jobs.flatMap(({ state: { unit } }) => (unit === undefined ? [] : [unit]))
  // Two titles may be one unit, by an alias.
  return [...new Map(units.map((unit) => [unit.id, unit])).values()]
}

function limitOf(jobs: readonly Job[]): { readonly timeoutMs: number } {
  return { timeoutMs: timeoutMsOf(jobs) }
}

function unreadable({ id, title, where }: WantedService): RekindleError {
  const name = unitNameOf(title)
  const reason = isUnitName(name)
    ? `systemctl says nothing about "${name}"`
    : `"${name}" is not the name of one unit`
  return new RekindleError({ code: 'resource-unreadable', message: `Cannot read ${id}: ${reason}`, where })
}
