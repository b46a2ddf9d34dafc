/** Certificates that the server's authority for services signs, on real hosts: nginx serves them, openssl verifies them. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Catalog, Report } from '../../schemas/generated/types.ts'
import { call } from '../../server/http/test-server.ts'
import type { AuditView, SiteView } from '../../server/http/view.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import { canRunHosts } from '../lab/prerequisites.ts'
import { startWorld, type World } from '../lab/world.ts'

const can = canRunHosts()
const id = 'certificate:/etc/ssl/www.pem'

const siteOf = (
  params: string,
) => `import { certificate, file, host, pkg, role, service, site } from 'rekindle'
const web = role('web', () => {
  const nginx = pkg('nginx-light')
  const openssl = pkg('openssl')
  const tls = certificate('/etc/ssl/www.pem', {
    names: [\`\${host.name}.example.org\`, '127.0.0.1', '2001:DB8::7'],
    issuer: 'rekindle',
    chain: '/etc/ssl/www-ca.pem',
    fullchain: '/etc/ssl/www-full.pem',
    require: openssl,
    ${params}
  })
  const conf = file('/etc/nginx/conf.d/tls.conf', {
    content: 'server { listen 443 ssl; ssl_certificate /etc/ssl/www-full.pem; ssl_certificate_key /etc/ssl/www.key; }\\n',
    require: nginx,
  })
  service('nginx', { ensure: 'running', subscribe: [tls, conf] })
  file('/srv/other', { content: 'x\\n' })
})
export default site({ hosts: [{ match: 'web-*', role: web }] })
`

describe.skipIf(!can.ok)(`certificates of services${can.ok ? '' : `: skipped: ${can.reason}`}`, () => {
  let lab: Lab
  let world: World
  let site: string
  let machine: string

  beforeAll(async () => {
    lab = await createLab({ name: 'tls', log: console.log })
    site = join(dirname(lab.dataDir), 'web')
    mkdirSync(site)
    writeFileSync(join(site, 'site.ts'), siteOf('validDays: 30'))
    world = await startWorld(lab, { site })
    await world.api.post('/api/hosts', { name: 'web-1' })
    machine = await world.api.until('web-1 in service', async () => {
      const { provedAt, rebuild, incarnations } = await world.api.host('web-1')
      const current = incarnations.find(({ state }) => state === 'current')
      return provedAt !== null && rebuild === null ? current?.machine : undefined
    })
    await lab.enter(machine, ['systemctl', 'stop', 'rekindle-agent'])
  })
  afterAll(async () => {
    await world?.close()
    await lab?.close()
    expect(lab?.leaks()).toEqual([])
  })

  const shell = async (script: string) => {
    const { code, stdout, stderr } = await lab.enter(machine, ['sh', '-c', script])
    if (code !== 0) throw new Error(`${script} exited ${code}: ${stderr}`)
    return stdout
  }
  async function once(...flags: readonly string[]): Promise<{ code: number; report: Report }> {
    const argv = ['rekindle', 'agent', '--once', '--json', '--detailed-exitcodes', ...flags]
    const { code, stdout, stderr } = await lab.enter(machine, argv)
    if (stdout === '') throw new Error(`rekindle agent --once exited ${code}: ${stderr}`)
    return { code, report: JSON.parse(stdout) as Report }
  }
  async function release(params: string): Promise<void> {
    const { revision: before } = await world.api.get<SiteView>('/api/site')
    writeFileSync(join(site, 'site.ts'), siteOf(params))
    await world.api.until('the new revision', async () => {
      const { revision, refused } = await world.api.get<SiteView>('/api/site')
      if (refused !== null) throw new Error(`Cannot serve the site: ${JSON.stringify(refused)}`)
      return revision !== before ? revision : undefined
    })
  }
  /** Lower-case hex, as nginx serves it to a client that trusts the authority. */
  const served = async () => {
    const connect =
      'openssl s_client -connect 127.0.0.1:443 -CAfile /etc/ssl/www-ca.pem -verify_return_error -verify_hostname web-1.example.org < /dev/null 2> /root/s_client'
    const serial = await shell(
      `${connect} | openssl x509 -noout -serial || { cat /root/s_client >&2; exit 1; }`,
    )
    return serial.trim().replace('serial=', '').toLowerCase()
  }
  const audited = async (action: string) => {
    const { entries } = await world.api.get<AuditView>('/api/audit')
    return entries.filter((entry) => entry.action === action).map(({ detail }) => detail)
  }
  const outcome = ({ resources }: Report, of = id) => resources.find((one) => one.id === of)

  it('a new host gets one that nginx serves and clients of the authority accept, and the audit log has it', async () => {
    const serial = await served()
    expect(await audited('service-certificate.issued')).toContainEqual(expect.stringContaining(serial))
    const agentUrl = `https://${lab.address}:8140`
    const { text: ca } = await call(agentUrl, { path: '/v1/service-ca', insecure: true })
    expect((await shell('cat /etc/ssl/www-ca.pem')).trim()).toBe(ca.trim())
    expect(
      await shell(
        'openssl verify -purpose sslserver -CAfile /etc/ssl/www-ca.pem -verify_ip 2001:db8::7 /etc/ssl/www.pem; stat -c %a /etc/ssl/www.key',
      ),
    ).toBe('/etc/ssl/www.pem: OK\n600\n')
    expect((await once()).code).toBe(0)
  })

  it('is no identity of an agent, and its authority is not the one that agents trust', async () => {
    const { code, stdout } = await lab.enter(machine, [
      'sh',
      '-c',
      `printf 'POST /v1/catalog HTTP/1.0\\r\\nContent-Length: 0\\r\\n\\r\\n' | openssl s_client -quiet -connect ${lab.address}:8140 -cert /etc/ssl/www.pem -key /etc/ssl/www.key 2>/dev/null`,
    ])
    expect([code, stdout]).toEqual([0, expect.stringContaining('certificate-unknown')])
    expect(stdout).toContain('401')
  })

  it('is made anew in time, and nginx serves the new one', async () => {
    const before = await served()
    await release('validDays: 90')
    const { code, report } = await once()
    expect(code, JSON.stringify(report)).toBe(2)
    expect(outcome(report)).toMatchObject({ outcome: 'changed', changes: [{ property: 'renewal' }] })
    const after = await served()
    expect(after).not.toBe(before)
    expect(outcome(report)?.output).toContain(after)
    expect(outcome(report, 'service:nginx')?.refreshed).toEqual([id])
  })

  it('while the server is away it goes on though it is due; a lost one fails alone, and comes back with the server', async () => {
    await release('validDays: 300')
    // The catalog in which it is due arrives, and only the other resource is taken.
    await once('--tags', 'file:/srv/other')
    const before = await served()
    await world.killServer()
    try {
      const waiting = await once()
      expect(waiting, JSON.stringify(waiting.report)).toMatchObject({ code: 0, report: { cached: true } })
      await shell('rm /etc/ssl/www.pem /srv/other')
      const { report } = await once()
      expect(outcome(report)).toMatchObject({ outcome: 'failed', error: { code: 'server-unreachable' } })
      expect(outcome(report, 'file:/srv/other')).toMatchObject({ outcome: 'changed' })
      expect(await served()).toBe(before)
    } finally {
      await world.startServer()
    }
    const { report } = await once()
    expect(outcome(report)).toMatchObject({ outcome: 'changed' })
    expect(await served()).not.toBe(before)
    expect((await once()).code).toBe(0)
  })

  it('rekindle apply, which has no server, says so and does the rest', async () => {
    const resource = (of: string, params: Record<string, unknown>) => {
      const [type = '', title = ''] = of.split(/:(.*)/)
      return { id: of, type, title, params, where: 'role/web.ts:1' }
    }
    const catalog: Catalog = {
      ...{ version: 1, host: 'web-1', role: 'web', revision: 'r', drift: 'correct' },
      resources: [
        resource('certificate:/etc/ssl/apply.pem', { names: ['a.example.org'], issuer: 'rekindle' }),
        resource('notify:done', { message: 'done' }),
      ],
    }
    writeFileSync(join(lab.settings.dir, machine, 'root/root/catalog.json'), JSON.stringify(catalog))
    const argv = ['rekindle', 'apply', '/root/catalog.json', '--state-dir', '/root/state', '--json']
    const report = JSON.parse((await lab.enter(machine, argv)).stdout) as Report
    expect(outcome(report, 'certificate:/etc/ssl/apply.pem')).toMatchObject({
      outcome: 'failed',
      error: { code: 'server-unreachable', message: expect.stringContaining('needs a server') },
    })
    expect(outcome(report, 'notify:done')).toMatchObject({ outcome: 'changed' })
    expect(await shell('ls /etc/ssl | grep -c apply || true')).toBe('0\n')
  })
})
