/** `rekindle test` and `rekindle prove`: what a role hides is found on throwaway hosts, and nothing of them is left. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { requestFor } from '../../server/machine/contract.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import { canRunHosts } from '../lab/prerequisites.ts'

const hosts = canRunHosts()
const launcher = join(import.meta.dirname, '..', '..', 'bin', 'rekindle')

/** `hidden` and `silent` hold only in the order in which they are declared; `alive` only while the agent lives on. */
const site = `
import { exec, file, role, service, site, systemdUnit } from 'rekindle'

const settings = () => file('/etc/trial/settings', { content: 'port=80\\n' })
const folder = () => file('/etc/trial', { ensure: 'directory' })

const hidden = role('hidden', () => {
  const home = folder()
  settings()
  exec('take settings', { command: 'grep -q port= /etc/tri*/settings && touch /etc/trial/taken', creates: '/etc/trial/taken', require: home })
})
const repaired = role('repaired', () => {
  folder()
  const known = settings()
  exec('take settings', { command: 'grep -q port= /etc/tri*/settings && touch /etc/trial/taken', creates: '/etc/trial/taken', require: known })
  const unit = systemdUnit('trial.service', { sections: { Service: { ExecStart: '/bin/sleep infinity' }, Install: { WantedBy: 'multi-user.target' } } })
  service('trial', { ensure: 'running', enable: true, subscribe: [unit, known] })
})
const silent = role('silent', () => {
  const home = folder()
  file('/etc/trial/one', { content: '1\\n' })
  exec('list them', { command: 'ls /etc/tri* > /etc/list', creates: '/etc/list', require: home })
})
const alive = role('alive', () => {
  const first = exec('begin', { command: 'echo $PPID > /srv/begun', creates: '/srv/begun' })
  exec('end', { command: 'test "$(cat /srv/begun)" = $PPID && touch /srv/ended', creates: '/srv/ended', require: first })
})

export default site({
  hosts: [hidden, repaired, silent, alive].map((one) => ({ match: \`\${one.name}-*\`, role: one })),
})
`

describe.skipIf(!hosts.ok)(`roles on throwaway hosts${hosts.ok ? '' : `: skipped: ${hosts.reason}`}`, () => {
  let lab: Lab
  let dir: string
  beforeAll(async () => {
    lab = await createLab({ name: 'trial', log: console.log })
    dir = mkdtempSync(join(tmpdir(), 'rekindle-trial-test-'))
    writeFileSync(join(dir, 'machines.json'), JSON.stringify(lab.settings))
    writeFileSync(join(dir, 'site.ts'), site)
  })
  afterEach(() => expect(leaks()).toEqual([]))
  afterAll(async () => {
    await lab.close()
    rmSync(dir, { recursive: true })
  })

  /** The bridge is the lab's. */
  const leaks = () => lab.leaks().filter((leak) => !leak.startsWith('interface '))

  function start(
    command: string,
    ...args: readonly string[]
  ): ChildProcess & { ended: Promise<number | null> } {
    const argv = [command, dir, '--machines', join(dir, 'machines.json'), ...args]
    const child = spawn(launcher, argv, { stdio: ['ignore', 'pipe', 'pipe'] })
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
    return Object.assign(child, { ended })
  }
  async function run(command: string, ...args: readonly string[]) {
    const child = start(command, ...args)
    if (child.stdout === null || child.stderr === null) throw new Error('no pipes')
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), child.ended])
    return { stdout, stderr, code }
  }

  it('a role that lacks a requirement fails in another order, which is named with what nothing orders', async () => {
    const junit = join(dir, 'hidden.xml')
    const { stdout, stderr, code } = await run(
      'test',
      '--role',
      'hidden',
      '--shuffle',
      '--orders',
      '1',
      '--seed',
      '7',
      '--junit',
      junit,
    )
    expect(code, stdout + stderr).toBe(1)
    expect(stdout).toMatch(/^hidden-1, role hidden, 3 resources, .* seed 7$/m)
    expect(stdout).toMatch(/^ok {4}as declared {2}/m)
    const failed = stdout.slice(stdout.indexOf('FAIL'))
    expect(failed).toMatch(/^FAIL {2}order 1 /)
    expect(failed).toMatch(/The run from bare failed: exec:take settings \(site\.ts:\d+\)/)
    expect(failed).toMatch(/which stood before it as declared:\n\s+file:\/etc\/trial\/settings\n/)
    expect(failed).toMatch(/in this order:\n\s+file:\/etc\/trial\n\s+exec:take settings\n/)
    const xml = readFileSync(junit, 'utf8')
    expect(xml).toContain('<property name="seed" value="7"/>')
    expect(xml).toMatch(
      /name="order 1"[^>]*>\n\s*<failure message="The run from bare failed: exec:take settings/,
    )
  })

  it('the same role repaired passes in every order, and with a kill after each resource', async () => {
    const { stdout, stderr, code } = await run(
      'test',
      '--role',
      'repaired',
      '--shuffle',
      '--kill',
      '--orders',
      '2',
      '--seed',
      '7',
    )
    expect(code, stdout + stderr).toBe(0)
    // All that it declares is changed from bare, and so is killed after: in any order, and once each.
    const kills = ', 5 kills'
    expect(
      [...stdout.matchAll(/^ok {4}(.*?) {2}[\d.]+ s(.*)$/gm)].map(([, name, rest]) => [name, rest]),
    ).toEqual([
      ['as declared', ''],
      ['as declared, again', ''],
      ['as declared, killed after each resource', kills],
      ['order 1', ''],
      ['order 1, killed after each resource', kills],
      ['order 2', ''],
      ['order 2, killed after each resource', kills],
    ])
  })

  it('an order that fails nowhere and ends elsewhere is found by what the host has', async () => {
    const { stdout, stderr, code } = await run(
      'test',
      '--host',
      'silent-1',
      '--shuffle',
      '--orders',
      '1',
      '--seed',
      '7',
    )
    expect(code, stdout + stderr).toBe(1)
    expect(stdout).toMatch(
      /FAIL {2}order 1 .*\n\s+The host is not as wanted\n\s+content \/etc\/list: SHA-256 \w+ here, SHA-256 \w+ as declared\n/,
    )
  })

  it('a kill that a role does not survive is named by the resource after which it was', async () => {
    const { stdout, stderr, code } = await run('test', '--role', 'alive', '--kill')
    expect(code, stdout + stderr).toBe(1)
    expect(stdout).toMatch(/^ok {4}as declared, again/m)
    expect(stdout).toMatch(
      /FAIL {2}as declared, killed after each resource .*\n\s+The run from bare failed: exec:end/,
    )
    expect(stdout).toMatch(/killed after:\n\s+exec:begin\n/)
  })

  it('prove runs it from bare, again, and after a reboot; its JUnit XML is all that it prints', async () => {
    // On a bridge that is not there before, nor after. Labs take their subnets below this one.
    const bridge = `${lab.settings.bridge.slice(0, 12)}-t`
    const own = { ...lab.settings, bridge, subnet: '198.18.251', dir: join(lab.settings.dir, '..', 'own') }
    const file = join(dir, 'own.json')
    writeFileSync(file, JSON.stringify(own))
    const { stdout, stderr, code } = await run(
      'prove',
      '--role',
      'repaired',
      '--junit',
      '-',
      '--machines',
      file,
    )
    expect(existsSync(`/sys/class/net/${lab.settings.bridge}`)).toBe(true)
    expect(existsSync(`/sys/class/net/${bridge}`)).toBe(false)
    expect(readdirSync(own.dir)).toEqual([])
    expect(code, stdout + stderr).toBe(0)
    expect(stdout).toMatch(/^<\?xml /)
    expect([...stdout.matchAll(/<testcase .* name="([^"]+)"/g)].map((match) => match[1])).toEqual([
      'from bare',
      'a second run changes nothing',
      'a run after a reboot changes nothing',
    ])
  })

  it('interrupted, it destroys its host and ends', async () => {
    const child = start('test', '--role', 'repaired', '--shuffle', '--kill')
    if (child.stdout === null || child.stderr === null) throw new Error('no pipes')
    const said = text(child.stderr)
    await new Promise<void>((resolve) => {
      child.stdout?.on('data', (bytes: Buffer) => bytes.includes('ok  ') && resolve())
    })
    child.kill('SIGINT')
    expect(await child.ended).toBe(1)
    expect(await said).toContain('Cannot finish the test: it was interrupted')
  })

  it('a folder with machines of a server is left alone', async () => {
    await lab.driver.create(requestFor('web-1-1', 'web-1'))
    const { stderr, code } = await run('test', '--role', 'repaired')
    expect(code).toBe(1)
    expect(stderr).toContain('the machine "web-1-1" is no throwaway host')
    expect(await lab.driver.status('web-1-1')).toMatchObject({ state: 'running' })
    await lab.driver.destroy('web-1-1')
  })
})
