/** A host on which modules are put through: a role is compiled with the host's own facts, and applied. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { collect } from '../../catalogs/api/context.ts'
import { role } from '../../catalogs/api/role.ts'
import type { CatalogResource, Facts } from '../../schemas/generated/types.ts'
import { evaluate } from '../../server/compiler/evaluate.ts'
import type { Lab } from '../lab/lab.ts'
import { type Applied, bootHost, type OnHost } from './on-host.ts'

export interface ModuleCase {
  /** Body of a role. */
  readonly declare: () => void
  /** Breaks it by hand, with an ordinary command. */
  readonly drift: string
  /** Id of what the drift shows up as. */
  readonly shows: string
}

export interface ModuleHost extends OnHost {
  /** Output of a shell script that has to succeed. */
  shell(script: string): Promise<string>
  converge(declare: () => void): Promise<Applied>
  /** Converged from bare in one run; a second run changes nothing; broken by hand: seen as drift, and corrected. */
  check(one: ModuleCase): Promise<void>
}

/** @param siteDir what sources of roles are relative to */
export async function bootModuleHost(lab: Lab, machine: string, siteDir: string): Promise<ModuleHost> {
  const host = await bootHost(lab, machine)
  // The host lives for one test.
  await host.output(['sh', '-c', 'echo force-unsafe-io > /etc/dpkg/dpkg.cfg.d/fast'])
  // Written by the agent, which `compile` believes too.
  const facts = JSON.parse(await host.output(['rekindle', 'facts', '--json'])) as Facts
  const blobDir = join(lab.settings.dir, machine, 'root/root/blobs')

  function compiled(declare: () => void): readonly CatalogResource[] {
    const { declarations, mistakes, thrown } = collect([role('test', declare)], {
      siteDir,
      host: machine,
      trusted: { incarnation: 1, pool: 'test', attributes: {} },
      facts,
    })
    if (thrown !== undefined) throw thrown.error
    const evaluated = evaluate(declarations, mistakes)
    if (!evaluated.ok) throw new Error(JSON.stringify(evaluated.problems))
    mkdirSync(blobDir, { recursive: true })
    for (const [name, bytes] of evaluated.blobs) writeFileSync(join(blobDir, name), bytes)
    return evaluated.resources
  }

  return {
    ...host,
    shell: (script) => host.output(['sh', '-c', script]),
    converge: (declare) => host.apply(compiled(declare)),
    async check({ declare, drift, shows }) {
      const resources = compiled(declare)
      const first = await host.apply(resources)
      expect(failuresOf(first)).toEqual([])
      expect(first.code).toBe(2)
      await expectInSync(host, resources)
      await host.output(['sh', '-c', drift])
      const left = await host.apply(resources, { drift: 'report' })
      expect(left.report.resources.filter(({ id }) => id === shows)).toMatchObject([{ cause: 'drift' }])
      const corrected = await host.apply(resources)
      expect(failuresOf(corrected)).toEqual([])
      expect(corrected.code).toBe(2)
      await expectInSync(host, resources)
    },
  }
}

async function expectInSync(host: OnHost, resources: readonly CatalogResource[]): Promise<void> {
  const { code, report } = await host.apply(resources)
  const changed = report.resources.filter(({ outcome }) => outcome !== 'in-sync')
  expect({ code, changed }).toEqual({ code: 0, changed: [] })
}

export function failuresOf({ report }: Applied): readonly unknown[] {
  return report.resources.filter(({ outcome }) => outcome === 'failed' || outcome === 'skipped')
}
