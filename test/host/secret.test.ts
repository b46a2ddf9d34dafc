/** A secret in a file of a real host: drift of it is redacted, and the agent keeps its value nowhere else. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Report } from '../../schemas/generated/types.ts'
import { filesWith, isIn } from '../e2e/search.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import { canRunHosts } from '../lab/prerequisites.ts'
import { startWorld, type World } from '../lab/world.ts'

const can = canRunHosts()
const planted = 'pl4nted-On_A_Host'
const content = `user = app\npassword = ${planted}\n`
const every = [planted, content]

const site = `import { file, role, secret, site, user } from 'rekindle'
const app = role('app', () => {
  file('/etc/app.conf', { content: \`user = app\\npassword = \${secret('db/password')}\\n\` })
  user('app', { password: secret('app/hash') })
})
export default site({ hosts: [{ match: 'app-*', role: app }] })
`
const hash = '$6$planted$'.padEnd(98, 'x')

describe.skipIf(!can.ok)(`secrets${can.ok ? '' : `: skipped: ${can.reason}`}`, () => {
  let lab: Lab
  let world: World
  let machine: string

  beforeAll(async () => {
    lab = await createLab({ name: 'secret', log: console.log })
    const dir = dirname(lab.dataDir)
    const put = (path: string, text: string) => {
      mkdirSync(dirname(join(dir, path)), { recursive: true })
      writeFileSync(join(dir, path), text)
      chmodSync(join(dir, path), 0o600)
    }
    put('site/site.ts', site)
    put('source/db/password', `${planted}\n`)
    put('source/app/hash', hash)
    const secrets = [{ from: 'files' as const, dir: join(dir, 'source') }]
    world = await startWorld(lab, { site: join(dir, 'site'), secrets })
    await world.api.post('/api/hosts', { name: 'app-1' })
    machine = await world.api.until('app-1 in service', async () => {
      const { provedAt, rebuild, incarnations } = await world.api.host('app-1')
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
  async function once(...flags: readonly string[]): Promise<Report> {
    const { stdout, stderr } = await lab.enter(machine, [
      ...['rekindle', 'agent', '--once', '--json', ...flags],
    ])
    expect(isIn(`${stdout}${stderr}`, every)).toBe(false)
    if (stdout === '') throw new Error(`rekindle agent --once said: ${stderr}`)
    return JSON.parse(stdout) as Report
  }

  it('are on the host, for root alone, and a second run changes nothing', async () => {
    expect(await shell('cat /etc/app.conf')).toBe(content)
    expect((await shell('stat -c %a /etc/app.conf')).trim()).toBe('600')
    expect(await shell('getent shadow app')).toContain(hash)
    expect((await once()).status).toBe('in-sync')
  })

  it('are redacted in what drift shows', async () => {
    await shell('sed -i s/user/USER/ /etc/app.conf')
    for (const report of [await once('--noop'), await once()]) {
      const change = report.resources.find(({ id }) => id === 'file:/etc/app.conf')
      expect(change?.changes).toEqual([{ property: 'content', from: '[redacted]', to: '[redacted]' }])
    }
    expect(await shell('cat /etc/app.conf')).toBe(content)
  })

  it('are in no byte of the agent’s state, its journal, its configuration and the server’s data', async () => {
    const root = join(lab.settings.dir, machine, 'root')
    expect(filesWith(join(root, 'etc'), every)).toEqual([join(root, 'etc/app.conf')])
    expect(filesWith(join(root, 'var/lib/rekindle'), every)).toEqual([])
    expect((await shell('ls /var/lib/rekindle')).split('\n')).toContain('catalog.json')
    expect(isIn(await shell('journalctl --no-pager -o export'), every)).toBe(false)
    expect(filesWith(lab.dataDir, [...every, hash])).toEqual([])
  })
})
