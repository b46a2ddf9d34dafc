/**
 * What every machine driver has to hold to, as tests: registered by the driver's own test file. That a real agent enrols
 * from such a machine, and that a server removes orphans, needs a server: test/host/driver.test.ts.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { MachineDriver, MachineRequest } from './driver.ts'

export interface DriverUnderTest {
  driver(): MachineDriver
  /** Another driver over the same machines, as a server has it after a restart. */
  reopen(): Promise<MachineDriver>
  /** Runs a command inside a machine and gives its output; fails when it does. */
  inside(machine: string, argv: readonly string[]): Promise<string>
  /** What is left of the machines on the driver's own host, and of what was to become one. */
  leaks(): readonly string[]
  /** An ES module that ends with a `driver` over the same machines, for a process that is killed. */
  source(): string
}

/** Milliseconds into create(): each picks another step in which the driver dies. */
const crashes = [5, 60, 150, 300]

export function requestFor(machine: string, host: string): MachineRequest {
  const agentConfig = {
    server: 'https://198.51.100.1:8140',
    caFingerprint: 'a'.repeat(64),
    token: 'not-a-real-token',
  }
  return { machine, host, agentConfig }
}

export function machineDriverContract({ driver, reopen, inside, leaks, source }: DriverUnderTest): void {
  describe('machine driver', () => {
    it('create() boots a machine with its name, its configuration and a machine id of its own', async () => {
      const made = await driver().create(requestFor('alpha-1', 'alpha'))
      expect(made).toMatchObject({ machine: 'alpha-1', host: 'alpha', state: 'running' })
      expect(await inside('alpha-1', ['cat', '/etc/hostname'])).toBe('alpha\n')
      expect(JSON.parse(await inside('alpha-1', ['cat', '/etc/rekindle/agent.json']))).toEqual(
        requestFor('alpha-1', 'alpha').agentConfig,
      )
      expect(await inside('alpha-1', ['stat', '-c', '%a', '/etc/rekindle/agent.json'])).toBe('600\n')
      expect(await inside('alpha-1', ['cat', '/etc/machine-id'])).toMatch(/^[0-9a-f]{32}\n$/)
    })

    it('create() leaves a machine that runs as it is', async () => {
      await inside('alpha-1', ['touch', '/root/mark'])
      await driver().create(requestFor('alpha-1', 'alpha'))
      expect(await inside('alpha-1', ['ls', '/root/mark'])).toBe('/root/mark\n')
    })

    it('two machines have addresses and control groups of their own', async () => {
      const second = await driver().create(requestFor('alpha-2', 'alpha'))
      const first = await driver().status('alpha-1')
      expect(second.address).not.toBe(first?.address)
      await inside('alpha-1', ['systemctl', 'restart', 'systemd-journald'])
      expect(await inside('alpha-2', ['systemctl', 'is-active', 'systemd-journald'])).toBe('active\n')
    })

    it('list() names them all, also for a driver that was opened anew', async () => {
      const names = (await (await reopen()).list()).map(({ machine, state }) => `${machine} ${state}`)
      expect(names.toSorted()).toEqual(['alpha-1 running', 'alpha-2 running'])
    })

    it('evidence() has the journal', async () => {
      expect(await driver().evidence('alpha-1')).toMatch(/systemd/)
    })

    it('stop() keeps what was written, and start() boots it again under its address', async () => {
      const before = await driver().status('alpha-1')
      await driver().stop('alpha-1')
      expect(await driver().status('alpha-1')).toMatchObject({ state: 'stopped' })
      const again = await driver().start('alpha-1')
      expect(again).toEqual(before)
      expect(await inside('alpha-1', ['ls', '/root/mark'])).toBe('/root/mark\n')
    })

    it('destroy() removes everything, and can be called twice', async () => {
      for (const machine of ['alpha-1', 'alpha-2', 'alpha-1']) await driver().destroy(machine)
      expect(await driver().list()).toEqual([])
      expect(await driver().status('alpha-1')).toBeUndefined()
      expect(leaks()).toEqual([])
    })

    it.each(crashes)('create() mends what a driver left that was killed %i ms into it', async (afterMs) => {
      const machine = `gamma-${afterMs}`
      await killedDuringCreate(source(), machine, () => delay(afterMs))
      expect(await driver().create(requestFor(machine, 'gamma'))).toMatchObject({ state: 'running' })
      expect(await inside(machine, ['cat', '/etc/hostname'])).toBe('gamma\n')
      await driver().destroy(machine)
      expect(await driver().list()).toEqual([])
      expect(leaks()).toEqual([])
    })

    it.each(crashes)(
      'destroy() removes what a driver left that was killed %i ms into create()',
      async (afterMs) => {
        const machine = `delta-${afterMs}`
        await killedDuringCreate(source(), machine, () => delay(afterMs))
        await driver().destroy(machine)
        expect(await driver().list()).toEqual([])
        expect(leaks()).toEqual([])
      },
    )

    it('list() names what a killed driver left, and destroying all that it names leaves nothing', async () => {
      await killedDuringCreate(source(), 'orphan-1', async () => {
        while (leaks().length === 0) await delay(1)
      })
      const orphans = await (await reopen()).list()
      expect(orphans.map(({ machine }) => machine)).toEqual(['orphan-1'])
      for (const { machine } of orphans) await driver().destroy(machine)
      expect(await driver().list()).toEqual([])
      expect(leaks()).toEqual([])
    })

    it('destroy() stopped in the middle is finished by the next', async () => {
      await driver().create(requestFor('epsilon-1', 'epsilon'))
      await killed(
        `${source()}
        process.stdout.write('begin')
        await driver.destroy('epsilon-1')`,
        () => delay(20),
      )
      await driver().destroy('epsilon-1')
      expect(await driver().list()).toEqual([])
      expect(leaks()).toEqual([])
    })
  })
}

/** Runs create() in a process of its own and kills that when `when` resolves, as a power cut of the server would. */
function killedDuringCreate(source: string, machine: string, when: () => Promise<void>): Promise<void> {
  const request = JSON.stringify(requestFor(machine, machine.replace(/-\d+$/, '')))
  return killed(`${source}\nprocess.stdout.write('begin')\nawait driver.create(${request})`, when)
}

/** @param source says `begin` when `when` is to be called */
async function killed(source: string, when: () => Promise<void>): Promise<void> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  // Listened for at once: a quick one ends before the kill.
  const ended = once(child, 'exit')
  await once(child.stdout, 'data')
  await when()
  child.kill('SIGKILL')
  await ended
}
