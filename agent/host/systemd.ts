/** systemctl and the journal. Each call waits until systemd has done the job, and a failure tells what the unit logged. */
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
   * Starts with one call, and sees that the units stay up for a moment: a service that dies at once counts as started
   * for systemd.
   */
  start(...units: readonly Unit[]): Promise<void>
  stop(...units: readonly Unit[]): Promise<void>
  restart(unit: Unit): Promise<void>
  reload(unit: Unit): Promise<void>
  enable(...units: readonly Unit[]): Promise<void>
  disable(...units: readonly Unit[]): Promise<void>
  mask(...units: readonly Unit[]): Promise<void>
  unmask(...units: readonly Unit[]): Promise<void>
  /** The last lines that the unit logged, newest last; empty when there is no journal. */
  journal(name: string): Promise<readonly string[]>
}

export interface SystemdOptions {
  /** How long a service that is "started" before it is ready (Type=simple) must live to count as running. Default 500. */
  readonly settleMs?: number
}

const journalLines = 20
const readTimeoutMs = 30_000
/** Longer than systemd's own limits (90 s to start, 90 s to stop), so that systemd's answer comes first. */
const jobTimeoutMs = 300_000
const environment = { LC_ALL: 'C', SYSTEMD_COLORS: '0', SYSTEMD_PAGER: '' }

/** Services of these types count as started before they have shown that they work. */
const startedUnproved = new Set(['simple', 'exec', 'idle'])

type Verb = 'start' | 'stop' | 'restart' | 'reload' | 'enable' | 'disable' | 'mask' | 'unmask'

/** @example (await createSystemd(exec).read(['nginx.service'])).get('nginx.service')?.active */
export function createSystemd(exec: Exec, { settleMs = 500 }: SystemdOptions = {}): Systemd {
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
    const lines =
      verb === 'start' || verb === 'restart' || verb === 'reload' || verb === 'stop'
        ? await journal(unit.id)
        : []
    const now = (await read([unit.id])).get(unit.id) ?? unit
    const stands = verb === 'mask' && why.includes('already exists')
    const logged =
      lines.length === 0
        ? ''
        : `; its last lines in the journal:\n${lines.map((line) => `  ${line}`).join('\n')}`
    throw new RekindleError({
      code: verb === 'restart' || verb === 'reload' ? 'refresh-failed' : 'apply-failed',
      message: `Cannot ${verb} ${unit.id}: ${why}${logged}`,
      ...(stands
        ? { hint: 'systemd masks only units whose file is not in /etc/systemd/system; use enable: false' }
        : {}),
      kept: `${unit.id} is ${now.active} (${now.sub}${now.result === '' ? '' : `, result ${now.result}`})`,
    })
  }

  const control = async (
    verb: Verb,
    units: readonly Unit[],
    options: readonly string[] = [],
  ): Promise<void> => {
    const [unit] = units
    if (unit === undefined) return
    const names = units.map(({ id }) => id)
    const argv = ['systemctl', '--quiet', '--no-ask-password', ...options, verb, '--', ...names]
    const { code, stderr, timedOut } = await exec.run(argv, { env: environment, timeoutMs: jobTimeoutMs })
    if (timedOut) await fail(verb, unit, `systemd did not end the job within ${jobTimeoutMs / 1000} seconds`)
    if (code !== 0) await fail(verb, unit, `systemctl answers "${oneLine(stderr)}"`)
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

  /** Returns as soon as the process ends, or after `settleMs`. */
  const waitForEnd = (pid: number): Promise<unknown> =>
    exec.run(['tail', `--pid=${pid}`, '--sleep-interval=0.05', '--follow', '/dev/null'], {
      timeoutMs: settleMs,
    })

  const settle = async (verb: 'start' | 'restart', started: readonly Unit[]): Promise<void> => {
    const ids = started.map(({ id }) => id)
    let units = await read(ids)
    const unproved = [...units.values()].filter(
      ({ type, mainPid }) => startedUnproved.has(type) && mainPid > 0,
    )
    const [first] = unproved
    if (first !== undefined) {
      // Of several, all are given their time at once.
      await (unproved.length === 1 ? waitForEnd(first.mainPid) : pause(settleMs))
      units = await read(ids)
    }
    for (const before of started) {
      const unit = units.get(before.id)
      if (unit === undefined) return await fail(verb, before, 'systemd does not know it any more')
      const why = notHeld(unit)
      if (why !== undefined) await fail(verb, unit, why)
    }
  }

  const launch = async (verb: 'start' | 'restart', units: readonly Unit[]): Promise<void> => {
    await refreshFiles(units)
    // systemd counts starts and refuses the sixth in ten seconds, whatever was repaired since. A unit that was never
    // loaded has no counter, and the command fails for it.
    await exec.run(['systemctl', '--quiet', 'reset-failed', '--', ...units.map(({ id }) => id)], {
      env: environment,
      timeoutMs: readTimeoutMs,
    })
    await control(verb, units)
    await settle(verb, units)
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
      ['--runtime'],
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
    start: (...units) => launch('start', units),
    restart: (unit) => launch('restart', [unit]),
    reload: async (unit) => {
      await refreshFiles([unit])
      await control('reload', [unit])
      const after = (await read([unit.id])).get(unit.id) ?? unit
      if (!isRunning(after)) await fail('reload', after, 'it ended')
    },
    stop: (...units) => control('stop', units),
    enable: (...units) => control('enable', units),
    disable: (...units) => byRuntime('disable', units),
    mask: (...units) => control('mask', units),
    unmask: (...units) => byRuntime('unmask', units),
  }
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
