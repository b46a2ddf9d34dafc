/**
 * A reboot. Armed as one timer of systemd for the whole host. That it was armed is noted with the id of the boot: another
 * boot soon after, and still the same need, is a loop, which ends here.
 */
import type { Change, RebootParams } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { Host } from '../host/host.ts'
import { pause } from '../host/pause.ts'
import { cannotApply } from './cannot-apply.ts'
import type { Reading, ResourceType, Told, Wanted } from './resource-type.ts'

type WantedReboot = Wanted<RebootParams>

export interface RebootState {
  /** Who asks for a reboot, such as names of packages; undefined: nobody. */
  readonly pending: string | undefined
  readonly isArmed: boolean
  /** Armed by this resource, and not by another one. */
  readonly isOwn: boolean
}

/** When a reboot that was armed is due, and in which boot that was. */
interface Armed {
  readonly dueMs: number
  readonly bootId: string
}

export const timerName = 'rekindle-reboot'
const markers = ['/run/reboot-required', '/var/run/reboot-required']
/** How long systemd may take to get to the agent. */
const stopMs = 10_000
const needsRestarting = '/usr/bin/needs-restarting'

async function read(host: Host, wanted: readonly WantedReboot[]): Promise<Reading<RebootState>> {
  const isArmed = (await host.timers.list(timerName)).length > 0
  const isAsked = wanted.some(({ params }) => params.when !== 'refreshed')
  const pending = isAsked ? await readPending(host) : undefined
  const bootId = bootIdOf(host)
  return new Map(
    wanted.map(({ id }): [ResourceId, RebootState] => {
      const isOwn = isArmed && parseArmed(host.notes.read(id))?.bootId === bootId
      return [id, { pending, isArmed, isOwn }]
    }),
  )
}

async function readPending({ files, exec }: Host): Promise<string | undefined> {
  const marker = markers.find((path) => files.exists(path))
  if (marker !== undefined) return readPackages(files, `${marker}.pkgs`)
  if (!files.exists(needsRestarting)) return undefined
  // dnf-utils: 1 when a core library or the kernel was updated since the boot.
  const { code } = await exec.run([needsRestarting, '--reboothint'], { timeoutMs: 60_000 })
  return code === 1 ? 'needs-restarting' : undefined
}

/** Each update adds its lines, the same ones over again. */
export function parsePackages(text: string): readonly string[] {
  return [...new Set(text.split('\n').filter((line) => line !== ''))]
}

function readPackages(files: Host['files'], path: string): string {
  const packages = files.exists(path) ? parsePackages(files.read(files.realPath(path)).toString()) : []
  return packages.length === 0 ? 'reboot-required' : packages.slice(0, 5).join(', ')
}

function diff({ params }: WantedReboot, { pending, isArmed, isOwn }: RebootState): readonly Change[] {
  if (params.when === 'refreshed') return []
  if (pending !== undefined && !isArmed)
    return [{ property: 'reboot', from: `asked for by ${pending}`, to: 'armed' }]
  if (pending === undefined && isOwn) return [{ property: 'reboot', from: 'armed', to: 'not needed' }]
  return []
}

async function apply(host: Host, wanted: WantedReboot, { pending }: RebootState): Promise<Told | undefined> {
  if (pending !== undefined) return rebootOnce(host, wanted, pending)
  await host.timers.disarm(timerName)
  host.notes.remove(wanted.id)
  return undefined
}

async function refresh(host: Host, wanted: WantedReboot, before: RebootState): Promise<Told | undefined> {
  if (wanted.params.when !== 'refreshed' || before.isArmed) return undefined
  return rebootOnce(host, wanted, 'what notified it')
}

async function rebootOnce(host: Host, wanted: WantedReboot, cause: string): Promise<Told> {
  const { id, title, params } = wanted
  const { timing = 'end', delay = 60, message = title } = params
  const now = Date.now()
  const bootId = bootIdOf(host)
  const before = parseArmed(host.notes.read(id))
  if (before !== undefined && before.bootId !== bootId)
    refuseLoop(wanted, { cause, sinceMs: now - before.dueMs })
  // Noted first: a reboot that is not known of could be done over and over.
  const dueMs = now + (timing === 'end' ? delay * 1000 : 0)
  await host.notes.save(id, JSON.stringify({ dueMs, bootId } satisfies Armed))
  const argv = ['systemctl', 'reboot', '--no-block', `--message=${message}`]
  const description = `Reboot: ${message}`
  const afterRun = timing === 'end'
  await host.timers.arm(timerName, { afterSeconds: afterRun ? delay : 0, argv, description, afterRun })
  // The agent is asked to stop meanwhile: nothing else is begun before the boot.
  if (!afterRun) await pause(stopMs)
  return {
    output: afterRun
      ? `The host reboots in ${delay} seconds: ${message}`
      : `The host reboots now: ${message}`,
  }
}

function refuseLoop(
  { id, params, where }: WantedReboot,
  { cause, sinceMs }: { readonly cause: string; readonly sinceMs: number },
): void {
  const { atMostEvery = 3600 } = params
  // Not due yet: the reboot in between was somebody else's.
  if (sinceMs < 0 || sinceMs >= atMostEvery * 1000) return
  const minutes = Math.max(1, Math.round(sinceMs / 60_000))
  throw cannotApply(
    { id, where },
    `the host was rebooted ${minutes === 1 ? 'a minute' : `${minutes} minutes`} ago, and a reboot is asked for again by ${cause}`,
    {
      kept: 'the host, running',
      hint: `See what asks for it; the next reboot is possible ${atMostEvery} seconds after the last one (atMostEvery)`,
    },
  )
}

function bootIdOf({ kernel }: Host): string {
  return kernel.read('/proc/sys/kernel/random/boot_id')?.trim() ?? ''
}

function parseArmed(text: string | undefined): Armed | undefined {
  // The agent's own file, whole or not there.
  return text === undefined ? undefined : (JSON.parse(text) as Armed)
}

export const reboot = {
  name: 'reboot',
  read,
  diff,
  apply,
  refresh,
  canDrift: () => false,
  watch: () => markers,
} satisfies ResourceType<RebootParams, RebootState>
