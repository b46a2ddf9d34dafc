/** What shows only on real hosts: how soon drift is known, what a rebuild takes by step, what an idle agent holds. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import type { DriftRow, RebuildView } from '../../server/http/view.ts'
import { requestFor } from '../../server/machine/contract.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import { canRunHosts } from '../lab/prerequisites.ts'
import { startWorld, type World } from '../lab/world.ts'
import { type Bench, type Figure, figure } from './figure.ts'

const exampleSite = join(import.meta.dirname, '..', '..', 'catalogs', 'example')
const quietHosts = ['quiet-1', 'quiet-2', 'quiet-3']
const editsPerHost = 3
const rebuildRounds = 3

/** One file whose drift is corrected at once, so that it can be broken again. */
const watchedSite = `
import { file, pool, role, site } from 'rekindle'
const watched = role('watched', () => {
  file('/etc/watched', { content: 'as declared\\n' })
})
export default site({ hosts: [{ match: '*', role: watched, pool: pool('watched', { drift: 'correct' }) }] })
`

async function withWorld<T>(site: string, act: (world: World, lab: Lab) => Promise<T>): Promise<T> {
  const lab = await createLab({ name: 'bench', log: console.log })
  try {
    const world = await startWorld(lab, { site })
    try {
      return await act(world, lab)
    } finally {
      await world.close()
    }
  } finally {
    await lab.close()
  }
}

async function makeHost({ api }: World, name: string): Promise<void> {
  await api.post('/api/hosts', { name })
  await api.until(`${name} in service`, async () =>
    (await api.host(name).catch(() => undefined))?.provedAt ? true : undefined,
  )
}

/**
 * From the edit on the host to the row in the server's store; one machine, so one clock. A few edits a host: an agent
 * whose corrections are undone again and again takes its time on purpose.
 */
async function driftLatency(world: World): Promise<Figure> {
  const samples: number[] = []
  for (const host of quietHosts) {
    await makeHost(world, host)
    for (let round = 0; round < editsPerHost; round++) samples.push(await timeDrift(world, host, round))
  }
  return figure({ id: 'drift.latency', unit: 'ms', reference: 'goal', samples, referenceSamples: [1000] })
}

async function timeDrift({ api, inside }: World, host: string, round: number): Promise<number> {
  const editedAt = Date.now()
  await inside(host, ['sh', '-c', `echo "round ${round}" >> /etc/watched`])
  const row = await api.until('the drift', async () => {
    const rows = await api.get<readonly DriftRow[]>('/api/drift?open=false')
    return rows.find((drift) => drift.host === host && Date.parse(drift.seenAt) >= editedAt)
  })
  await api.until(`${host} in sync`, async () => ((await api.host(host)).openDrift === 0 ? true : undefined))
  return Date.parse(row.seenAt) - editedAt
}

/** Memory of idle daemons, each beside a Node that does nothing on the same host. */
async function idleMemory(world: World): Promise<readonly Figure[]> {
  const agents: Memory[] = []
  const bare: Memory[] = []
  for (const host of quietHosts) {
    const idle = ['/usr/lib/rekindle/node', '-e', 'setInterval(() => {}, 1e9)']
    await world.inside(host, ['systemd-run', '--quiet', '--unit=bare', ...idle])
    bare.push(await memoryOf(world, host, 'node -e setInterval'))
    agents.push(await memoryOf(world, host, 'agent.mjs agent'))
  }
  const compare = (id: string, of: (memory: Memory) => number) =>
    figure({
      id,
      unit: 'MiB',
      reference: 'idle bare Node',
      samples: agents.map(of),
      referenceSamples: bare.map(of),
    })
  return [
    compare('agent.idle.rss', ({ all }) => all),
    compare('agent.idle.rss.private', ({ own }) => own),
    compare('agent.idle.rss.shared', ({ all, own }) => all - own),
  ]
}

interface Memory {
  /** MiB resident. */
  readonly all: number
  /** MiB of it that no other process maps. */
  readonly own: number
}

async function memoryOf(world: World, host: string, commandLine: string): Promise<Memory> {
  const pid = await world.api.until(commandLine, async () => {
    const { stdout } = await world.inside(host, ['pgrep', '-f', '-o', commandLine])
    return stdout.trim() || undefined
  })
  const { stdout } = await world.inside(host, ['cat', `/proc/${pid}/smaps_rollup`])
  const sum = (pattern: RegExp) =>
    [...stdout.matchAll(pattern)].reduce((total, [, kib]) => total + Number(kib), 0) / 1024
  return { all: sum(/^Rss: +(\d+)/gm), own: sum(/^Private_\w+: +(\d+)/gm) }
}

async function bareMachine({ driver }: Lab): Promise<number> {
  const start = performance.now()
  await driver.create(requestFor('bare-1', 'bare'))
  const elapsed = performance.now() - start
  await driver.destroy('bare-1')
  return elapsed
}

async function rebuildWeb(world: World, lab: Lab): Promise<readonly Figure[]> {
  for (const name of ['web-1', 'web-2']) await makeHost(world, name)
  const views: RebuildView[] = []
  const floors: number[] = []
  for (let round = 0; round < rebuildRounds; round++) {
    const { rebuild } = await world.api.post<{ rebuild: string }>('/api/hosts/web-1/rebuild', {
      reason: 'bench',
    })
    views.push(
      await world.api.until('the rebuild', async () => {
        const view = await world.api.rebuild(rebuild)
        if (view.state === 'held') throw new Error(`the rebuild is held: ${view.waiting}`)
        return view.state === 'in-service' ? view : undefined
      }),
    )
    floors.push(await bareMachine(lab))
  }
  const states = [...new Set(views.flatMap(({ steps }) => steps.map(({ state }) => state)))]
  const reference = 'a bare machine booted'
  const whole = figure({
    id: 'rebuild.web',
    unit: 'ms',
    reference,
    samples: views.map(({ elapsedMs }) => elapsedMs),
    referenceSamples: floors,
  })
  const byStep = states.map((state) =>
    figure({
      id: `rebuild.web.${state}`,
      unit: 'ms',
      reference,
      samples: views.map(({ steps }) =>
        steps
          .filter((step) => step.state === state)
          .reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0),
      ),
      referenceSamples: floors,
    }),
  )
  return [whole, ...byStep]
}

export const hosts: Bench = {
  ids: ['drift.latency', 'agent.idle.rss', 'rebuild.web'],
  about: 'on real hosts: from an edit to the server’s store; an idle agent’s memory; a rebuild by step',
  needs() {
    const can = canRunHosts()
    return can.ok ? undefined : can.reason
  },
  async run() {
    const dir = mkdtempSync(join(tmpdir(), 'rekindle-bench-site-'))
    try {
      writeFileSync(join(dir, 'site.ts'), watchedSite)
      const watched = await withWorld(dir, async (world) => [
        await driftLatency(world),
        ...(await idleMemory(world)),
      ])
      return [...watched, ...(await withWorld(exampleSite, rebuildWeb))]
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  },
}
