/**
 * Changes the rules so that they cannot lock anybody out: a timer of systemd that would bring the old ones back is armed
 * before the change and disarmed after a new connection was made under it. The file with the old rules stands for as long
 * as the change is not confirmed.
 */
import { randomBytes } from 'node:crypto'
import type { RekindleError } from '../../../schemas/errors.ts'
import type { FirewallParams } from '../../../schemas/generated/types.ts'
import { sha256 } from '../../../schemas/hash.ts'
import type { Host } from '../../host/host.ts'
import type { Endpoint } from '../../host/reachability.ts'
import { cannotApply } from '../cannot-apply.ts'
import type { Wanted } from '../resource-type.ts'
import { listText, nft } from './nft.ts'
import { removing, tableOf } from './ruleset.ts'

type WantedFirewall = Wanted<FirewallParams>

/** On a file system of this boot, as the rules and the timer are. */
const folder = '/run/rekindle-firewall'
const tryMs = 3000

export function rollbackPath(title: string): string {
  return `${folder}/${title.replaceAll(/[ /]/g, '-')}.nft`
}

/** @throws RekindleError `apply-failed` when the new rules did not hold; the old ones are back then */
export async function changeRules(host: Host, wanted: WantedFirewall, transaction: string): Promise<void> {
  const endpoint = endpointOf(host, wanted.params)
  if (endpoint === undefined) return load(host, wanted, transaction)
  const seconds = secondsOf(wanted.params)
  await assertReachable(host, wanted, { endpoint, seconds })
  const timer = await arm(host, wanted, seconds * 2 + 10)
  try {
    await load(host, wanted, transaction)
  } catch (error) {
    await settle(host, wanted.title, timer)
    throw error
  }
  const silence = await waitForAnswer(host, endpoint, seconds)
  // A roll-back that fails leaves the timer, which tries it again.
  if (silence !== undefined) await rollBack(host, wanted, { endpoint, silence })
  await settle(host, wanted.title, timer)
  if (silence !== undefined) throw lockedOut(wanted, { endpoint, silence })
}

/** The change is confirmed or taken back: nothing is owed any more. */
async function settle(host: Host, title: string, timer: string): Promise<void> {
  await host.timers.disarm(timer)
  await host.write.remove(rollbackPath(title))
}

/**
 * A file that stands there is of a change that nobody confirmed: its rules are the last good ones, and its timer goes
 * only when the new one is armed.
 */
async function arm(host: Host, wanted: WantedFirewall, afterSeconds: number): Promise<string> {
  const { title } = wanted
  const path = rollbackPath(title)
  if (!host.files.exists(path)) {
    if (host.files.stat(folder)?.kind !== 'directory') await host.write.putDirectory(folder, { mode: 0o700 })
    const old = removing(tableOf(title)) + ((await listText(host, title)) ?? '')
    await assertLoads(host, wanted, old)
    await host.write.putFile(path, { content: Buffer.from(old), mode: 0o600 })
  }
  const family = `rekindle-firewall-${sha256(title).slice(0, 12)}`
  const timer = `${family}-${randomBytes(4).toString('hex')}`
  const earlier = await host.timers.list(`${family}-*`)
  await host.timers.arm(timer, {
    afterSeconds,
    argv: ['nft', '-f', path],
    description: `Rekindle: bring back the rules of table ${title}, unless they are confirmed`,
  })
  for (const name of earlier) await host.timers.disarm(name)
  return timer
}

/** nft does not take all that it lists: rules of iptables-nft with extensions are told in comments. */
async function assertLoads(host: Host, wanted: WantedFirewall, old: string): Promise<void> {
  const [shown] = /^.*(?:\bxt (?:match|target) |# xt_).*$/m.exec(old) ?? []
  if (shown !== undefined) throw cannotBringBack(wanted, `iptables has made "${shown.trim()}"`)
  await nft(host, ['--check', '-f', '-'], {
    wanted,
    stdin: old,
    code: 'apply-failed',
    doing: cannotBringBack(wanted, 'it does not take them').message,
    kept: 'the rules as they were',
  })
}

function cannotBringBack(wanted: WantedFirewall, reason: string): RekindleError {
  return cannotApply(
    wanted,
    `nft could not bring back the rules that are there, should the new ones lock out: ${reason}`,
    {
      kept: 'the rules as they were',
      hint: 'Take them away by hand, or set confirm to false, which changes them without a net',
    },
  )
}

async function load(host: Host, wanted: WantedFirewall, transaction: string): Promise<void> {
  await nft(host, ['-f', '-'], {
    wanted,
    stdin: transaction,
    code: 'apply-failed',
    doing: `Cannot apply ${wanted.id}`,
    kept: 'the rules as they were: nft takes all of them or none',
  })
}

async function rollBack(host: Host, wanted: WantedFirewall, why: Silence): Promise<void> {
  await nft(host, ['-f', rollbackPath(wanted.title)], {
    wanted,
    code: 'apply-failed',
    doing: `${lockedOut(wanted, why).message}, and cannot bring the old rules back`,
    kept: 'the timer that tries it again: systemctl list-timers "rekindle-firewall-*"',
  })
}

async function waitForAnswer(
  { reachability }: Host,
  endpoint: Endpoint,
  seconds: number,
): Promise<string | undefined> {
  const end = performance.now() + seconds * 1000
  for (;;) {
    const left = Math.max(end - performance.now(), 1)
    const silence = await reachability.check(endpoint, Math.min(tryMs, left))
    if (silence === undefined || performance.now() >= end || isRefusal(silence)) return silence
  }
}

/** An answer at once: to ask again at once would only be a busy loop. */
function isRefusal(silence: string): boolean {
  return !silence.startsWith('no answer')
}

/** What cannot be reached before the change could not confirm it either. */
async function assertReachable(
  host: Host,
  wanted: WantedFirewall,
  { endpoint, seconds }: { readonly endpoint: Endpoint; readonly seconds: number },
): Promise<void> {
  const silence = await waitForAnswer(host, endpoint, seconds)
  if (silence === undefined) return
  throw cannotApply(
    wanted,
    `${show(endpoint)} cannot be reached before the change either (${silence}), so nothing could confirm it`,
    {
      kept: 'the rules as they were',
      hint: 'Set confirm to somebody who answers, or to false',
    },
  )
}

interface Silence {
  readonly endpoint: Endpoint
  readonly silence: string
}

function lockedOut(wanted: WantedFirewall, { endpoint, silence }: Silence): RekindleError {
  return cannotApply(wanted, `under the new rules ${show(endpoint)} could not be reached (${silence})`, {
    kept: 'the old rules: they were put back',
    hint: 'Allow new connections to it, or set confirm',
  })
}

function endpointOf({ reachability }: Host, { confirm }: FirewallParams): Endpoint | undefined {
  if (confirm === false) return undefined
  const { host, port } = confirm ?? {}
  return host === undefined || port === undefined ? reachability.server : { host, port }
}

function secondsOf({ confirm }: FirewallParams): number {
  return (confirm === false ? undefined : confirm?.seconds) ?? 10
}

function show({ host, port }: Endpoint): string {
  return `${host} port ${port}`
}
