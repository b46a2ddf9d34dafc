/** systemctl and the journal. Each call waits until systemd has done the job, and a failure tells what the unit logged. */
import { existsSync } from 'node:fs'
import { RekindleError } from '../../schemas/errors.ts'
import type { Exec } from './exec.ts'
import { pause } from './pause.ts'
import { isRunning, isStopped, parseUnits, type Unit, unitProperties } from './unit.ts'

export interface Systemd {
  /** One call for all units, by name; a unit that does not exist is there, with `load` `not-found`. */
  read(names: readonly string[]): Promise<ReadonlyMap<string, Unit>>
  /** Names of all service units that have a unit file, templates left out. */
  listServices(): Promise<readonly string[]>
  /** Makes systemd read its unit files again. */
  reloadFiles(): Promise<void>
  /**
   * Starts with one call, and sees that the units stay up for a moment, all at once: a service that dies right after its
   * start counts as started for systemd.
   */
  start(units: readonly Unit[], options?: JobOptions): Promise<void>
  /** A unit that fails as it is stopped is stopped: its mark of failure is taken away, for the stop was asked for. */
  stop(units: readonly Unit[], options?: JobOptions): Promise<void>
  restart(units: readonly Unit[], options?: JobOptions): Promise<void>
  reload(units: readonly Unit[], options?: JobOptions): Promise<void>
  /** Reloads those that can be, restarts the others. */
  reloadOrRestart(units: readonly Unit[], options?: JobOptions): Promise<void>
  enable(units: readonly Unit[]): Promise<void>
  disable(units: readonly Unit[]): Promise<void>
  mask(units: readonly Unit[]): Promise<void>
  unmask(units: readonly Unit[]): Promise<void>
  /** The last lines that the unit logged, newest last; empty when there is no journal. */
  journal(name: string): Promise<readonly string[]>
}

export interface JobOptions {
  /** Default 300,000: longer than systemd's own limits (90 s to start, 90 s to stop), so that its answer comes first. */
  readonly timeoutMs?: number
}

export interface SystemdOptions {
  /** How long a service that is "started" before it is ready (Type=simple) must live to count as running. Default 500. */
  readonly settleMs?: number
  /** Default: whether /proc has it. */
  readonly isAlive?: (pid: number) => boolean
}

const journalLines = 20
const readTimeoutMs = 30_000
const settlePollMs = 20
const jobTimeoutMs = 300_000
const environment = { LC_ALL: 'C', SYSTEMD_COLORS: '0', SYSTEMD_PAGER: '' }

/** Services of these types count as started before they have shown that they work. */
const startedUnproved = new Set(['simple', 'exec', 'idle'])

type Job = 'start' | 'stop' | 'restart' | 'reload' | 'try-reload-or-restart'
type Verb = Job | 'enable' | 'disable' | 'mask' | 'unmask'

const jobs: ReadonlySet<string> = new Set<Job>([
  'start',
  'stop',
  'restart',
  'reload',
  'try-reload-or-restart',
])

/** @example (await createSystemd(exec).read(['nginx.service'])).get('nginx.service')?.active */
export function createSystemd(
  exec: Exec,
  { settleMs = 500, isAlive = (pid) => existsSync(`/proc/${pid}`) }: SystemdOptions = {},
): Systemd {
  const read = async (names: readonly string[]): Promise<ReadonlyMap<string, Unit>> => {
    if (names.length === 0) return new Map()
    const argv = ['systemctl', 'show', `--property=${unitProperties}`, '--', ...names]
    const { code, stdout, stderr } = await exec.run(argv, { env: environment, timeoutMs: readTimeoutMs })
    if (code === 0) return parseUnits(stdout)
    throw new RekindleError({
      code: 'resource-unreadable',
      message: `Cannot read the state of units: systemctl answers "${oneLine(stderr)}"`,
    })
  }

  const journal = async (name: string): Promise<readonly string[]> => {
    // What a process wrote just before it died may still be on its way to the journal.
    await exec.run(['journalctl', '--sync'], { env: environment, timeoutMs: readTimeoutMs })
    const argv = [
      'journalctl',
      `--unit=${name}`,
      `--lines=${journalLines}`,
      '--no-pager',
      '--quiet',
      '--output=cat',
    ]
    const { stdout } = await exec.run(argv, { env: environment, timeoutMs: readTimeoutMs })
    return stdout.split('\n').filter((line) => line !== '')
  }

  const fail = async (verb: Verb, unit: Unit, why: string): Promise<never> => {
    const lines = jobs.has(verb) ? await journal(unit.id) : []
    const now = (await read([unit.id])).get(unit.id) ?? unit
    const logged =
      lines.length === 0
        ? ''
        : `; its last lines in the journal:\n${lines.map((line) => `  ${line}`).join('\n')}`
    throw new RekindleError({
      code: isRefresh(verb) ? 'refresh-failed' : 'apply-failed',
      message: `Cannot ${verb} ${unit.id}: ${why}${logged}`,
      hint: hintFor(verb, why),
      kept: `${unit.id} is ${now.active} (${now.sub}${now.result === '' ? '' : `, result ${now.result}`})`,
    })
  }

  /** Of several that a job was for, one that it did not do its work on. */
  const culprit = async (verb: Verb, units: readonly Unit[]): Promise<Unit | undefined> => {
    const [first] = units
    if (units.length < 2 || !jobs.has(verb)) return first
    const now = await read(units.map(({ id }) => id))
    const isDone = verb === 'stop' ? isStopped : isRunning
    return units.find(({ id }) => !isDone(now.get(id) ?? { active: '', sub: '' })) ?? first
  }

  const control = async (
    verb: Verb,
    units: readonly Unit[],
    { words = [], timeoutMs = jobTimeoutMs }: JobOptions & { readonly words?: readonly string[] } = {},
  ): Promise<void> => {
    if (units.length === 0) return
    const names = units.map(({ id }) => id)
    const argv = ['systemctl', '--quiet', '--no-ask-password', ...words, verb, '--', ...names]
    const { code, stderr, timedOut } = await exec.run(argv, { env: environment, timeoutMs })
    if (code === 0) return
    const unit = await culprit(verb, units)
    if (unit === undefined) return
    const late = `systemd has not ended the job within ${timeoutMs / 1000} seconds, and goes on with it`
    await fail(verb, unit, timedOut ? late : `systemctl answers "${oneLine(stderr)}"`)
  }

  /** Lets systemd read unit files that were changed, or it would run the old ones. */
  const refreshFiles = async (units: readonly Unit[]): Promise<void> => {
    const stale = units.filter(({ needsReload }) => needsReload)
    if (stale.length > 0) await reloadFiles(stale)
  }

  const reloadFiles = async (stale: readonly Unit[]): Promise<void> => {
    const argv = ['systemctl', 'daemon-reload']
    const { code, stderr } = await exec.run(argv, { env: environment, timeoutMs: jobTimeoutMs })
    if (code !== 0) {
      throw new RekindleError({
        code: 'apply-failed',
        message: `Cannot make systemd read the changed files of ${stale.map(({ id }) => id).join(', ') || 'its units'}: systemctl answers "${oneLine(stderr)}"`,
        kept: stale.map(({ id, active }) => `${id} is ${active}`).join(', ') || 'what runs, runs on',
      })
    }
  }

  /** Returns as soon as none is left, or after `settleMs`: systemd follows what becomes of these, and so they tell it. */
  const waitForEnds = async (pids: readonly number[]): Promise<void> => {
    for (let waitedMs = 0; waitedMs < settleMs && pids.some(isAlive); waitedMs += settlePollMs)
      await pause(settlePollMs)
  }

  const settle = async (verb: Job, started: readonly Unit[]): Promise<void> => {
    const ids = started.map(({ id }) => id)
    let units = await read(ids)
    const unproved = [...new Set(units.values())].filter(
      ({ type, mainPid }) => startedUnproved.has(type) && mainPid > 0,
    )
    if (unproved.length > 0) {
      await waitForEnds(unproved.map(({ mainPid }) => mainPid))
      units = await read(ids)
    }
    for (const before of started) {
      const unit = units.get(before.id)
      if (unit === undefined) return await fail(verb, before, 'systemd does not know it any more')
      const why = notHeld(unit)
      if (why !== undefined) await fail(verb, unit, why)
    }
  }

  const resetFailed = (units: readonly Unit[]) =>
    exec.run(['systemctl', '--quiet', 'reset-failed', '--', ...units.map(({ id }) => id)], {
      env: environment,
      timeoutMs: readTimeoutMs,
    })

  const launch = async (verb: Job, units: readonly Unit[], options?: JobOptions): Promise<void> => {
    if (units.length === 0) return
    await refreshFiles(units)
    // systemd counts starts and refuses the sixth in ten seconds, whatever was repaired since. A unit that was never
    // loaded has no counter, and the command fails for it.
    await resetFailed(units)
    await control(verb, units, options)
    await settle(verb, units)
  }

  /** Some programs end with an error when they are told to stop, as the JVM does (143). */
  const stop = async (units: readonly Unit[], options?: JobOptions): Promise<void> => {
    if (units.length === 0) return
    await control('stop', units, options)
    const now = await read(units.map(({ id }) => id))
    const failed = units.filter(({ id, active }) => active !== 'failed' && now.get(id)?.active === 'failed')
    if (failed.length > 0) await resetFailed(failed)
  }

  const reload = async (units: readonly Unit[], options?: JobOptions): Promise<void> => {
    await refreshFiles(units)
    // What systemd said of a stale unit may be different by now: it shall answer itself.
    const unable = units.find(({ canReload, needsReload }) => !canReload && !needsReload)
    if (unable !== undefined) await fail('reload', unable, 'it does not say how it reloads (ExecReload=)')
    await control('reload', units, options)
    const now = await read(units.map(({ id }) => id))
    for (const unit of units) if (!isRunning(now.get(unit.id) ?? unit)) await fail('reload', unit, 'it ended')
  }

  /** With the option for units whose state holds until the next boot only, apart from the others. */
  const byRuntime = async (verb: Verb, units: readonly Unit[]): Promise<void> => {
    await control(
      verb,
      units.filter(({ file }) => !file.endsWith('-runtime')),
    )
    await control(
      verb,
      units.filter(({ file }) => file.endsWith('-runtime')),
      { words: ['--runtime'] },
    )
  }

  return {
    read,
    journal,
    listServices: async () => {
      const argv = ['systemctl', 'list-unit-files', '--type=service', '--no-legend', '--plain', '--no-pager']
      const { stdout } = await exec.run(argv, { env: environment, timeoutMs: readTimeoutMs })
      const names = stdout.split('\n').map((line) => line.split(/\s/, 1)[0] ?? '')
      return names.filter((name) => name !== '' && !name.includes('@.'))
    },
    reloadFiles: () => reloadFiles([]),
    start: (units, options) => launch('start', units, options),
    restart: (units, options) => launch('restart', units, options),
    reloadOrRestart: (units, options) => launch('try-reload-or-restart', units, options),
    reload,
    stop,
    enable: (units) => control('enable', units),
    disable: (units) => byRuntime('disable', units),
    mask: (units) => control('mask', units),
    unmask: (units) => byRuntime('unmask', units),
  }
}

function isRefresh(verb: Verb): boolean {
  return verb === 'restart' || verb === 'reload' || verb === 'try-reload-or-restart'
}

function hintFor(verb: Verb, why: string): string | undefined {
  if (verb === 'mask' && why.includes('already exists'))
    return 'systemd masks only units whose file is not in /etc/systemd/system; use enable: false'
  if (verb === 'reload' && why.includes('ExecReload'))
    return 'Use onRefresh: try-reload-or-restart, or add ExecReload= to the unit'
  return undefined
}

/** Why a unit that was just started does not count as running; undefined when it does. */
export function notHeld(unit: Unit): string | undefined {
  if (isRunning(unit)) {
    return unit.restarts > 0
      ? `it ended at once and systemd has restarted it ${unit.restarts} times`
      : undefined
  }
  if (unit.active === 'inactive' && (unit.result === 'success' || unit.result === '')) {
    return unit.type === 'oneshot'
      ? 'it ran to its end and is inactive; a oneshot service is running only with RemainAfterExit=yes'
      : 'it ended at once, with success'
  }
  return isStopped(unit)
    ? `it ended at once (${unit.result})`
    : `it ended at once (${unit.result}) and waits for a restart`
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
