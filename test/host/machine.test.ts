import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { machineDriverContract, requestFor } from '../../server/machine/contract.ts'
import { createNspawnDriver } from '../../server/machine/nspawn/driver.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import { canRunHosts } from '../lab/prerequisites.ts'

const hosts = canRunHosts()

describe.skipIf(!hosts.ok)(`nspawn${hosts.ok ? '' : `: skipped: ${hosts.reason}`}`, () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await createLab({ name: 'machine', log: console.log })
  })
  afterAll(() => lab.close())

  const machineLeaks = () => lab.leaks().filter((leak) => !leak.startsWith('interface '))

  machineDriverContract({
    driver: () => lab.driver,
    reopen: () => createNspawnDriver(lab.settings),
    async inside(machine, argv) {
      const { code, stdout, stderr } = await lab.enter(machine, argv)
      expect(code, stderr).toBe(0)
      return stdout
    },
    leaks: machineLeaks,
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

  it.each([5, 60, 150, 300])(
    'a driver killed %i ms into create() leaves nothing that create() or destroy() cannot mend',
    async (afterMs) => {
      const machine = `gamma-${afterMs}`
      const source = `
      import { createNspawnDriver } from ${JSON.stringify(join(import.meta.dirname, '../../server/machine/nspawn/driver.ts'))}
      const driver = await createNspawnDriver(${JSON.stringify(lab.settings)})
      process.stdout.write('begin')
      await driver.create(${JSON.stringify(requestFor(machine, 'gamma'))})
      process.stdout.write('end')`
      const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      // Listened for at once: a quick create() ends before the kill.
      const ended = new Promise((resolve) => child.once('exit', resolve))
      await new Promise((resolve) => child.stdout.once('data', resolve))
      // The delay is what is tested: it picks the step in which the driver dies.
      await new Promise((resolve) => setTimeout(resolve, afterMs))
      child.kill('SIGKILL')
      await ended
      expect(await lab.driver.create(requestFor(machine, 'gamma'))).toMatchObject({ state: 'running' })
      expect((await lab.enter(machine, ['cat', '/etc/hostname'])).stdout).toBe('gamma\n')
      await lab.driver.destroy(machine)
      expect(readdirSync(lab.settings.dir)).toEqual([])
      expect(machineLeaks()).toEqual([])
    },
  )
})
