/** What a plan of a fleet of 10,000 hosts costs: the whole command, from start to exit, most hosts alike or few. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { sampleFacts } from '../../schemas/sample-facts.ts'
import { makeFleet, writeSite } from '../../server/plan/fleet.fixture.ts'
import type { FleetPlan } from '../../server/plan/plan.ts'
import { type Bench, type Figure, figure } from './figure.ts'

const hostCount = 10_000
const roleCount = 20
const launcher = join(import.meta.dirname, '..', '..', 'bin', 'rekindle')

interface Case {
  readonly id: string
  /** Catalogs that differ. */
  readonly distinct: number
  readonly goalMs: number
  readonly rounds: number
  /** What a configuration file holds besides text. */
  readonly reads: string
}

const cases: readonly Case[] = [
  { id: 'plan.fleet10000', distinct: 5_000, goalMs: 20_000, rounds: 3, reads: 'facts.memory.totalMiB' },
  { id: 'plan.fleet10000.shared', distinct: roleCount, goalMs: 2_000, rounds: 5, reads: 'facts.os.release' },
]

/** 20 roles of 150 resources each. */
function siteSource(reads: string, greeting: string): string {
  return `
import { exec, facts, file, pkg, role, service, site } from 'rekindle'

const roles = Array.from({ length: ${roleCount} }, (_, at) => role('role-' + at, () => {
  for (let i = 0; i < 30; i++) pkg('package-' + at + '-' + i)
  for (let i = 0; i < 30; i++) {
    const conf = file('/etc/app-' + i + '.conf', { content: 'limit ' + ${reads} + ' of ' + at + '\\n'.repeat(20), mode: '0644' })
    service('app-' + i, { ensure: 'running', enable: true, subscribe: conf })
  }
  for (let i = 0; i < 49; i++) file('/srv/data-' + i, { content: 'static ' + i, owner: 'root' })
  for (let i = 0; i < 10; i++) exec('task-' + i, { command: ['true'], creates: '/var/task-' + i })
  file('/etc/motd', { content: '${greeting} with ' + ${reads} + '\\n' })
}))

export default site({ hosts: roles.map((one, at) => ({ match: 'r' + at + '-*', role: one })) })
`
}

function fleetHosts() {
  return Array.from({ length: hostCount }, (_, at) => {
    const name = `r${at % roleCount}-${at}`
    const facts = sampleFacts(name)
    return { name, facts: { ...facts, memory: { ...facts.memory, totalMiB: 1024 + (at % 5_000) } } }
  })
}

async function measure({ id, distinct, goalMs, rounds, reads }: Case): Promise<Figure> {
  const dir = mkdtempSync(join(tmpdir(), 'rekindle-bench-'))
  try {
    const site = writeSite(join(dir, 'served'), { 'site.ts': siteSource(reads, 'hello') })
    const changed = writeSite(join(dir, 'planned'), { 'site.ts': siteSource(reads, 'welcome') })
    const config = await makeFleet(dir, { site, hosts: fleetHosts() })
    const samples: number[] = []
    for (let round = 0; round <= rounds; round++) {
      const start = performance.now()
      const plan = runPlan(changed, config)
      // The first one warms what the disk has to give.
      if (round > 0) samples.push(performance.now() - start)
      const wanted = distinct === roleCount ? 1 : distinct
      if (plan.counts.changed !== hostCount || plan.groups.length !== wanted)
        throw new Error(`planned ${plan.counts.changed} hosts in ${plan.groups.length} groups`)
    }
    return figure({ id, unit: 'ms', reference: 'goal', samples, referenceSamples: [goalMs] })
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** It ends with 2, since hosts change. */
function runPlan(site: string, config: string): FleetPlan {
  const argv = ['plan', '--fleet', site, '--config', config, '--format', 'json']
  try {
    execFileSync(launcher, argv, { maxBuffer: 1024 ** 3 })
  } catch (error) {
    const [status, stdout] = [Reflect.get(Object(error), 'status'), Reflect.get(Object(error), 'stdout')]
    if (status === 2) return JSON.parse(String(stdout)) as FleetPlan
    throw error
  }
  throw new Error('the plan found nothing to change')
}

export const plan: Bench = {
  ids: cases.map(({ id }) => id),
  about: 'a plan of 10,000 hosts, 20 roles of 150 resources: with 5,000 catalogs that differ, and with 20',
  async run() {
    const figures: Figure[] = []
    for (const one of cases) figures.push(await measure(one))
    return figures
  },
}
