/**
 * Killed anywhere, run again, the same end. Random small catalogs are applied to two hosts one after the other: on one the
 * agent is killed (SIGKILL) at random moments and then run to its end, on the other it is left alone. After each catalog
 * both hosts must be equal in all that the catalogs can touch, and a further run must change nothing.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resourceTypes } from '../../agent/resource/registry.ts'
import type { CatalogResource } from '../../schemas/generated/types.ts'
import { parseResourceId } from '../../schemas/resource-id.ts'
import { makePackages } from '../lab/apt-repository.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import { canRunHosts } from '../lab/prerequisites.ts'
import { bootHost, type OnHost } from './on-host.ts'
import { catalogsOf, choicesOf, lookCommand, prepareCommand } from './random-catalog/any-catalog.ts'
import { commitsCommand, makeArchives } from './random-catalog/delivery.ts'
import type { Draft } from './random-catalog/family.ts'
import { madePackages } from './random-catalog/package.ts'
import { makePairs } from './random-catalog/protection.ts'

const hosts = canRunHosts()
/** Milliseconds: from the start of the agent to the midst of what is slow, such as apt and gem. */
const killTime = fc.oneof(
  { arbitrary: fc.integer({ min: 20, max: 600 }), weight: 3 },
  { arbitrary: fc.integer({ min: 600, max: 3000 }), weight: 1 },
)
const rounds = Number(process.env.REKINDLE_ROUNDS ?? 25)

it('every resource type is drawn', () => {
  const [archive, pair, commit] = [{ url: '', sha256: '' }, { certificate: '', key: '' }, 'a'.repeat(40)]
  const choices = choicesOf({ archives: [archive], pairs: [pair], commits: [commit] })
  const drawn = choices.flatMap((choice) => fc.sample(choice, 1)).map(({ id }) => parseResourceId(id).type)
  expect(new Set(drawn)).toEqual(new Set(resourceTypes.keys()))
})

describe.skipIf(!hosts.ok)(`an agent that is killed${hosts.ok ? '' : `: skipped: ${hosts.reason}`}`, () => {
  let lab: Lab
  let killed: OnHost
  let calm: OnHost
  let catalogs: fc.Arbitrary<readonly Draft[]>
  beforeAll(async () => {
    lab = await createLab({ name: 'kill', log: console.log })
    await makePackages(lab.repositoryDir, madePackages)
    ;[killed, calm] = await Promise.all([prepareHost('killed-1'), prepareHost('calm-1')])
    catalogs = catalogsOf({
      archives: makeArchives(lab.repositoryDir),
      pairs: await makePairs(),
      commits: (await calm.output(commitsCommand)).trim().split('\n'),
    })
  })
  afterAll(() => lab.close())

  async function prepareHost(machine: string): Promise<OnHost> {
    const host = await bootHost(lab, machine)
    await host.output(prepareCommand)
    return host
  }

  const resourcesOn = (host: OnHost, drafts: readonly Draft[]): readonly CatalogResource[] =>
    drafts.map(({ id, params, require, notify }) =>
      host.resource(id, params, { require: [...require], notify: [...notify] }),
    )

  /** Starts a run and kills the agent after so many milliseconds, or lets it end when it is quicker. */
  async function killAfter(host: OnHost, drafts: readonly Draft[], afterMs: number): Promise<void> {
    host.prepareCatalog(resourcesOn(host, drafts))
    const seconds = (afterMs / 1000).toFixed(3)
    await host.run(['timeout', '--signal=KILL', '--foreground', seconds, ...host.applyCommand])
  }

  it('ends where one that is not killed ends, over random catalogs', async () => {
    await fc.assert(
      fc.asyncProperty(
        catalogs,
        fc.array(killTime, { minLength: 1, maxLength: 2 }),
        async (drafts, kills) => {
          for (const afterMs of kills) await killAfter(killed, drafts, afterMs)
          const applied = await Promise.all(
            [killed, calm].map((host) => host.apply(resourcesOn(host, drafts))),
          )
          for (const { report } of applied)
            expect(report.status, JSON.stringify(report.resources)).not.toBe('failed')
          const [found, wanted, again] = await Promise.all([
            killed.output(lookCommand),
            calm.output(lookCommand),
            killed.apply(resourcesOn(killed, drafts)),
          ])
          expect(found).toBe(wanted)
          expect(again.report, JSON.stringify(again.report.resources)).toMatchObject({ status: 'in-sync' })
        },
      ),
      { numRuns: rounds, endOnFailure: true },
    )
  })
})
