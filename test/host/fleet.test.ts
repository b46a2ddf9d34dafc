/** The main job on real hosts, with the example site: one server, three hosts, and what can go wrong between them. */
import { appendFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type {
  AuditView,
  DriftRow,
  RebuildState,
  RebuildView,
  ReportRow,
  SiteView,
} from '../../server/http/view.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import { canRunHosts } from '../lab/prerequisites.ts'
import { startWorld, type World } from '../lab/world.ts'

const can = canRunHosts()
const hosts = ['web-1', 'web-2', 'db-1']
const example = join(import.meta.dirname, '..', '..', 'catalogs', 'example')

describe.skipIf(!can.ok)(`a fleet on real hosts${can.ok ? '' : `: skipped: ${can.reason}`}`, () => {
  let lab: Lab
  let world: World
  let site: string

  beforeAll(async () => {
    lab = await createLab({ name: 'fleet', log: console.log })
    site = join(dirname(lab.dataDir), 'example')
    cpSync(example, site, { recursive: true })
    world = await startWorld(lab, { site })
    for (const name of hosts) await world.api.post('/api/hosts', { name })
    for (const name of hosts) await inService(name)
  })
  afterAll(async () => {
    await world?.close()
    await lab?.close()
    expect(lab?.leaks()).toEqual([])
  })

  const inService = (name: string) =>
    world.api.until(`${name} in service`, async () => {
      const host = await world.api.host(name)
      const held = host.rebuilds.find(({ state }) => state === 'held')
      if (held !== undefined) throw new Error(`the rebuild of ${name} is held: ${held.waiting}`)
      return host.provedAt !== null && host.rebuild === null && ['in-sync', 'changed'].includes(host.status)
        ? host
        : undefined
    })
  const rebuild = async (name: string) =>
    (await world.api.post<{ rebuild: string }>(`/api/hosts/${name}/rebuild`, { reason: 'test' })).rebuild
  const reaches = (id: string, state: RebuildState) =>
    world.api.until(`rebuild ${id} ${state}`, async () => {
      const view = await world.api.rebuild(id)
      return view.state === state || view.steps.some((step) => step.state === state) ? view : undefined
    })
  const ends = (id: string) =>
    world.api.until(`rebuild ${id} in service`, async () => {
      const view = await world.api.rebuild(id)
      if (view.state === 'held') throw new Error(`held: ${view.waiting}`)
      return view.endedAt === null ? undefined : view
    })
  const machines = async () => (await lab.driver.list()).map(({ machine }) => machine).toSorted()
  const currentMachine = async (name: string) =>
    (await world.api.host(name)).incarnations.find(({ state }) => state === 'current')?.machine
  const drifts = () => world.api.get<readonly DriftRow[]>('/api/drift?open=true')

  it('converges every host from bare, and proves it', async () => {
    for (const name of hosts) {
      const host = await inService(name)
      expect(host).toMatchObject({ incarnation: 1, openDrift: 0, connected: true })
      expect(host.provedRevision).toBe(host.revision)
    }
    const { address } = await inService('web-1')
    expect(await (await fetch(`http://${address}/`)).text()).toContain('web-1')
  })

  it('rekindle agent --once on a host in sync exits 0, and says so', async () => {
    const { code, stdout, stderr } = await world.inside('web-1', [
      'rekindle',
      'agent',
      '--once',
      '--detailed-exitcodes',
      '--json',
      '--wait-for-lock',
      '30',
    ])
    expect(code, stderr).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ status: 'in-sync', cached: false, counts: { changed: 0 } })
  })

  it('drift leads to a rebuild in surge order: the old host goes after the new one is proved', async () => {
    const old = await currentMachine('web-1')
    await world.inside('web-1', ['systemctl', 'stop', 'nginx'])
    const drift = await world.api.until('the drift', async () =>
      (await drifts()).find(({ host }) => host === 'web-1'),
    )
    expect(drift).toMatchObject({
      resource: 'service:nginx',
      changes: [{ property: 'ensure', from: 'stopped', to: 'running' }],
    })
    const made = await world.api.until('the rebuild', async () =>
      (await world.api.host('web-1')).rebuilds.find(({ requestedBy }) => requestedBy === 'policy'),
    )
    const ended = await ends(made.id)
    const order = ended.steps.map(({ state }) => state)
    expect(order.indexOf('proving')).toBeLessThan(order.indexOf('destroying'))
    expect(ended.reason).toContain('service:nginx')
    expect(ended.evidence).toContain('service:nginx')
    expect(await machines()).not.toContain(old)
    expect(await inService('web-1')).toMatchObject({ incarnation: 2, openDrift: 0 })
  })

  it.each<RebuildState>(['creating', 'enrolling', 'converging', 'destroying'])(
    'a server killed while a rebuild is %s goes on with it after its restart',
    async (state) => {
      const before = (await inService('web-2')).incarnation ?? 0
      const id = await rebuild('web-2')
      await reaches(id, state)
      await world.killServer()
      await world.startServer()
      await ends(id)
      expect(await inService('web-2')).toMatchObject({ incarnation: before + 1 })
      expect(await machines()).toHaveLength(hosts.length)
    },
  )

  it('an agent killed in the middle of its first run is started again, and the rebuild ends well', async () => {
    const id = await rebuild('db-1')
    const { toIncarnation } = await reaches(id, 'converging')
    await lab.enter(`db-1-${toIncarnation}`, ['pkill', '-KILL', '-f', 'agent.mjs'])
    await ends(id)
    expect((await inService('db-1')).incarnation).toBe(toIncarnation)
  })

  it('an intended change is applied, and is no drift and no reason to rebuild (A20)', async () => {
    const before = await inService('web-1')
    appendFileSync(join(site, 'templates', 'index.html.eta'), '<p>a new line</p>\n')
    const after = await world.api.until('the new revision', async () => {
      const host = await world.api.host('web-1')
      return host.revision !== before.revision && host.status !== 'stale' ? host : undefined
    })
    expect(await (await fetch(`http://${after.address}/`)).text()).toContain('a new line')
    expect(after).toMatchObject({ incarnation: before.incarnation, openDrift: 0, rebuild: null })
  })

  it('a site that does not compile is refused with file and line, and hosts stay on the last good catalog', async () => {
    const good = readFileSync(join(site, 'site.ts'), 'utf8')
    const before = await inService('web-1')
    writeFileSync(join(site, 'site.ts'), `${good}\nthis is no TypeScript\n`)
    const { refused, revision } = await world.api.until('the refusal', async () => {
      const view = await world.api.get<SiteView>('/api/site')
      return view.refused === null ? undefined : view
    })
    expect(refused?.problems[0]?.where).toMatch(/^site\.ts:\d+/)
    expect(revision).toBe(before.revision)
    const { stdout } = await world.inside('web-1', [
      'rekindle',
      'agent',
      '--once',
      '--json',
      '--wait-for-lock',
      '30',
    ])
    expect(JSON.parse(stdout)).toMatchObject({ status: 'in-sync', revision: before.revision })
    writeFileSync(join(site, 'site.ts'), good)
    await world.api.until('the site to be good again', async () =>
      (await world.api.get<SiteView>('/api/site')).refused === null ? true : undefined,
    )
  })

  it('a revoked host is refused at once, and a rebuild gives it a new life', async () => {
    await world.api.post('/api/hosts/web-2/revoke', { reason: 'test' })
    const { code, stderr, stdout } = await world.inside('web-2', [
      'rekindle',
      'agent',
      '--once',
      '--no-cached',
      '--wait-for-lock',
      '30',
    ])
    expect(code).toBe(1)
    expect(`${stdout}${stderr}`).toMatch(/revoked/)
    const { entries } = await world.api.get<AuditView>('/api/audit?limit=200')
    const refusal = entries.find(({ action }) => action === 'certificate.refused')
    expect(refusal?.detail).toMatch(/certificate-revoked.*web-2/)
    await ends(await rebuild('web-2'))
    expect(await inService('web-2')).toMatchObject({ connected: true })
  })

  it('without a server a host converges from its last good catalog, says so, and its report arrives later (A7, A8)', async () => {
    await world.killServer()
    const machine = (await machines()).find((name) => name.startsWith('web-1-')) ?? ''
    const { code, stdout } = await lab.enter(machine, [
      'rekindle',
      'agent',
      '--once',
      '--json',
      '--detailed-exitcodes',
      '--wait-for-lock',
      '30',
    ])
    expect(code).toBe(0)
    const report = JSON.parse(stdout)
    expect(report).toMatchObject({ cached: true, status: 'in-sync' })
    expect(
      (await lab.enter(machine, ['rekindle', 'agent', '--once', '--no-cached', '--wait-for-lock', '30']))
        .code,
    ).toBe(1)
    await world.startServer()
    const row = await world.api.until('the report of the time without a server', async () =>
      (await world.api.host('web-1')).reports.find(({ id }) => id === report.id),
    )
    expect(row satisfies ReportRow).toMatchObject({ cached: true })
  })

  it('the audit log is one chain, and names who asked for what', async () => {
    const { chain, entries } = await world.api.get<AuditView>('/api/audit?limit=500')
    expect(chain).toMatchObject({ intact: true, brokenAt: null })
    expect(entries.some(({ actor, action }) => actor === 'policy' && action === 'rebuild.requested')).toBe(
      true,
    )
    expect(
      entries.some(({ actor, action }) => actor === 'user:admin' && action === 'rebuild.requested'),
    ).toBe(true)
    expect(entries.some(({ action }) => action === 'certificate.revoked')).toBe(true)
  })

  it('stopped and started again, server and machines go on with the same data', async () => {
    const before = await Promise.all(hosts.map((name) => currentMachine(name)))
    await world.killServer()
    for (const machine of await machines()) await lab.driver.stop(machine)
    await world.startServer()
    for (const name of hosts)
      await world.api.until(`${name} connected`, async () =>
        (await world.api.host(name)).connected ? true : undefined,
      )
    expect(await Promise.all(hosts.map((name) => currentMachine(name)))).toEqual(before)
    const view = await world.api.get<readonly RebuildView[]>('/api/rebuilds')
    expect(view.filter(({ endedAt }) => endedAt === null)).toEqual([])
  })
})
