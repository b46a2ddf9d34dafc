import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCommandDriver } from '../../server/machine/command/driver.ts'
import { machineDriverContract, requestFor } from '../../server/machine/contract.ts'
import type { MachineDriver } from '../../server/machine/driver.ts'
import { createNspawnDriver } from '../../server/machine/nspawn/driver.ts'
import { commandMachines } from '../lab/command-machines.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import { canRunHosts } from '../lab/prerequisites.ts'

const hosts = canRunHosts()
const machineRoom = join(import.meta.dirname, '..', '..', 'server', 'machine')

describe.skipIf(!hosts.ok)(`nspawn${hosts.ok ? '' : `: skipped: ${hosts.reason}`}`, () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await createLab({ name: 'machine', log: console.log })
  })
  afterAll(() => lab.close())

  machineDriverContract({
    driver: () => lab.driver,
    reopen: () => createNspawnDriver(lab.settings),
    inside: (machine, argv) => inside(lab, machine, argv),
    leaks: () => machineLeaks(lab),
    source: () => `import { createNspawnDriver } from ${JSON.stringify(join(machineRoom, 'nspawn/driver.ts'))}
      const driver = await createNspawnDriver(${JSON.stringify(lab.settings)})`,
  })

  it('a host reaches the repository, and installs from it', async () => {
    await lab.driver.create(requestFor('beta-1', 'beta'))
    expect((await lab.enter('beta-1', ['apt-get', 'update', '-qq'])).code).toBe(0)
    const { code, stderr } = await lab.enter('beta-1', [
      'apt-get',
      'install',
      '-y',
      '-qq',
      '--no-install-recommends',
      'cron',
    ])
    expect(code, stderr).toBe(0)
    expect((await lab.enter('beta-1', ['systemctl', 'is-active', 'cron'])).stdout).toBe('active\n')
    await lab.driver.destroy('beta-1')
  })
})

describe.skipIf(!hosts.ok)(`command${hosts.ok ? '' : `: skipped: ${hosts.reason}`}`, () => {
  let lab: Lab
  let driver: MachineDriver
  beforeAll(async () => {
    lab = await createLab({ name: 'command', log: console.log })
    driver = createCommandDriver(commandMachines(lab.settings))
  })
  afterAll(() => lab.close())

  machineDriverContract({
    driver: () => driver,
    reopen: async () => createCommandDriver(commandMachines(lab.settings)),
    inside: (machine, argv) => inside(lab, machine, argv),
    leaks: () => machineLeaks(lab),
    source:
      () => `import { createCommandDriver } from ${JSON.stringify(join(machineRoom, 'command/driver.ts'))}
      const driver = createCommandDriver(${JSON.stringify(commandMachines(lab.settings))})`,
  })
})

async function inside(lab: Lab, machine: string, argv: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await lab.enter(machine, argv)
  expect(code, stderr).toBe(0)
  return stdout
}

/** The bridge is the lab's own, and stays. */
function machineLeaks(lab: Lab): readonly string[] {
  const folders = readdirSync(lab.settings.dir).map((name) => `folder ${name}`)
  return [...folders, ...lab.leaks().filter((leak) => !leak.startsWith('interface '))]
}
