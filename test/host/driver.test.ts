/** What the drivers' contract cannot show without a server: agents enrol from their machines, and orphans are removed. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ServerConfig } from '../../schemas/generated/types.ts'
import type { AuditView, RebuildState } from '../../server/http/view.ts'
import { requestFor } from '../../server/machine/contract.ts'
import { commandMachines } from '../lab/command-machines.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import { canRunHosts } from '../lab/prerequisites.ts'
import { startWorld, type World } from '../lab/world.ts'

const can = canRunHosts()
const example = join(import.meta.dirname, '..', '..', 'catalogs', 'example')
const machinesBy: Readonly<
  Record<'nspawn' | 'command', (lab: Lab) => Pick<ServerConfig, 'nspawn' | 'command'>>
> = {
  nspawn: ({ settings }) => ({ nspawn: settings }),
  command: ({ settings }) => ({ command: commandMachines(settings) }),
}

describe.skipIf(!can.ok).each(['nspawn', 'command'] as const)(
  `a server over %s${can.ok ? '' : `: skipped: ${can.reason}`}`,
  (name) => {
    let lab: Lab
    let world: World
    beforeAll(async () => {
      lab = await createLab({ name: `drv-${name.slice(0, 2)}`, log: console.log })
      world = await startWorld(lab, { site: example, machines: machinesBy[name](lab) })
    })
    afterAll(async () => {
      await world?.close()
      await lab?.close()
      expect(lab?.leaks()).toEqual([])
    })

    const machines = async () => (await lab.driver.list()).map(({ machine }) => machine).toSorted()
    const ends = (id: string) =>
      world.api.until(`rebuild ${id} in service`, async () => {
        const view = await world.api.rebuild(id)
        if (view.state === 'held') throw new Error(`held: ${view.waiting}`)
        return view.endedAt === null ? undefined : view
      })
    const inService = () =>
      world.api.until('web-1 in service', async () => {
        const host = await world.api.host('web-1')
        return host.provedAt !== null && host.rebuild === null ? host : undefined
      })

    it('a real agent enrols from its machine, and its host is proved', async () => {
      await world.api.post('/api/hosts', { name: 'web-1' })
      expect(await inService()).toMatchObject({ incarnation: 1, openDrift: 0 })
      expect(await machines()).toEqual(['web-1-1'])
    })

    it.each<RebuildState>(['creating', 'destroying'])(
      'a server killed while %s goes on, and each life has one machine',
      async (state) => {
        const before = (await inService()).incarnation ?? 0
        const { rebuild } = await world.api.post<{ rebuild: string }>('/api/hosts/web-1/rebuild', {
          reason: 'test',
        })
        await world.api.until(`rebuild ${state}`, async () => {
          const view = await world.api.rebuild(rebuild)
          return view.state === state || view.steps.some((step) => step.state === state) ? view : undefined
        })
        await world.killServer()
        await world.startServer()
        await ends(rebuild)
        expect(await inService()).toMatchObject({ incarnation: before + 1 })
        expect(await machines()).toEqual([`web-1-${before + 1}`])
      },
    )

    it('a machine that no incarnation knows is removed when the server starts, and that is audited', async () => {
      const known = await machines()
      await world.killServer()
      await lab.driver.create(requestFor('ghost-1', 'ghost'))
      expect(await machines()).toEqual([...known, 'ghost-1'].toSorted())
      await world.startServer()
      await world.api.until('the orphan to be gone', async () =>
        (await machines()).includes('ghost-1') ? undefined : true,
      )
      expect(await machines()).toEqual(known)
      const { entries } = await world.api.get<AuditView>('/api/audit?limit=200')
      expect(
        entries.find(({ action, detail }) => action === 'machine.destroyed' && detail?.startsWith('ghost-1')),
      ).toBeDefined()
    })
  },
)
