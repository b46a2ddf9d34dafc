/**
 * `npm run demo`: the main job in front of the user, with nothing simulated: a server, three real hosts, drift, rebuild.
 *
 *   npm run demo                              start, and stay until Ctrl-C; a second start goes on with the same hosts
 *   npm run demo -- drift HOST [file|service|package]    break a host as a person would (in a second terminal)
 *   npm run demo -- --once                    the whole story without a person; exit 0 only when each step held
 *   npm run demo -- clean                     destroy the hosts and remove the demo's data
 */
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { leaderOf } from '../../server/machine/nspawn/driver.ts'
import { enterMachine } from '../../server/machine/nspawn/enter.ts'
import { cacheDir, createLab, type Lab, type LabOptions, removeLab } from '../lab/lab.ts'
import { canRunHosts, installPrerequisites } from '../lab/prerequisites.ts'
import { startWorld, type World } from '../lab/world.ts'
import { damages, damageTo, isDamage } from './damage.ts'
import { followRebuilds, makeHosts, type Narrator, type Stage, tellStory } from './story.ts'

const hosts = ['web-1', 'web-2', 'db-1'] as const
const site = join(import.meta.dirname, '..', '..', 'catalogs', 'example')
const stateHome = process.env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state')
const place = join(stateHome, 'rekindle', 'demo')
const machineDir = join(place, 'machine')
const pagePort = 8141

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`.padStart(8)
const narrator: Narrator = {
  async step(title, act) {
    const start = performance.now()
    try {
      const result = await act()
      console.log(`ok   ${seconds(performance.now() - start)}  ${title}`)
      return result
    } catch (error) {
      console.log(`FAIL ${seconds(performance.now() - start)}  ${title}`)
      throw error
    }
  },
  note: (text) => console.log(`               ${text.replaceAll('\n', '\n               ')}`),
}

async function main([command, ...rest]: readonly string[]): Promise<void> {
  switch (command) {
    case undefined:
      return stay()
    case '--once':
      return once()
    case 'drift':
      return drift(rest)
    case 'clean':
      return clean()
    default:
      throw new Error(`Cannot run "${command}": the demo knows drift, clean and --once`)
  }
}

/** Installs what the machine lacks, and builds image and repository once. */
async function openLab(options: Omit<LabOptions, 'log'>): Promise<Lab> {
  installPrerequisites({ withTools: false })
  const can = canRunHosts()
  if (!can.ok) throw new Error(`Cannot run the demo here: ${can.reason}`)
  return createLab({ ...options, log: (line) => console.log(line) })
}

function stageOf(world: World): Stage {
  const { api } = world
  return {
    api,
    hosts,
    async createHosts() {
      const { hosts: known } = await api.overview()
      for (const name of hosts)
        if (!known.some((row) => row.name === name)) await api.post('/api/hosts', { name })
    },
    async breakHost(host, damage) {
      const { code, stderr } = await world.inside(host, damageTo(host, damage).command)
      if (code !== 0) throw new Error(`Cannot break "${host}": ${stderr}`)
    },
  }
}

/** Resolves at the first Ctrl-C or SIGTERM; what was begun is then taken down. */
function stopAsked(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  process.once('SIGINT', () => resolve())
  process.once('SIGTERM', () => resolve())
  return promise
}

async function stay(): Promise<void> {
  const stopped = stopAsked()
  const ending = new AbortController()
  let lab: Lab | undefined
  let world: World | undefined
  try {
    const opened = await openLab({ name: 'demo', dir: place, subnet: '198.18.77' })
    lab = opened
    const started = await narrator.step('start the server', () => startWorld(opened, { site, pagePort }))
    world = started
    console.log(
      `\n  Drift report page: ${started.pageUrl}\n  Login:             ${started.login.name} / ${started.login.password}\n`,
    )
    followRebuilds(started.api, narrator, ending.signal).catch(() => {
      // The server has gone with the demo.
    })
    const made = narrator.step(`${hosts.join(', ')} in service and proved`, () => makeHosts(stageOf(started)))
    if ((await Promise.race([made, stopped.then(() => 'stopped' as const)])) === 'stopped')
      made.catch(() => {})
    else
      console.log(
        'Break a host in a second terminal: npm run demo -- drift web-1\nCtrl-C stops; `npm run demo` goes on.\n',
      )
    await stopped
  } finally {
    console.log('stopping')
    ending.abort()
    await world?.close()
    await lab?.close({ keep: true })
  }
}

async function once(): Promise<void> {
  const start = performance.now()
  const stopped = stopAsked().then(() => {
    throw new Error('stopped')
  })
  const lab = await narrator.step('image, repository, network', () => openLab({ name: 'once' }))
  let world: World | undefined
  try {
    world = await narrator.step('start the server', () => startWorld(lab, { site }))
    await Promise.race([tellStory(stageOf(world), narrator), stopped])
  } finally {
    await world?.close()
    await narrator.step('clean up: no mount, namespace or process left', async () => {
      await lab.close()
      const leaks = lab.leaks()
      if (leaks.length > 0) throw new Error(leaks.join('\n'))
    })
  }
  console.log(`ok   ${seconds(performance.now() - start)}  in all`)
}

async function drift([host = '', damage = 'file']: readonly string[]): Promise<void> {
  if (!isDamage(damage))
    throw new Error(`Cannot do "${damage}" to a host: choose one of ${damages.join(', ')}`)
  const { command, shows } = damageTo(host, damage)
  const machine = existsSync(machineDir) ? newestMachine(host) : undefined
  if (machine === undefined)
    throw new Error(`Cannot break "${host}": it does not run; start the demo first: npm run demo`)
  const { code, stderr } = await enterMachine(machineDir, machine, command)
  // The rebuild can be quicker than the damage: a machine that is gone was destroyed with the command still at work.
  const isGone = leaderOf(machineDir, machine) === undefined
  if (code !== 0 && !isGone) throw new Error(`Cannot break "${host}": ${stderr}`)
  console.log(`in ${machine}: ${command.join(' ')}\nWatch ${shows} on the page.`)
}

/** The newest of the host's machines that runs: `<host>-<number>`. */
function newestMachine(host: string): string | undefined {
  const numberOf = (machine: string) => Number(machine.slice(host.length + 1))
  return readdirSync(machineDir)
    .filter((machine) => machine.startsWith(`${host}-`) && Number.isInteger(numberOf(machine)))
    .toSorted((a, b) => numberOf(b) - numberOf(a))
    .find((machine) => leaderOf(machineDir, machine) !== undefined)
}

async function clean(): Promise<void> {
  mkdirSync(place, { recursive: true })
  await removeLab(place)
  console.log(
    `The demo's hosts and data are gone. The images stay in ${cacheDir} for the next start; delete the folder to be rid of them.`,
  )
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
