/**
 * Killed anywhere, run again, the same end. Random small catalogs are applied to two hosts one after the other: on one the
 * agent is killed (SIGKILL) at random moments and then run to its end, on the other it is left alone. After each catalog
 * both hosts must be equal in all that the catalogs can touch, and a further run must change nothing.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CatalogResource } from '../../schemas/generated/types.ts'
import { makePackages } from '../lab/apt-repository.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import { canRunHosts } from '../lab/prerequisites.ts'
import { bootHost, type OnHost } from './on-host.ts'
import { anyCatalog, type Draft, packages, snapshotCommand, units } from './random-catalog.ts'

const hosts = canRunHosts()
const rounds = Number(process.env.REKINDLE_ROUNDS ?? 25)

describe.skipIf(!hosts.ok)(`an agent that is killed${hosts.ok ? '' : `: skipped: ${hosts.reason}`}`, () => {
  let lab: Lab
  let killed: OnHost
  let calm: OnHost
  beforeAll(async () => {
    lab = await createLab({ name: 'kill', log: console.log })
    await makePackages(lab.repositoryDir, packages)
    killed = await bootHost(lab, 'killed-1')
    calm = await bootHost(lab, 'calm-1')
    for (const host of [killed, calm]) await host.output(['sh', '-c', units])
  })
  afterAll(() => lab.close())

  const resourcesOn = (host: OnHost, drafts: readonly Draft[]): readonly CatalogResource[] =>
    drafts.map(({ id, params, require }) => host.resource(id, params, { require: [...require] }))

  /** Starts a run and kills the agent after so many milliseconds, or lets it end when it is quicker. */
  async function killAfter(host: OnHost, drafts: readonly Draft[], afterMs: number): Promise<void> {
    host.prepareCatalog(resourcesOn(host, drafts))
    const seconds = (afterMs / 1000).toFixed(3)
    await host.run(['timeout', '--signal=KILL', '--foreground', seconds, ...host.applyCommand])
  }

  it('ends where one that is not killed ends, over random catalogs', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyCatalog,
        fc.array(fc.integer({ min: 20, max: 600 }), { minLength: 1, maxLength: 3 }),
        async (drafts, kills) => {
          for (const afterMs of kills) await killAfter(killed, drafts, afterMs)
          const last = await killed.apply(resourcesOn(killed, drafts))
          const reference = await calm.apply(resourcesOn(calm, drafts))
          for (const { report } of [last, reference])
            expect(report.status, JSON.stringify(report.resources)).not.toBe('failed')
          expect(await killed.output(snapshotCommand)).toBe(await calm.output(snapshotCommand))
          const again = await killed.apply(resourcesOn(killed, drafts))
          expect(again.report, JSON.stringify(again.report.resources)).toMatchObject({ status: 'in-sync' })
        },
      ),
      { numRuns: rounds, endOnFailure: true },
    )
  })
})
