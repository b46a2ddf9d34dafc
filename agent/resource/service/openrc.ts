/** OpenRC, as on Alpine and Gentoo. Its tools take one service each; states and runlevels are read with one call for all. */
import { RekindleError } from '../../../schemas/errors.ts'
import type { ResourceId } from '../../../schemas/resource-id.ts'
import type { Host } from '../../host/host.ts'
import { parseRcStatus, parseRcUpdate, parseServiceCode } from '../../host/openrc.ts'
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

const scripts = ['/etc/init.d', '/usr/local/etc/init.d'] as const
const options = { env: { LC_ALL: 'C', EINFO_COLOR: 'NO' }, timeoutMs: 60_000 }

export const openrc: InitSystem = {
  async read(host, wanted) {
    const states = parseRcStatus(await ask(host, ['rc-status', '--nocolor', '--servicelist']))
    const levels = parseRcUpdate(await ask(host, ['rc-update', '--nocolor', 'show']))
    const found = new Map<ResourceId, ServiceState | Error>()
    for (const one of wanted) {
      const exists = scripts.some((folder) => host.files.exists(`${folder}/${one.title}`))
      // A script that OpenRC keeps no dependencies of, such as one without its shebang, is not in the list.
      const word = states.get(one.title) ?? (exists ? await askOne(host, one.title) : 'absent')
      found.set(one.id, stateOf(one, { word, exists, levels: levels.get(one.title) ?? [] }))
    }
    return found
  },
  start: (host, jobs) => each(jobs, (job) => start(host, job)),
  stop: (host, jobs) => each(jobs, (job) => serve(host, job, 'stop')),
  restart: (host, jobs) => each(jobs, (job) => serve(host, job, 'restart')),
  reload: (host, jobs) => each(jobs, (job) => serve(host, job, 'reload')),
  reloadOrRestart: (host, jobs) => each(jobs, (job) => reloadOrRestart(host, job)),
  enable: (host, jobs) =>
    each(jobs, (job) => update(host, job, ['add', job.state.name, levelOf(job.wanted)])),
  // Of all runlevels: one that it is in by hand would start it all the same.
  disable: (host, jobs) => each(jobs, (job) => update(host, job, ['--all', 'del', job.state.name])),
  mask: (_, jobs) => each(jobs, (job) => unmaskable(job)),
  unmask: async () => {},
  list: async (host) => lines(await ask(host, ['rc-service', '--list'])),
}

interface Found {
  readonly word: string
  readonly exists: boolean
  readonly levels: readonly string[]
}

export function stateOf(wanted: WantedService, { word, exists, levels }: Found): ServiceState {
  const active = { started: 'running', crashed: 'failed' }[word] ?? word
  return {
    provider: 'openrc',
    name: wanted.title,
    exists,
    active,
    // `inactive` waits for something, such as a network, and goes on by itself; unsupervised ones run without their watch.
    runs: ['started', 'starting', 'inactive', 'unsupervised'].includes(word),
    // What has crashed counts as started for OpenRC, and nothing of it runs.
    rests: ['stopped', 'failed', 'crashed', 'absent'].includes(word),
    boot: levels.length === 0 ? 'disabled' : levels.join(' '),
    fulfils: [
      ...(levels.includes(levelOf(wanted)) ? [true as const] : []),
      ...(levels.length === 0 ? [false as const] : []),
    ],
    isEnabled: levels.length > 0,
    isMasked: false,
  }
}

/** OpenRC takes what has crashed for started until it is told that it is not; an author's own status may know better. */
async function start(host: Host, job: Job): Promise<void> {
  if (job.state.active === 'failed' || job.wanted.params.status !== undefined)
    await host.exec.run(['rc-service', job.state.name, 'zap'], options)
  await serve(host, job, 'start')
}

async function reloadOrRestart(host: Host, job: Job): Promise<void> {
  const argv = ['rc-service', '--nocolor', job.state.name, 'reload']
  const { code } = await host.exec.run(argv, { ...options, timeoutMs: timeoutMsOf([job]) })
  if (code !== 0) await serve(host, job, 'restart')
}

async function serve(host: Host, { wanted, state }: Job, name: CommandName): Promise<void> {
  const argv = ['rc-service', '--nocolor', state.name, name]
  const result = await host.exec.run(argv, { ...options, timeoutMs: timeoutMsOf([{ wanted }]) })
  if (result.code !== 0) throw commandFailed(wanted, { name, result })
}

async function update(host: Host, { wanted }: Job, words: readonly string[]): Promise<void> {
  const doing = words.includes('add') ? 'it is added to its runlevel' : 'it is taken out of its runlevels'
  try {
    await runTool(host, ['rc-update', '--nocolor', ...words], {
      ...options,
      doing,
      wanted,
      package: 'openrc',
    })
  } catch (error) {
    // With --all it fails for each runlevel that the service is not in, even when it is out of the one it was in.
    const left = parseRcUpdate(await ask(host, ['rc-update', '--nocolor', 'show'])).get(wanted.title) ?? []
    if (words.includes('add') || left.length > 0) throw error
  }
}

async function askOne(host: Host, name: string): Promise<string> {
  const { code } = await host.exec.run(['rc-service', '--nocolor', name, 'status'], options)
  return parseServiceCode(code) ?? 'stopped'
}

async function ask(host: Host, argv: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await host.exec.run(argv, options)
  if (code === 0) return stdout
  throw new RekindleError({
    code: 'resource-unreadable',
    message: `Cannot read the services of OpenRC: ${argv[0]} answers "${stderr.replace(/\s+/g, ' ').trim()}"`,
  })
}

function levelOf({ params: { runlevel = 'default' } }: WantedService): string {
  return runlevel
}

/** One after the other: they wait for each other's dependencies. */
async function each(jobs: readonly Job[], act: (job: Job) => Promise<void>): Promise<void> {
  for (const job of jobs) await act(job)
}

async function unmaskable({ wanted }: Job): Promise<void> {
  throw cannotApply(wanted, 'OpenRC knows no mask', { hint: 'Use enable: false' })
}

function lines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '')
}
