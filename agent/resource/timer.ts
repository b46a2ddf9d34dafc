/** A command that systemd runs at times: a .timer and the .service that it starts, the first enabled and active. */
import type { Change, TimerParams } from '../../schemas/generated/types.ts'
import type { Host } from '../host/host.ts'
import { isRunning, type Unit } from '../host/unit.ts'
import type { Reading, ResourceType, Wanted } from './resource-type.ts'
import { runTool } from './run-tool.ts'
import {
  readEach,
  readTextFile,
  removeTextFile,
  type TextFile,
  withTextDiff,
  writeTextFile,
} from './text-file.ts'
import { renderUnit, type Sections } from './unit-text.ts'

type WantedTimer = Wanted<TimerParams>

export interface TimerState {
  readonly timer: TextFile
  readonly service: TextFile
  readonly unit: Unit
}

const folder = '/etc/systemd/system'

async function read(host: Host, wanted: readonly WantedTimer[]): Promise<Reading<TimerState>> {
  const units = await host.systemd.read(wanted.map(({ title }) => `${title}.timer`))
  return readEach(wanted, ({ title }) => {
    const unit = units.get(`${title}.timer`)
    if (unit === undefined) throw new Error('systemd says nothing of it')
    const read = (kind: string) => readTextFile(host, `${folder}/${title}.${kind}`)
    return { timer: read('timer'), service: read('service'), unit }
  })
}

function diff(wanted: WantedTimer, { timer, service, unit }: TimerState): readonly Change[] {
  if (wanted.params.ensure === 'absent') {
    const isThere = timer.kind !== 'absent' || service.kind !== 'absent'
    return isThere ? [{ property: 'ensure', from: 'present', to: 'absent' }] : []
  }
  if (timer.kind === 'absent') return [{ property: 'ensure', from: 'absent', to: 'present' }]
  return [
    ...textChange('timer', timer, renderTimer(wanted)),
    ...textChange('service', service, renderService(wanted)),
    ...(unit.file === 'enabled' ? [] : [{ property: 'enable', from: unit.file || 'absent', to: 'enabled' }]),
    ...(isRunning(unit) ? [] : [{ property: 'active', from: unit.active, to: 'active' }]),
  ]
}

function textChange(property: string, { text }: TextFile, wanted: string): readonly Change[] {
  return text === wanted ? [] : [{ property, from: text === undefined ? null : 'other', to: 'as declared' }]
}

/** The service before the timer that starts it; the timer last of all, so that it never fires half-made. */
async function apply(host: Host, wanted: WantedTimer, { timer, service, unit }: TimerState): Promise<void> {
  const { systemd } = host
  if (wanted.params.ensure === 'absent') {
    if (unit.load !== 'not-found') {
      await systemd.stop([unit])
      if (unit.file === 'enabled') await systemd.disable([unit])
    }
    await removeTextFile(host, timer)
    await removeTextFile(host, service)
    return systemd.reloadFiles()
  }
  await assertTimes(host, wanted)
  await writeTextFile(host, service, renderService(wanted), { mode: 0o644, uid: 0, gid: 0 })
  await writeTextFile(host, timer, renderTimer(wanted), { mode: 0o644, uid: 0, gid: 0 })
  await systemd.reloadFiles()
  const now = (await systemd.read([`${wanted.title}.timer`])).get(`${wanted.title}.timer`)
  if (now === undefined) return
  if (now.file !== 'enabled') await systemd.enable([now])
  // A timer that runs goes by its old times until it is started again.
  if (isRunning(now)) await systemd.restart([now])
  else await systemd.start([now])
}

/** systemd would take a bad time for none, and the timer would never elapse. */
async function assertTimes(host: Host, { id, where, params }: WantedTimer): Promise<void> {
  for (const time of [params.onCalendar ?? []].flat()) {
    await runTool(host, ['systemd-analyze', 'calendar', time], {
      doing: `"${time}" is no time`,
      wanted: { id, where },
      package: 'systemd',
      code: 'validate-failed',
      kept: 'what was there before',
    })
  }
}

async function explain(
  _: Host,
  wanted: WantedTimer,
  { timer, service }: TimerState,
  changes: readonly Change[],
): Promise<readonly Change[]> {
  if (wanted.params.ensure === 'absent') return changes
  const first = withTextDiff(changes, timer, { property: 'timer', wanted: renderTimer(wanted) })
  return withTextDiff(first, service, { property: 'service', wanted: renderService(wanted) })
}

function renderTimer({ title, params }: WantedTimer): string {
  const { onCalendar, onBootSec, onUnitActiveSec, persistent, randomizedDelaySec } = params
  return renderUnit({
    sections: {
      Unit: { Description: params.description ?? title },
      Timer: given({
        OnCalendar: onCalendar,
        OnBootSec: onBootSec,
        OnUnitActiveSec: onUnitActiveSec,
        Persistent: persistent,
        RandomizedDelaySec: randomizedDelaySec,
      }),
      Install: { WantedBy: 'timers.target' },
    },
  })
}

function renderService({ title, params }: WantedTimer): string {
  const { command, user, workingDirectory, environment = {} } = params
  return renderUnit({
    sections: {
      Unit: { Description: params.description ?? title },
      Service: given({
        Type: 'oneshot',
        ExecStart: command,
        User: user,
        WorkingDirectory: workingDirectory,
        Environment: Object.entries(environment).map(([name, value]) => quoteSetting(`${name}=${value}`)),
      }),
    },
  })
}

/** systemd.exec(5): white space in an assignment needs quotes, and % is a specifier. */
function quoteSetting(assignment: string): string {
  return `"${assignment.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%')}"`
}

function given(settings: Readonly<Record<string, Sections[string][string] | undefined>>): Sections[string] {
  const entries = Object.entries(settings).filter(
    ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
  )
  // What is undefined was left out just now.
  return Object.fromEntries(entries) as Sections[string]
}

export const timer = {
  name: 'timer',
  read,
  diff,
  apply,
  explain,
  watch: ({ title }) => [`${folder}/${title}.timer`, `${folder}/${title}.service`],
} satisfies ResourceType<TimerParams, TimerState>
