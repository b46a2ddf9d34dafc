/**
 * Rekindle beside Puppet on real hosts. Each case is one thing said in both languages. After Rekindle has converged a bare
 * host, Puppet finds nothing to do there; after Puppet has, Rekindle finds nothing to do.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CatalogResource } from '../../schemas/generated/types.ts'
import { makePackages } from '../lab/apt-repository.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import { canRunHosts } from '../lab/prerequisites.ts'
import { bootHost, type OnHost } from './on-host.ts'
import { puppetCases, puppetPackages, setUp, versions } from './puppet-case.ts'

const hosts = canRunHosts()
const noTool = 'Debian’s puppet package cannot be installed here'

describe.skipIf(!hosts.ok)(`beside Puppet${hosts.ok ? '' : `: skipped: ${hosts.reason}`}`, () => {
  let lab: Lab
  let ours: OnHost
  let theirs: OnHost
  let canInstall = false
  beforeAll(async () => {
    lab = await createLab({ name: 'puppet', packages: puppetPackages, log: console.log })
    await makePackages(lab.repositoryDir, versions)
    ours = await bootHost(lab, 'ours-1')
    theirs = await bootHost(lab, 'theirs-1')
    const install = ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...puppetPackages]
    const installed = await Promise.all([ours, theirs].map((host) => host.run(install)))
    canInstall = installed.every(({ code }) => code === 0)
    for (const host of [ours, theirs]) await host.output(['sh', '-ec', setUp])
  })
  afterAll(() => lab.close())

  const resources = (host: OnHost): readonly CatalogResource[] =>
    puppetCases.flatMap(({ rekindle }) =>
      Object.entries(rekindle).map(([id, { require, ...params }]) =>
        host.resource(id, params, require === undefined ? {} : { require: [require].flat() }),
      ),
    )

  async function puppet(host: OnHost, manifest: string, flags: readonly string[] = []) {
    writeFileSync(join(lab.settings.dir, host.machine, 'root/root/site.pp'), manifest)
    return host.run(['puppet', 'apply', '--detailed-exitcodes', '--color=false', ...flags, '/root/site.pp'])
  }

  const manifest = puppetCases.map(({ puppet: text }) => text).join('\n')

  it('has at least 60 cases, each of its own name', () => {
    expect(puppetCases.length).toBeGreaterThanOrEqual(60)
    expect(new Set(puppetCases.map(({ title }) => title)).size).toBe(puppetCases.length)
  })

  it('Puppet finds nothing to do after Rekindle', async (context) => {
    context.skip(!canInstall, noTool)
    const { report } = await ours.apply(resources(ours))
    expect(report.resources.filter(({ outcome }) => outcome !== 'changed')).toEqual([])
    const second = await ours.apply(resources(ours))
    expect(second.report, JSON.stringify(second.report.resources)).toMatchObject({ status: 'in-sync' })
    const { code, stdout, stderr } = await puppet(ours, manifest, ['--noop'])
    expect(`${stdout}${stderr}`).not.toMatch(/\(noop\)|Error/)
    expect(code).toBe(0)
  })

  it('Rekindle finds nothing to do after Puppet', async (context) => {
    context.skip(!canInstall, noTool)
    const { code, stdout, stderr } = await puppet(theirs, manifest)
    expect(`${stdout}${stderr}`).not.toContain('Error')
    expect(code).toBe(2)
    const { report } = await theirs.apply(resources(theirs), { noop: true })
    expect(report.resources).toEqual([])
    expect(report.status).toBe('in-sync')
  })
})
