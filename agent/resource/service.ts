/**
 * Services of whatever runs as init. Its parts: service/{init-system,diff,command,systemd,openrc,sysv}.ts.
 *
 * Refreshes go to services that run, and never to one that this run has started. What is marked as failed is stopped:
 * nothing of it runs. The mark is left where it is, for it tells people of a failure that no run repairs; to count it as a
 * difference would rebuild hosts over a service that nobody wants to run.
 */
import { RekindleError, toError } from '../../schemas/errors.ts'
import type { Change, ServiceParams } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { Host } from '../host/host.ts'
import { unitNameOf } from '../host/unit.ts'
import { cannotApply } from './cannot-apply.ts'
import type { Instance, Reading, ResourceType } from './resource-type.ts'
import { type CommandName, runCommand, withStatus } from './service/command.ts'
import { type Act, acts, diff, needsService } from './service/diff.ts'
import {
  type InitSystem,
  type Job,
  type Provider,
  runningProvider,
  type ServiceState,
  type ServiceStep,
  type WantedService,
} from './service/init-system.ts'
import { openrc } from './service/openrc.ts'
import { systemd } from './service/systemd.ts'
import { sysv } from './service/sysv.ts'

const initSystems: Readonly<Record<Provider, InitSystem>> = { systemd, openrc, sysv }

async function read(host: Host, wanted: readonly WantedService[]): Promise<Reading<ServiceState>> {
  const running = runningProvider(host)
  const found = new Map<ResourceId, ServiceState | Error>()
  const groups = Map.groupBy(wanted, ({ params }) => params.provider ?? running)
  for (const [provider, group] of groups) {
    if (provider === undefined) for (const one of group) found.set(one.id, noInit(one))
    else for (const [id, state] of await readGroup(host, provider, group)) found.set(id, state)
  }
  return found
}

async function readGroup(
  host: Host,
  provider: Provider,
  group: readonly WantedService[],
): Promise<Reading<ServiceState>> {
  const found = new Map<ResourceId, ServiceState | Error>()
  const reading = await initSystems[provider].read(host, group).catch(toError)
  for (const one of group) {
    const state = reading instanceof Error ? reading : (reading.get(one.id) ?? noInit(one))
    found.set(one.id, state instanceof Error ? state : await withStatus(host, one, state).catch(toError))
  }
  return found
}

function apply(
  host: Host,
  wanted: WantedService,
  actual: ServiceState,
  changes: readonly Change[],
): Promise<void> {
  return applyMany(host, [{ wanted, actual, changes }])
}

/** One call for all that are to be started, one for all that are to be enabled, and so on. */
async function applyMany(host: Host, steps: readonly ServiceStep[]): Promise<void> {
  const lost = steps.find((step) => !step.actual.exists && needsService(step))
  if (lost !== undefined) throw noSuchService(lost)
  for (const [act, isDue] of acts) {
    const due = steps.filter(isDue).map(({ wanted, actual }) => ({ wanted, state: actual }))
    for (const [provider, jobs] of Map.groupBy(due, ({ state }) => state.provider))
      await perform(host, { act, jobs, init: initSystems[provider] })
  }
}

/** Those with a command of the author's own by that, one by one; the others together. */
async function perform(
  host: Host,
  { act, jobs, init }: { readonly act: Act; readonly jobs: readonly Job[]; readonly init: InitSystem },
): Promise<void> {
  const isOwn = ({ wanted }: Job) => (act === 'start' || act === 'stop') && wanted.params[act] !== undefined
  const others = jobs.filter((job) => !isOwn(job))
  if (others.length > 0) await init[act](host, others)
  for (const { wanted } of jobs.filter(isOwn)) await runOwn(host, wanted, act === 'start' ? 'start' : 'stop')
}

/** False where the author gave no such command. */
async function runOwn(host: Host, wanted: WantedService, name: CommandName): Promise<boolean> {
  const command = wanted.params[name]
  if (command === undefined) return false
  await runCommand(host, wanted, { name, command })
  return true
}

/** What did not run before this run has read what changed as it started; what does not run now stays so. */
async function refresh(host: Host, wanted: WantedService, before: ServiceState): Promise<void> {
  const { ensure } = wanted.params
  if (ensure !== undefined && !before.runs) return
  // Where that is not managed, this run has started nothing, and a script has not been asked yet.
  const asked: WantedService = { ...wanted, params: { ...wanted.params, ensure: ensure ?? 'running' } }
  const state = (await read(host, [asked])).get(wanted.id)
  if (state instanceof Error) throw state
  if (state === undefined || !state.runs) return
  const job = { wanted, state }
  switch (wanted.params.onRefresh) {
    case 'reload':
      return reload(host, job)
    case 'try-reload-or-restart':
      return wanted.params.reload !== undefined || wanted.params.restart === undefined
        ? reloadOrRestart(host, job)
        : restart(host, job)
    default:
      return restart(host, job)
  }
}

async function reload(host: Host, job: Job): Promise<void> {
  if (!(await runOwn(host, job.wanted, 'reload'))) await initSystems[job.state.provider].reload(host, [job])
}

async function reloadOrRestart(host: Host, job: Job): Promise<void> {
  if (await runOwn(host, job.wanted, 'reload')) return
  if (job.wanted.params.start !== undefined || job.wanted.params.stop !== undefined) return restart(host, job)
  await initSystems[job.state.provider].reloadOrRestart(host, [job])
}

/** Where the author starts or stops it in a way of their own, the init system's restart would not do the same. */
async function restart(host: Host, job: Job): Promise<void> {
  const init = initSystems[job.state.provider]
  const { restart: own, start, stop } = job.wanted.params
  if (own !== undefined) {
    await runOwn(host, job.wanted, 'restart')
  } else if (start === undefined && stop === undefined) {
    await init.restart(host, [job])
  } else {
    await perform(host, { act: 'stop', jobs: [job], init })
    await perform(host, { act: 'start', jobs: [job], init })
  }
}

/** Services of the host. What another unit or a generator pulls in has nothing to enable, and says nothing of it. */
async function inspect(host: Host, title: string | undefined): Promise<readonly Instance[]> {
  const provider = runningProvider(host)
  if (provider === undefined) return []
  const titles = title === undefined ? await initSystems[provider].list(host) : [title]
  // With `ensure` asked for, a script tells whether its service runs.
  const wanted = titles.map(
    (one): WantedService => ({
      id: `service:${one}`,
      title: one,
      params: { ensure: 'running' },
      where: 'inspect',
    }),
  )
  const reading = await read(host, wanted)
  return wanted.flatMap(({ id, title: name }) => {
    const state = reading.get(id)
    return state === undefined || state instanceof Error || !state.exists ? [] : [instanceOf(name, state)]
  })
}

function instanceOf(title: string, { runs, boot, isEnabled, isMasked, fulfils }: ServiceState): Instance {
  const enable = isMasked ? 'mask' : isEnabled ? true : fulfils.includes(true) ? undefined : false
  const isOurs = boot !== 'absent' && boot !== 'enabled-runtime' && boot !== 'masked-runtime'
  return {
    title: title.replace(/\.service$/, ''),
    params: {
      ensure: runs ? 'running' : 'stopped',
      ...(enable === undefined || !isOurs ? {} : { enable }),
    },
  }
}

function noSuchService({ wanted, actual: { provider, name } }: ServiceStep): RekindleError {
  const [reason, hint] = (
    {
      systemd: [`systemd knows no unit "${name}"`, 'Declare the package or the unit file that brings it'],
      openrc: [`OpenRC knows no service "${name}"`, 'Declare the package or the script that brings it'],
      sysv: [
        `there is no program /etc/init.d/${name}`,
        'Declare the package or the script that brings it, with mode 0755',
      ],
    } as const
  )[provider]
  return cannotApply(wanted, reason, { kept: 'everything: nothing was done', hint })
}

function noInit({ id, where }: WantedService): RekindleError {
  return new RekindleError({
    code: 'resource-unreadable',
    message: `Cannot read ${id}: no init system is here: neither /run/systemd/system nor /run/openrc nor /etc/init.d`,
    where,
    hint: 'Give a "provider" where one comes later',
  })
}

/** The links that are there while it runs, that enable it and that mask it. A script's own state leaves no such trace. */
function watch({ title, params }: WantedService): readonly string[] {
  const { provider = 'systemd', runlevel = 'default' } = params
  switch (provider) {
    case 'systemd':
      return unitPaths(unitNameOf(title))
    case 'openrc':
      return [`/run/openrc/started/${title}`, `/etc/runlevels/${runlevel}/${title}`]
    case 'sysv':
      return [`/etc/init.d/${title}`, '/etc/rc2.d/']
  }
}

function unitPaths(unit: string): readonly string[] {
  const suffix = unit.slice(unit.lastIndexOf('.') + 1)
  const wants = { service: 'multi-user', socket: 'sockets', timer: 'timers' }[suffix] ?? 'multi-user'
  return [
    `/run/systemd/units/invocation:${unit}`,
    `/etc/systemd/system/${wants}.target.wants/${unit}`,
    `/etc/systemd/system/${unit}`,
  ]
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
} satisfies ResourceType<ServiceParams, ServiceState>
