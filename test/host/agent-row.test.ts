/**
 * The agent against a real server on real hosts: its lock, its last good catalog, a server that is away. Each test is a row
 * of Puppet's behaviours that people rely on, by number; docs/puppet-rows.md lists all rows. The daemon is stopped once a
 * host is in service, so that every run is one that a test asks for.
 */
import { generateKeyPairSync } from 'node:crypto'
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Report } from '../../schemas/generated/types.ts'
import type { ReportView, SiteView } from '../../server/http/view.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import { canRunHosts } from '../lab/prerequisites.ts'
import { startWorld, type World } from '../lab/world.ts'

const can = canRunHosts()
const hosts = ['one-1', 'one-2'] as const
const notices = ['delta', 'alpha', 'hotel', 'bravo', 'golf', 'charlie', 'foxtrot', 'echo']

/** `exec:hold` goes on while /srv/hold is there, and so keeps a run under way for as long as a test wants. */
const siteOf = (version: string) => `import { exec, file, host, notify, role, site } from 'rekindle'
const one = role('one', () => {
  file('/srv/name', { content: \`\${host.name}\\n\` })
  for (const name of ${JSON.stringify(notices)}) notify(name, { message: '${version}' })
  exec('hold', { command: 'touch /srv/begun; while test -e /srv/hold; do sleep 0.1; done', onlyIf: 'test -e /srv/hold' })
  file('/srv/code', { content: '${version}\\n' })
  file('/srv/bytes', { content: new Uint8Array([0xc0, 0xff]) })
})
export default site({ hosts: [{ match: 'one-*', role: one }] })
`

interface Once {
  readonly code: number
  readonly stderr: string
  /** Undefined when the run was not attempted. */
  readonly report: Report | undefined
}

describe.skipIf(!can.ok)(`rows of the agent on real hosts${can.ok ? '' : `: skipped: ${can.reason}`}`, () => {
  let lab: Lab
  let world: World
  let site: string
  let [machine, other] = ['', '']
  let versions = 0

  beforeAll(async () => {
    lab = await createLab({ name: 'agent', log: console.log })
    site = join(dirname(lab.dataDir), 'rows')
    mkdirSync(site)
    writeFileSync(join(site, 'site.ts'), siteOf('v0'))
    world = await startWorld(lab, { site })
    for (const name of hosts) await world.api.post('/api/hosts', { name })
    ;[machine = '', other = ''] = await Promise.all(hosts.map(inService))
    for (const name of [machine, other]) await lab.enter(name, ['systemctl', 'stop', 'rekindle-agent'])
  })
  afterAll(async () => {
    await world?.close()
    await lab?.close()
    expect(lab?.leaks()).toEqual([])
  })
  beforeEach(async () => {
    await shell('cd /srv && rm -f hold begun; cd /var/lib/rekindle && rm -f lock disabled.json')
    expect((await once()).report).toMatchObject({ cached: false })
  })

  /** The name of its machine, once it has proved that it holds its catalog. */
  const inService = (name: string) =>
    world.api.until(`${name} in service`, async () => {
      const { provedAt, rebuild, incarnations } = await world.api.host(name)
      const current = incarnations.find(({ state }) => state === 'current')
      return provedAt !== null && rebuild === null ? current?.machine : undefined
    })
  const state = (name: string, path = '') => join(lab.settings.dir, name, 'root/var/lib/rekindle', path)
  const shell = async (script: string) => {
    const { code, stdout, stderr } = await lab.enter(machine, ['sh', '-c', script])
    if (code !== 0) throw new Error(`${script} exited ${code}: ${stderr}`)
    return stdout
  }
  const exists = async (path: string) => (await lab.enter(machine, ['test', '-e', path])).code === 0

  async function once(...flags: readonly string[]): Promise<Once> {
    const argv = ['rekindle', 'agent', '--once', '--json', '--detailed-exitcodes', ...flags]
    const { code, stdout, stderr } = await lab.enter(machine, argv)
    return { code, stderr, report: stdout === '' ? undefined : (JSON.parse(stdout) as Report) }
  }

  /** Another version of the site, which the server has by the end; with `unseen` it is away and cannot have it yet. */
  async function release({ unseen = false } = {}): Promise<string> {
    const version = `v${++versions}`
    const before = unseen ? undefined : await world.api.get<SiteView>('/api/site')
    writeFileSync(join(site, 'site.ts'), siteOf(version))
    if (before !== undefined) await served(before.revision)
    return `${version}\n`
  }
  const served = (before: string | null | undefined) =>
    world.api.until('the new revision', async () => {
      const { revision, refused } = await world.api.get<SiteView>('/api/site')
      if (refused !== null) throw new Error(`Cannot serve the site: ${JSON.stringify(refused)}`)
      return revision !== null && revision !== before ? revision : undefined
    })

  async function withoutServer<T>(act: () => Promise<T>): Promise<T> {
    await world.killServer()
    try {
      return await act()
    } finally {
      await world.startServer()
    }
  }

  /** Begins a run that goes on until `letGo`. */
  async function begin(...flags: readonly string[]) {
    await shell('touch /srv/hold')
    const run = once(...flags)
    await expect.poll(() => exists('/srv/begun'), { timeout: 20_000 }).toBe(true)
    return {
      run,
      letGo: () => shell('rm /srv/hold'),
    }
  }

  const spooled = () =>
    readdirSync(state(machine, 'spool'))
      .filter((name) => name.endsWith('.json'))
      .map((name) => JSON.parse(readFileSync(state(machine, join('spool', name)), 'utf8')) as Report)
  const atServer = (id = '') => world.api.get<ReportView>(`/api/reports/${id}`)

  it('an empty host gets a key, a certificate and a catalog of its own, and a second run changes nothing (A1)', async () => {
    for (const [at, name] of [machine, other].entries()) {
      expect(readFileSync(join(lab.settings.dir, name, 'root/srv/name'), 'utf8')).toBe(`${hosts[at]}\n`)
      const identity = JSON.parse(readFileSync(state(name, 'identity/identity.json'), 'utf8'))
      expect(identity).toMatchObject({ host: hosts[at], certificate: expect.stringContaining('CERTIFICATE') })
    }
    expect(await shell('stat -c %a /var/lib/rekindle/identity/identity.json')).toBe('600\n')
    expect(await once()).toMatchObject({ code: 0, report: { status: 'in-sync', resources: [] } })
  })

  it('what a host says its name is changes nothing: its certificate has the name that counts (A1)', async () => {
    await shell('hostname liar')
    try {
      const version = await release()
      expect(await once()).toMatchObject({ code: 2, report: { host: hosts[0], cached: false } })
      expect(await shell('cat /srv/name /srv/code')).toBe(`${hosts[0]}\n${version}`)
    } finally {
      await shell(`hostname ${hosts[0]}`)
    }
  })

  it('new code is seen by the next run, in the order in which it declares (A20, G1)', async () => {
    const version = await release()
    const { code, report } = await once()
    expect(code).toBe(2)
    expect(await shell('cat /srv/code')).toBe(version)
    expect(report?.resources.map(({ id }) => id)).toEqual([
      ...notices.map((name) => `notify:${name}`),
      'file:/srv/code',
    ])
    expect(await atServer(report?.id)).toMatchObject({ status: 'changed', host: hosts[0] })
  })

  it('while runs are disabled none starts, and each says why (A2)', async () => {
    await shell('rekindle agent disable "busy with the move"; rm /srv/code')
    expect(JSON.parse(await shell('cat /var/lib/rekindle/disabled.json'))).toMatchObject({
      reason: 'busy with the move',
    })
    const refused = await once()
    expect(refused).toMatchObject({ code: 1, report: undefined })
    expect(refused.stderr).toContain('busy with the move')
    expect(await exists('/srv/code')).toBe(false)
    await shell('rekindle agent enable')
    expect((await once()).code).toBe(2)
    expect(await exists('/srv/code')).toBe(true)
  })

  it('beside a run that is under way another is refused, gives up, or waits and then runs (A4)', async () => {
    const first = await begin()
    const waiting = once('--wait-for-lock', '60')
    // These come to the lock after the one that waits does, and before the first lets go of it.
    for (const flags of [[], ['--wait-for-lock', '0.2']]) {
      const refused = await once(...flags)
      expect(refused).toMatchObject({ code: 1, report: undefined })
      expect(refused.stderr).toContain('another run is in progress (pid')
    }
    await first.letGo()
    const ended = await first.run
    expect(ended).toMatchObject({ code: 2 })
    const waited = await waiting
    expect(waited).toMatchObject({ code: 0, report: { status: 'in-sync' } })
    expect(Date.parse(waited.report?.startedAt ?? '')).toBeGreaterThanOrEqual(
      Date.parse(ended.report?.finishedAt ?? ''),
    )
    expect(await exists('/var/lib/rekindle/lock')).toBe(false)
  })

  it('the lock of an agent that was killed is taken over (A5)', async () => {
    const { run, letGo } = await begin()
    await lab.enter(machine, ['pkill', '-KILL', '-f', 'agent.mjs agent --once'])
    await run.catch(() => undefined)
    await letGo()
    expect(await exists('/var/lib/rekindle/lock')).toBe(true)
    expect((await once()).code).toBe(0)
    expect(await exists('/var/lib/rekindle/lock')).toBe(false)
  })

  it.each([
    ['an empty lock', ''],
    ['a lock with the pid of another program', '{"pid":1,"startTime":"1","bootId":"x"}'],
  ])('%s is taken over (A5)', async (_, text) => {
    await shell(`printf '%s' '${text}' > /var/lib/rekindle/lock; rm /srv/code`)
    expect((await once()).code).toBe(2)
    expect(await exists('/srv/code')).toBe(true)
    expect(await exists('/var/lib/rekindle/lock')).toBe(false)
  })

  it('without a server the last good catalog is applied, and the report is kept until it is back (A7)', async () => {
    await shell('rm /srv/code')
    const { code, report, stderr } = await withoutServer(async () => {
      const cached = await once()
      expect(spooled()).toMatchObject([{ id: cached.report?.id, cached: true }])
      return cached
    })
    expect({ code, report }).toMatchObject({
      code: 2,
      report: { status: 'changed', cached: true, resources: [{ id: 'file:/srv/code', cause: 'drift' }] },
    })
    expect(stderr).toContain('catalog-cached')
    expect(await exists('/srv/code')).toBe(true)
    await once()
    expect(await atServer(report?.id)).toMatchObject({ cached: true, status: 'changed' })
    expect(spooled()).toEqual([])
  })

  it('a run that must not use the last good catalog fails without a server, and applies nothing (A8)', async () => {
    await shell('rm /srv/code')
    const { code, report } = await withoutServer(() => once('--no-cached'))
    expect(code).toBe(1)
    expect(report).toMatchObject({ status: 'failed', error: { code: 'server-unreachable' }, resources: [] })
    expect(await exists('/srv/code')).toBe(false)
  })

  // Puppet's run fails. Here the host is kept to its last good catalog, and the report says so.
  it('a catalog that is refused does not take the place of the last good one (A10, put right)', async () => {
    const before = await shell('cat /srv/code')
    const kept = readFileSync(state(machine, 'catalog.json'), 'utf8')
    const keyFile = join(lab.dataDir, 'ca', 'catalog.key')
    const key = readFileSync(keyFile)
    const swapKey = (text: string | Buffer) => withoutServer(async () => writeFileSync(keyFile, text))
    await swapKey(generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }))
    try {
      await release()
      await shell('rm /srv/code')
      const { code, report, stderr } = await once()
      expect({ code, report }).toMatchObject({ code: 2, report: { status: 'changed', cached: true } })
      expect(stderr).toContain('signature-invalid')
      expect(await shell('cat /srv/code')).toBe(before)
      expect(await once('--no-cached')).toMatchObject({ code: 1, report: { status: 'failed' } })
      expect(readFileSync(state(machine, 'catalog.json'), 'utf8')).toBe(kept)
    } finally {
      await swapKey(key)
    }
    const version = await release()
    expect(await once()).toMatchObject({ code: 2, report: { cached: false } })
    expect(await shell('cat /srv/code')).toBe(version)
  })

  // There are no environments; what the last good catalog must not be is another host's.
  it('the last good catalog of another host, signed by the same server, is not used (A11)', async () => {
    const own = state(machine, 'catalog.json')
    const kept = readFileSync(own)
    await shell('rm /srv/code')
    cpSync(state(other, 'catalog.json'), own)
    const { code, report } = await withoutServer(() => once())
    expect(code).toBe(1)
    expect(report).toMatchObject({ status: 'failed', error: { code: 'catalog-unavailable' } })
    expect(await exists('/srv/code')).toBe(false)
    writeFileSync(own, kept)
    expect(await withoutServer(() => once())).toMatchObject({ code: 2, report: { cached: true } })
  })

  it('a host that cannot reach the server is kept to the contents that it last had, until it can (A13, F36)', async () => {
    const before = await shell('cat /srv/code')
    const { revision } = await world.api.get<SiteView>('/api/site')
    const version = await withoutServer(async () => {
      const fresh = await release({ unseen: true })
      await shell('rm /srv/code /srv/bytes')
      expect(await once()).toMatchObject({ code: 2, report: { cached: true } })
      expect(await shell('cat /srv/code; od -An -tx1 /srv/bytes')).toBe(`${before} c0 ff\n`)
      return fresh
    })
    await served(revision)
    expect(await once()).toMatchObject({ code: 2, report: { cached: false } })
    expect(await shell('cat /srv/code')).toBe(version)
  })

  it('a server that goes away in the middle of a run does not stop it, and has its report later (A14)', async () => {
    await shell('rm /srv/code')
    const { run, letGo } = await begin()
    const { code, report, stderr } = await withoutServer(async () => {
      await letGo()
      const ended = await run
      expect(spooled()).toMatchObject([{ id: ended.report?.id }])
      return ended
    })
    expect({ code, report }).toMatchObject({ code: 2, report: { status: 'changed', cached: false } })
    expect(stderr).toContain('report-kept')
    expect(await exists('/srv/code')).toBe(true)
    await once()
    expect(await atServer(report?.id)).toMatchObject({ status: 'changed', cached: false })
  })
})
