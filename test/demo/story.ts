/**
 * `npm run demo -- --once`: the story without a person. Each step is seen to hold through the server's API, and its time
 * is printed; the first that does not hold ends it.
 */
import type { DriftRow, RebuildRow, RebuildState, RebuildView } from '../../server/http/view.ts'
import type { Api } from '../lab/api.ts'
import { type Damage, damageTo } from './damage.ts'

/** What the story needs of the place it is told in. */
export interface Stage {
  readonly api: Api
  readonly hosts: readonly string[]
  /** Asks for the machines of hosts that have none. */
  createHosts(): Promise<void>
  /** Breaks a host with an ordinary command, inside it. */
  breakHost(name: string, how: Damage): Promise<void>
}

export interface Narrator {
  /** Runs a step and prints its line with its time. */
  step<T>(title: string, act: () => Promise<T>): Promise<T>
  note(text: string): void
}

export async function tellStory(stage: Stage, narrator: Narrator): Promise<void> {
  await narrator.step(`make ${stage.hosts.join(', ')}: enrol, converge, prove`, () => makeHosts(stage))
  await rebuildAfterDrift(stage, narrator, { host: 'web-1', damage: 'file', order: 'surge' })
  await rebuildAfterDrift(stage, narrator, { host: 'db-1', damage: 'service', order: 'in-place' })
  await narrator.step('audit log: one unbroken chain', () => checkAudit(stage.api))
}

/** Every host in service, in sync, and proved from bare. */
export async function makeHosts({ api, hosts, createHosts }: Stage): Promise<void> {
  await createHosts()
  await api.until('all hosts in service', async () => {
    const { hosts: rows, rebuilds } = await api.overview()
    failOnHeld(rebuilds)
    const good = rows.filter(
      (row) => row.incarnation !== null && row.provedAt !== null && row.rebuild === null && row.connected,
    )
    return hosts.every((name) => good.some((row) => row.name === name)) ? rows : undefined
  })
}

/** Tells each step of each rebuild as it is reached, until `stopped`. */
export async function followRebuilds(api: Api, narrator: Narrator, stopped: AbortSignal): Promise<void> {
  const told = new Set<string>()
  while (!stopped.aborted) {
    const { rebuilds } = await api.overview()
    for (const { id, host, steps, state, waiting } of rebuilds.toReversed()) {
      for (const step of steps) tellOnce(`${id} ${step.state}`, `${host} ${step.state} ${step.detail ?? ''}`)
      if (state === 'held') tellOnce(`${id} held ${waiting}`, `${host} is held: ${waiting}`)
    }
    await api.changed()
  }

  function tellOnce(key: string, text: string): void {
    if (told.has(key)) return
    told.add(key)
    narrator.note(text.trimEnd())
  }
}

interface Case {
  readonly host: string
  readonly damage: Damage
  readonly order: 'surge' | 'in-place'
}

async function rebuildAfterDrift(
  stage: Stage,
  narrator: Narrator,
  { host, damage, order }: Case,
): Promise<void> {
  const { api } = stage
  const before = await api.host(host)
  const { shows: resource } = damageTo(host, damage)
  const drift = await narrator.step(
    `${host}: break it by hand (${damage}), drift of ${resource} at the server`,
    async () => {
      await stage.breakHost(host, damage)
      return api.until('the drift', () => findDrift(api, host, resource))
    },
  )
  for (const change of drift.changes)
    narrator.note(`${change.property}: ${change.from} -> ${change.to}${indent(change.diff)}`)
  const rebuild = await narrator.step(`${host}: destroy and rebuild, ${order}, proved`, () =>
    api.until(`the rebuild of ${host}`, async () => {
      const { rebuilds } = await api.host(host)
      const mine = rebuilds.find(({ requestedAt }) => requestedAt >= drift.seenAt)
      if (mine !== undefined) failOnHeld([mine])
      return mine?.state === 'in-service' ? api.rebuild(mine.id) : undefined
    }),
  )
  for (const step of rebuild.steps) narrator.note(`${step.state.padEnd(10)} ${step.durationMs ?? 0} ms`)
  await narrator.step(`${host}: new life in service, old one revoked and gone`, async () => {
    checkRebuild(rebuild, order)
    const after = await api.host(host)
    const old = after.incarnations.find(({ number }) => number === before.incarnation)
    expect(after.incarnation === rebuild.toIncarnation, `${host} is incarnation ${after.incarnation}`)
    expect(
      old?.state === 'gone' && old.revokedAt !== null,
      `incarnation ${before.incarnation} is ${old?.state}`,
    )
    expect(
      after.status === 'in-sync' && after.openDrift === 0,
      `${host} is ${after.status} with ${after.openDrift} open drift`,
    )
    expect(
      after.provedRevision === after.revision,
      `${host} was proved at ${after.provedRevision}, and runs ${after.revision}`,
    )
  })
}

async function findDrift(api: Api, host: string, resource: string): Promise<DriftRow | undefined> {
  const rows = await api.get<readonly DriftRow[]>('/api/drift?open=true')
  return rows.find((row) => row.host === host && row.resource === resource)
}

/** The order of the steps is the promise: in surge the old one goes only after the new one is proved. */
function checkRebuild(rebuild: RebuildView, order: Case['order']): void {
  const at = (state: RebuildState) => rebuild.steps.findIndex((step) => step.state === state)
  expect(rebuild.order === order, `the rebuild's order is ${rebuild.order}, wanted ${order}`)
  const provedFirst = at('proving') < at('destroying')
  expect(
    provedFirst === (order === 'surge'),
    `${order}: proving is step ${at('proving')}, destroying ${at('destroying')}`,
  )
}

async function checkAudit(api: Api): Promise<void> {
  const { chain, entries } = await api.get<{
    chain: { intact: boolean; length: number }
    entries: readonly unknown[]
  }>('/api/audit?limit=500')
  expect(chain.intact && chain.length > 0 && entries.length > 0, 'the audit chain is broken or empty')
}

function failOnHeld(rebuilds: readonly RebuildRow[]): void {
  const held = rebuilds.find(({ state }) => state === 'held')
  expect(held === undefined, `the rebuild of ${held?.host} is held: ${held?.waiting}`)
}

function expect(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise)
}

function indent(diff: string | undefined): string {
  return diff === undefined ? '' : `\n${diff.trimEnd().replaceAll(/^/gm, '    ')}`
}
