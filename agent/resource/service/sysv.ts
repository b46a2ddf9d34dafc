/** System V: a script in /etc/init.d that says itself whether its service runs, and links that start it at boot. */
import { RekindleError, toError } from '../../../schemas/errors.ts'
import type { ResourceId } from '../../../schemas/resource-id.ts'
import type { ExecResult } from '../../host/exec.ts'
import type { FileReader } from '../../host/file-reader.ts'
import type { Host } from '../../host/host.ts'
import { hasLinks, isStartedAtBoot, parseStatusCode } from '../../host/sysv.ts'
import { cannotApply } from '../cannot-apply.ts'
import { runTool } from '../run-tool.ts'
import { type CommandName, commandFailed } from './command.ts'
import {
  type InitSystem,
  type Job,
  type ServiceState,
  timeoutMsOf,
  type WantedService,
} from './init-system.ts'

const folder = '/etc/init.d'
/** What is there, and no service. */
const noServices = new Set([
  'README',
  'functions',
  'rc',
  'rcS',
  'skeleton',
  'halt',
  'reboot',
  'single',
  'killall',
])
/** Debian's lsb-base would have systemctl do it, where systemd runs; the second name is that of old releases. */
const env = { SYSTEMCTL_SKIP_REDIRECT: '1', _SYSTEMCTL_SKIP_REDIRECT: '1' }

export const sysv: InitSystem = {
  async read(host, wanted) {
    const found = new Map<ResourceId, ServiceState | Error>()
    for (const one of wanted) found.set(one.id, await readOne(host, one).catch(toError))
    return found
  },
  start: (host, jobs) => each(jobs, (job) => runScript(host, job, 'start')),
  stop: (host, jobs) => each(jobs, (job) => runScript(host, job, 'stop')),
  restart: (host, jobs) => each(jobs, (job) => runScript(host, job, 'restart')),
  reload: (host, jobs) => each(jobs, (job) => runScript(host, job, 'reload')),
  // LSB has "force-reload" for it: a reload where the script can, a restart where not.
  reloadOrRestart: (host, jobs) => each(jobs, (job) => runScript(host, job, 'reload', 'force-reload')),
  enable: (host, jobs) => each(jobs, (job) => setBoot(host, job, true)),
  disable: (host, jobs) => each(jobs, (job) => setBoot(host, job, false)),
  mask: (_, jobs) => each(jobs, (job) => unmaskable(job)),
  unmask: async () => {},
  list: async ({ files }) =>
    files
      .list(folder)
      .filter((name) => !noServices.has(name) && !name.includes('.dpkg-') && isScript(files, name)),
}

async function readOne(host: Host, wanted: WantedService): Promise<ServiceState> {
  const { title } = wanted
  const exists = isScript(host.files, title)
  const isEnabled = isStartedAtBoot(host.files, title)
  // The author's own status is asked in its place.
  const asks = exists && wanted.params.status === undefined && wanted.params.ensure !== undefined
  const active = asks ? await statusOf(host, wanted) : exists ? 'stopped' : 'absent'
  return {
    provider: 'sysv',
    name: title,
    exists,
    active,
    runs: active === 'running',
    rests: active !== 'running',
    boot: isEnabled ? 'enabled' : 'disabled',
    fulfils: [isEnabled],
    isEnabled,
    isMasked: false,
  }
}

/** A script that does not know "status" is no stopped service: its author has to say how to tell. */
async function statusOf(host: Host, wanted: WantedService): Promise<string> {
  const { code, signal, timedOut, stdout, stderr } = await call(host, wanted, 'status')
  const isUsage = /\busage:/i.test(stdout + stderr)
  const status = isUsage || timedOut ? undefined : parseStatusCode(code)
  if (status !== undefined) return status
  const ending = timedOut
    ? `does not end within ${timeoutMsOf([{ wanted }]) / 1000} seconds`
    : `ends with ${code ?? signal}, which says neither that it runs nor that it does not`
  throw new RekindleError({
    code: 'resource-unreadable',
    message: `Cannot read ${wanted.id}: ${folder}/${wanted.title} status ${ending}`,
    where: wanted.where,
    hint: 'Give a "status" command that exits 0 when it runs',
  })
}

async function runScript(host: Host, { wanted }: Job, name: CommandName, verb: string = name): Promise<void> {
  const result = await call(host, wanted, verb)
  if (result.code !== 0) throw commandFailed(wanted, { name, result })
}

function call(host: Host, wanted: WantedService, verb: string): Promise<ExecResult> {
  return host.exec.run([`${folder}/${wanted.title}`, verb], { env, timeoutMs: timeoutMsOf([{ wanted }]) })
}

/** Debian's tool, or Red Hat's. Both read the levels from the script's header. */
async function setBoot(host: Host, { wanted, state: { name } }: Job, enable: boolean): Promise<void> {
  const doing = enable ? 'it is enabled' : 'it is disabled'
  const run = (argv: readonly string[]) =>
    runTool(host, argv, { doing, wanted, package: 'init-system-helpers' })
  if (host.files.exists('/usr/sbin/update-rc.d')) {
    // "enable" turns links round, and "defaults" makes them where there are none.
    if (!hasLinks(host.files, name))
      await run(['update-rc.d', name, enable ? 'defaults' : 'defaults-disabled'])
    await run(['update-rc.d', name, enable ? 'enable' : 'disable'])
  } else if (host.files.exists('/sbin/chkconfig')) {
    await run(['chkconfig', name, enable ? 'on' : 'off'])
  } else {
    throw cannotApply(wanted, `${doing}: there is neither update-rc.d nor chkconfig`, {
      hint: 'Declare the package "init-system-helpers" (Debian) or "chkconfig" before it',
    })
  }
}

/** A name that is more than a name is no script. */
function isScript(files: Pick<FileReader, 'stat' | 'realPath'>, name: string): boolean {
  if (name.includes('/')) return false
  const stat = files.stat(files.realPath(`${folder}/${name}`))
  return stat?.kind === 'file' && (stat.mode & 0o111) !== 0
}

async function each(jobs: readonly Job[], act: (job: Job) => Promise<void>): Promise<void> {
  for (const job of jobs) await act(job)
}

async function unmaskable({ wanted }: Job): Promise<void> {
  throw cannotApply(wanted, 'System V init knows no mask', { hint: 'Use enable: false' })
}
