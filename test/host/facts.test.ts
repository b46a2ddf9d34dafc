/** Facts of real hosts: compared with what the system's own tools say, and the site's own from a program to a catalog. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Facts, Report, Vitals } from '../../schemas/generated/types.ts'
import { requestFor } from '../../server/machine/contract.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import { canRunHosts } from '../lab/prerequisites.ts'
import { startWorld, type World } from '../lab/world.ts'

const can = canRunHosts()

const siteText = `import { customFact, facts, file, host, pkg, role, site } from 'rekindle'
const rack = customFact('rack', {
  type: 'object',
  properties: { row: { type: 'integer' } },
  required: ['row'],
})
const zone = customFact('zone', { type: 'string' })
const web = role('web', () => {
  file('/etc/rekindle/facts.d', { ensure: 'directory', mode: '0755', owner: 'root' })
  file('/etc/rekindle/facts.d/rack.sh', { content: '#!/bin/sh\\necho \\'{"row": 4}\\'\\n', mode: '0755' })
  pkg('cron')
  const seen = {
    row: rack.value?.row ?? null,
    zone: zone.value ?? null,
    cron: facts.packages.cron !== undefined,
    none: facts.packages['no-such-package'] === undefined,
    name: host.name,
    pool: host.pool,
    attributes: { ...host.attributes },
  }
  file('/etc/seen.json', { content: JSON.stringify(seen) })
})
export default site({ hosts: [{ match: '*', role: web }] })
`

describe.skipIf(!can.ok)(`facts of hosts${can.ok ? '' : `: skipped: ${can.reason}`}`, () => {
  let lab: Lab
  let world: World
  let machine: string

  beforeAll(async () => {
    lab = await createLab({ name: 'fact', log: console.log })
    const site = join(dirname(lab.dataDir), 'site')
    mkdirSync(site)
    writeFileSync(join(site, 'site.ts'), siteText)
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

  async function shell(script: string, on = machine): Promise<string> {
    const { code, stdout, stderr } = await lab.enter(on, ['sh', '-c', script])
    if (code !== 0) throw new Error(`${script} exited ${code}: ${stderr}`)
    return stdout.trimEnd()
  }
  async function json<T>(script: string): Promise<T> {
    return JSON.parse(await shell(script)) as T
  }
  async function once(on = machine): Promise<{ report: Report; log: string }> {
    const argv = ['rekindle', 'agent', '--once', '--json']
    const { stdout, stderr } = await lab.enter(on, argv)
    if (stdout === '') throw new Error(`rekindle agent --once: ${stderr}`)
    return { report: JSON.parse(stdout) as Report, log: stderr }
  }
  const seen = (on = machine) => shell('cat /etc/seen.json', on).then((text) => JSON.parse(text) as object)

  describe('are what the system’s own tools say', () => {
    let facts: Facts
    beforeAll(async () => {
      facts = await json<Facts>('rekindle facts --json')
    })

    it('of disks (lsblk)', async () => {
      interface Answer {
        blockdevices: { name: string; size: number; model: string | null; rota: boolean; type: string }[]
      }
      const { blockdevices } = await json<Answer>(
        'lsblk --json --bytes --nodeps -o NAME,SIZE,MODEL,ROTA,TYPE',
      )
      const disks = blockdevices
        .filter(({ name, type, size }) => type === 'disk' && size > 0 && !name.startsWith('zram'))
        .map(({ name, size, model, rota }) => [
          name,
          { sizeMiB: Math.floor(size / 1024 ** 2), model: model ?? '', rotational: rota },
        ])
      expect(facts.disks).toEqual(Object.fromEntries(disks))
    })

    it('of file systems (findmnt)', async () => {
      interface Answer {
        filesystems: { target: string; fstype: string; size: number }[]
      }
      const { filesystems } = await json<Answer>('findmnt --json --bytes --list -o TARGET,FSTYPE,SIZE')
      expect(Object.keys(facts.mounts)).toContain('/')
      for (const [path, { type, sizeMiB }] of Object.entries(facts.mounts)) {
        const found = filesystems.findLast(({ target }) => target === path)
        expect([path, found?.fstype, Math.floor(Number(found?.size) / 1024 ** 2)]).toEqual([
          path,
          type,
          sizeMiB,
        ])
      }
    })

    it('of the network (ip, hostname)', async () => {
      interface Link {
        ifname: string
        address: string
        mtu: number
        addr_info: { local: string; prefixlen: number; scope: string }[]
      }
      const links = (await json<Link[]>('ip --json address')).filter(({ ifname }) => ifname !== 'lo')
      const wanted = links.map(({ ifname, address, mtu, addr_info: found }) => [
        ifname,
        [
          address,
          mtu,
          found.filter(({ scope }) => scope === 'global').map((one) => `${one.local}/${one.prefixlen}`),
        ],
      ])
      const said = Object.entries(facts.network.links).map(([name, { mac, mtu, addresses }]) => [
        name,
        [mac, mtu, addresses.map(({ address, prefix }) => `${address}/${prefix}`)],
      ])
      expect(Object.fromEntries(said)).toEqual(Object.fromEntries(wanted))
      const routes = await json<{ gateway?: string; dev: string }[]>('ip --json route show default')
      expect(facts.network.gateway).toMatchObject({
        interface: routes[0]?.dev ?? '',
        ipv4: routes[0]?.gateway ?? '',
      })
      expect(facts.network.fqdn).toBe(await shell('hostname --fqdn'))
    })

    it('of time, processor, memory and the system', async () => {
      expect(facts.timezone).toBe(await shell('timedatectl show --property=Timezone --value'))
      const started = await shell('systemctl show --property=UserspaceTimestamp --value --timestamp=unix')
      // systemd counts from a moment after the kernel started it.
      const late = Number(started.slice(1)) - Date.parse(facts.bootTime) / 1000
      expect(late).toBeGreaterThanOrEqual(-1)
      expect(late).toBeLessThanOrEqual(2)
      expect(String(facts.cpu.count)).toBe(await shell('nproc'))
      expect(await shell('lscpu')).toContain(facts.cpu.model)
      expect(facts.kernel).toEqual({ release: await shell('uname -r'), version: await shell('uname -v') })
      const meminfo = await shell("awk '/^MemTotal|^SwapTotal/ { print int($2 / 1024) }' /proc/meminfo")
      expect(`${facts.memory.totalMiB}\n${facts.memory.swapMiB}`).toBe(meminfo)
      expect([facts.virtual, facts.init, facts.packageManager]).toEqual(['systemd-nspawn', 'systemd', 'apt'])
      expect(facts.os.prettyName).toBe(await shell('. /etc/os-release; echo "$PRETTY_NAME"'))
    })

    it('of packages (dpkg-query)', async () => {
      const format = '${Package}\\t${Version}\\t${db:Status-Status}\\n'
      const lines = (await shell(`dpkg-query --show --showformat='${format}'`)).split('\n')
      const installed = lines.map((line) => line.split('\t')).filter(([, , status]) => status === 'installed')
      expect(facts.packages).toEqual(Object.fromEntries(installed.map(([name, version]) => [name, version])))
    })

    it('for a script, one by one, and what changes by itself apart', async () => {
      expect(await shell('rekindle facts os.release')).toBe(facts.os.release)
      expect(await shell('rekindle facts packages.dpkg')).toBe(facts.packages.dpkg)
      expect(await shell('rekindle facts mounts./.type')).toBe(facts.mounts['/']?.type)
      expect(await shell('rekindle facts | grep ^timezone')).toBe(`timezone = ${facts.timezone}`)
      expect(await shell('rekindle facts no.such; echo $?')).toBe('1')
      const vitals = await json<Vitals>('rekindle facts --vitals --json')
      expect(vitals.mounts['/']?.freeMiB).toBeGreaterThan(0)
      expect(await json('rekindle facts --json')).toEqual(facts)
    })
  })

  it('a program that a catalog delivers gives a fact that the next run’s catalog has', async () => {
    // Proving ran the agent twice, so that its own packages and programs were read.
    expect(await seen()).toEqual({
      row: 4,
      zone: null,
      cron: true,
      none: true,
      name: 'web-1',
      pool: 'web',
      attributes: {},
    })
    const view = await world.api.host('web-1')
    expect(view).toMatchObject({ factProblems: [], facts: { custom: { rack: { row: 4 } } } })
    expect(view.packages).toEqual((await json<Facts>('rekindle facts --json')).packages)
    expect(view.vitals?.uptimeSeconds).toBeGreaterThanOrEqual(0)
    expect((await once()).report).toMatchObject({ status: 'in-sync', cached: false })
  })

  it('bad ones stop no run, keep their last good value, and are told in report, log and page', async () => {
    await shell(`cd /etc/rekindle/facts.d
      printf '#!/bin/sh\\necho lost >&2; exit 3\\n' > rack.sh
      printf '"b"' > zone.json
      printf 'not json' > broken.json
      printf '#!/bin/sh\\ntouch /root/ran\\n' > evil.sh; chmod 777 evil.sh`)
    const { report, log } = await once()
    // The catalog put the program right again.
    expect(report).toMatchObject({ status: 'changed', counts: { failed: 0 } })
    const problems = [
      ['broken', false, expect.stringContaining('it gives no JSON')],
      ['evil', false, 'others can write to it (mode 777)'],
      ['rack', true, 'it exited with 3: lost'],
    ]
    const told = (of: Report['factProblems']) => of?.map(({ fact, kept, reason }) => [fact, kept, reason])
    expect(told(report.factProblems)).toEqual(problems)
    expect(log).toContain('"event":"fact-problem","fact":"rack","source":"/etc/rekindle/facts.d/rack.sh"')
    expect(told([...(await world.api.host('web-1')).factProblems])).toEqual(problems)
    expect(readFileSync(world.logFile, 'utf8')).toContain('"host":"web-1","fact":"broken"')
    expect(await seen()).toMatchObject({ row: 4, zone: 'b' })
    expect(await shell('ls /root/ran 2>/dev/null || echo never')).toBe('never')
    await shell('rm /etc/rekindle/facts.d/broken.json /etc/rekindle/facts.d/evil.sh')
    expect((await once()).report).not.toHaveProperty('factProblems')
  })

  it('one that breaks its schema is told with the place in the site, and the role goes on without it', async () => {
    await shell("printf '5' > /etc/rekindle/facts.d/zone.json")
    expect((await once()).report.status).toBe('changed')
    expect(await seen()).toMatchObject({ row: 4, zone: null })
    expect((await world.api.host('web-1')).factProblems).toEqual([
      {
        fact: 'zone',
        source: 'site.ts:7',
        reason: 'it breaks its schema: /: wanted string, found 5',
        kept: false,
      },
    ])
    await shell('rm /etc/rekindle/facts.d/zone.json')
    expect((await once()).report.status).toBe('in-sync')
    expect((await world.api.host('web-1')).factProblems).toEqual([])
  })

  it('what a join token carried is the host’s, whatever it says of itself', async () => {
    await lab.driver.create(requestFor('edge-1', 'edge-1'))
    await lab.enter('edge-1', ['systemctl', 'disable', '--now', '--quiet', 'rekindle-agent'])
    const { token } = await world.api.post<{ token: string }>('/api/tokens', {
      host: 'edge-1',
      attributes: { rack: 'b4' },
    })
    const config = JSON.parse(await shell('cat /etc/rekindle/agent.json')) as Record<string, unknown>
    const root = join(lab.settings.dir, 'edge-1', 'root')
    writeFileSync(join(root, 'etc/rekindle/agent.json'), JSON.stringify({ ...config, token }))
    await shell('apt-get update -qq; hostname web-1', 'edge-1')
    expect((await once('edge-1')).report.status).toBe('changed')
    expect(await seen('edge-1')).toMatchObject({ name: 'edge-1', attributes: { rack: 'b4' } })
    expect((await world.api.host('edge-1')).attributes).toEqual({ rack: 'b4' })
  })
})
