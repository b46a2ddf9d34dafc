import { describe, expect, test } from 'vitest'
import type { ExecResult } from './exec.ts'
import { createSystemd, notHeld } from './systemd.ts'
import type { Unit } from './unit.ts'

const running: Unit = {
  id: 'app.service',
  names: ['app.service'],
  load: 'loaded',
  active: 'active',
  sub: 'running',
  file: 'enabled',
  result: 'success',
  type: 'simple',
  mainPid: 77,
  restarts: 0,
  needsReload: false,
  canReload: false,
  source: '',
}
const stopped: Unit = { ...running, active: 'inactive', sub: 'dead', mainPid: 0 }
const failed: Unit = { ...stopped, active: 'failed', sub: 'failed', result: 'exit-code' }

describe('start()', () => {
  test('waits on the process of a service that counts as started before it is ready', async () => {
    const { systemd, calls } = systemdThatShows([running, running])
    await systemd.start([stopped])
    expect(calls).toEqual(['reset-failed', 'start', 'show', 'is 77 alive', 'show'])
  })

  test('does not wait on a service that tells when it is ready', async () => {
    const { systemd, calls } = systemdThatShows([{ ...running, type: 'notify' }])
    await systemd.start([stopped])
    expect(calls).toEqual(['reset-failed', 'start', 'show'])
  })

  test('lets systemd read changed unit files first', async () => {
    const { systemd, calls } = systemdThatShows([running, running])
    await systemd.start([{ ...stopped, needsReload: true }])
    expect(calls[0]).toBe('daemon-reload')
  })

  test('fails with the journal when the service dies at once', async () => {
    const { systemd } = systemdThatShows([running, failed, failed])
    await expect(systemd.start([stopped])).rejects.toMatchObject({
      code: 'apply-failed',
      message:
        'Cannot start app.service: it ended at once (exit-code); its last lines in the journal:\n  Started app.service.\n  I cannot read my configuration',
      kept: 'app.service is failed (failed, result exit-code)',
    })
  })

  test('fails with the answer of systemctl when the job fails', async () => {
    const { systemd } = systemdThatShows([failed], {
      start: {
        code: 1,
        stderr: 'Job for app.service failed because\nthe control process exited with error code.\n',
      },
    })
    await expect(systemd.start([stopped])).rejects.toThrow(
      'Cannot start app.service: systemctl answers "Job for app.service failed because the control process exited',
    )
  })
})

test('restart() that fails is a failed refresh', async () => {
  const { systemd } = systemdThatShows([running, failed, failed])
  await expect(systemd.restart([running])).rejects.toMatchObject({ code: 'refresh-failed' })
})

test('reload() fails when the service does not survive it', async () => {
  const { systemd } = systemdThatShows([failed, failed])
  await expect(systemd.reload([{ ...running, canReload: true }])).rejects.toThrow(
    'Cannot reload app.service: it ended',
  )
})

test('reload() of a unit that does not say how says what to do, and asks systemd for nothing', async () => {
  const { systemd, calls } = systemdThatShows([running])
  await expect(systemd.reload([running])).rejects.toMatchObject({
    message: expect.stringContaining('it does not say how it reloads (ExecReload=)'),
    hint: 'Use onRefresh: try-reload-or-restart, or add ExecReload= to the unit',
  })
  expect(calls).not.toContain('reload')
})

test('of several that are started, the one that did not stay up is named', async () => {
  const other: Unit = { ...stopped, id: 'other.service', names: ['other.service'], type: 'notify' }
  const { systemd } = systemdThatShows([{ ...running, type: 'notify' }])
  await expect(systemd.start([stopped, other])).rejects.toThrow(
    'Cannot start other.service: systemd does not know',
  )
})

test('disable() takes away links that only last until the next boot, where those are the ones', async () => {
  const { systemd, argv } = systemdThatShows([])
  await systemd.disable([{ ...running, file: 'enabled-runtime' }])
  await systemd.disable([running])
  expect(argv.map((words) => words.includes('--runtime'))).toEqual([true, false])
})

test('read() asks systemd nothing for no units, and fails when systemd does not answer', async () => {
  const { systemd, calls } = systemdThatShows([], {
    show: { code: 1, stderr: 'System has not been booted with systemd\n' },
  })
  expect((await systemd.read([])).size).toBe(0)
  expect(calls).toEqual([])
  await expect(systemd.read(['a.service'])).rejects.toThrow(
    'systemctl answers "System has not been booted with systemd"',
  )
})

describe('notHeld()', () => {
  test.each([
    { title: 'runs', unit: running, why: undefined },
    {
      title: 'was restarted since',
      unit: { ...running, restarts: 2 },
      why: 'it ended at once and systemd has restarted it 2 times',
    },
    { title: 'failed', unit: failed, why: 'it ended at once (exit-code)' },
    { title: 'ended well', unit: stopped, why: 'it ended at once, with success' },
    {
      title: 'is a oneshot that is through',
      unit: { ...stopped, type: 'oneshot' },
      why: 'it ran to its end and is inactive; a oneshot service is running only with RemainAfterExit=yes',
    },
    {
      title: 'waits for its next restart',
      unit: { ...failed, active: 'activating', sub: 'auto-restart' },
      why: 'it ended at once (exit-code) and waits for a restart',
    },
  ])('says "$why" of a unit that $title', ({ unit, why }) => {
    expect(notHeld(unit)).toBe(why)
  })
})

/** A systemctl that shows these states one after the other, and answers other verbs as given, or with success. */
function systemdThatShows(states: readonly Unit[], answers: Record<string, Partial<ExecResult>> = {}) {
  const left = [...states]
  const calls: string[] = []
  const all: (readonly string[])[] = []
  const run = async (argv: readonly string[]): Promise<ExecResult> => {
    all.push(argv)
    const verb = argv.find((word, index) => index > 0 && !word.startsWith('-')) ?? ''
    const call = argv[0] === 'systemctl' ? verb : (argv[0] ?? '')
    calls.push(call)
    const stdout =
      call === 'show'
        ? show(left.shift())
        : call === 'journalctl'
          ? 'Started app.service.\nI cannot read my configuration\n'
          : ''
    return { code: 0, signal: null, stdout, stderr: '', timedOut: false, ...answers[call] }
  }
  const isAlive = (pid: number): boolean => {
    calls.push(`is ${pid} alive`)
    return false
  }
  return { systemd: createSystemd({ run }, { isAlive }), calls, argv: all }
}

function show(unit: Unit | undefined): string {
  if (unit === undefined) return ''
  const { id, names, load, active, sub, file, result, type, mainPid, restarts } = unit
  return `Id=${id}\nNames=${names.join(' ')}\nLoadState=${load}\nActiveState=${active}\nSubState=${sub}\nUnitFileState=${file}\nResult=${result}\nType=${type}\nMainPID=${mainPid}\nNRestarts=${restarts}\nNeedDaemonReload=no\nCanReload=no\n`
}
