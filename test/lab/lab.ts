/**
 * A place for real hosts: a bridge and subnet of its own, a machine driver, the base image and a local apt repository.
 * Tests, demo and benches use it. `close` takes all of it away, and so does the end of the process.
 */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import type { Server } from 'node:http'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { buildAgentPackage } from '../../agent/package/build.ts'
import type { MachineDriver } from '../../server/machine/driver.ts'
import { createNspawnDriver, type NspawnSettings } from '../../server/machine/nspawn/driver.ts'
import { enterMachine } from '../../server/machine/nspawn/enter.ts'
import { buildImage } from '../../server/machine/nspawn/image.ts'
import {
  ensureBridge,
  type Network,
  removeBridge,
  serverAddress,
} from '../../server/machine/nspawn/network.ts'
import { isAlive, nameProcess, type ProcessName } from '../../server/machine/nspawn/process.ts'
import type { Ran } from '../../server/machine/nspawn/run.ts'
import { buildRepository, serveRepository } from './apt-repository.ts'

export const packagesForHosts: readonly string[] = [
  ...['nginx-light', 'redis-server', 'cron'],
  // For the tests of resource types.
  ...['nftables', 'git', 'sudo', 'locales', 'logrotate', 'kmod', 'procps', 'openssh-client', 'openssl'],
  ...['unzip', 'xz-utils', 'bzip2', 'dnf', 'rpm', 'createrepo-c', 'python3-pip', 'ruby', 'debconf-utils'],
  ...['openrc'],
  // For the tests of modules.
  ...['openssh-server', 'haproxy', 'postgresql', 'chrony', 'unattended-upgrades'],
]

/** Images and repositories, shared by all labs of this user. */
export const cacheDir = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'rekindle')

const repositoryPort = 8181
/** Machines know the server by this name (/etc/hosts), whatever the lab's subnet is, so all labs share one image. */
const aptSource = `deb [trusted=yes] http://rekindle-server:${repositoryPort}/ ./`

export interface Lab {
  readonly settings: NspawnSettings
  readonly driver: MachineDriver
  /** The server's address on the lab's bridge. */
  readonly address: string
  /** Folder for what the lab's server keeps. */
  readonly dataDir: string
  readonly repositoryDir: string
  /** Runs a command inside a machine, as root. */
  enter(machine: string, argv: readonly string[]): Promise<Ran>
  /** What of this lab is left on the machine: mounts, namespaces, interfaces, control groups, processes. */
  leaks(): readonly string[]
  /** Destroys the machines and takes away the bridge; with `keep` the machines are only stopped. */
  close(options?: { readonly keep?: boolean }): Promise<void>
}

export interface LabOptions {
  /** Short and unique among labs that live at once; names the bridge and the folder. */
  readonly name: string
  /** Folder of the lab; default one of its own in the cache, removed by `close`. */
  readonly dir?: string
  readonly subnet?: string
  /** More packages that machines can install. */
  readonly packages?: readonly string[]
  readonly log?: (line: string) => void
}

export async function createLab(options: LabOptions): Promise<Lab> {
  const { name, dir, subnet, packages: more = [], log = () => {} } = options
  mkdirSync(cacheDir, { recursive: true })
  await sweepDeadLabs()
  const place = dir ?? mkdtempSync(join(cacheDir, `lab-${name}-`))
  refuseOwned(place)
  mkdirSync(place, { recursive: true })
  const network = {
    bridge: dir === undefined ? uniqueBridge(name) : `rk-${name}`,
    subnet: subnet ?? freeSubnet(),
  }
  writeFileSync(join(place, 'owner.json'), JSON.stringify({ owner: nameProcess(process.pid), network }))
  // At once, so that nobody else takes the subnet while the image is built.
  await ensureBridge(network)
  const address = serverAddress(network)
  const agentPackage = await buildAgentPackage(join(cacheDir, 'package'))
  const base = await buildImage({ cacheDir, log })
  const packages = await buildRepository({ cacheDir, base, packages: [...packagesForHosts, ...more], log })
  const repositoryDir = join(place, 'apt')
  copyRepository(packages, repositoryDir)
  const image = await buildImage({ cacheDir, agentPackage, aptSource, log })
  const settings: NspawnSettings = { ...network, image, dir: join(place, 'machine') }
  const driver = await createNspawnDriver(settings)
  const repository = await serveRepository(repositoryDir, address, repositoryPort)
  const dataDir = join(place, 'data')
  mkdirSync(dataDir, { recursive: true })
  return {
    settings,
    driver,
    address,
    dataDir,
    repositoryDir,
    enter: (machine, argv) => enterMachine(settings.dir, machine, argv),
    leaks: () => findLeaks(settings),
    async close({ keep = false } = {}) {
      await closeServer(repository)
      for (const { machine } of await driver.list())
        await (keep ? driver.stop(machine) : driver.destroy(machine))
      await driver.close()
      await removeBridge(network)
      if (dir === undefined) rmSync(place, { recursive: true, force: true })
    },
  }
}

/** Of its own, since tests add packages to it; the archives are never written again, so links of them will do. */
function copyRepository(from: string, to: string): void {
  mkdirSync(to)
  for (const name of readdirSync(from)) {
    if (name.endsWith('.deb')) linkSync(join(from, name), join(to, name))
    else cpSync(join(from, name), join(to, name))
  }
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections()
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  await promise
}

/** Interface names have 15 characters at most. */
function uniqueBridge(name: string): string {
  return `rk-${name.slice(0, 6)}-${randomBytes(2).toString('hex')}`
}

/** A /24 of 198.18.0.0/15, which RFC 2544 sets apart for tests, so it is nobody's LAN. */
function freeSubnet(): string {
  const taken = spawnSync('ip', ['-brief', '-4', 'address'], { encoding: 'utf8' }).stdout
  for (let third = 100; third < 250; third++)
    if (!taken.includes(` 198.18.${third}.`)) return `198.18.${third}`
  throw new Error('Cannot make a lab: no free subnet in 198.18.0.0/16')
}

/** Everything that a machine of this lab can leave in the kernel has the bridge's name or the lab's folder in it. */
function findLeaks({ dir, bridge }: NspawnSettings): readonly string[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(` ${dir}/`))
  const listed = (folder: string) => (existsSync(folder) ? readdirSync(folder) : [])
  const mine = (name: string) => name.startsWith(`${bridge}.`)
  const groups = ['', 'systemd', 'unified'].flatMap((room) =>
    listed(join('/sys/fs/cgroup', room, 'rekindle')),
  )
  const processes = spawnSync('pgrep', ['-fa', `directory=${dir}/`], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter(Boolean)
  return [
    ...mounts.map((line) => `mount ${line}`),
    ...listed('/run/netns')
      .filter(mine)
      .map((name) => `namespace ${name}`),
    ...groups.filter(mine).map((name) => `control group ${name}`),
    ...processes.map((line) => `process ${line}`),
    ...(existsSync(`/sys/class/net/${bridge}`) ? [`interface ${bridge}`] : []),
  ]
}

/** Takes away the labs whose process was killed before it could. */
async function sweepDeadLabs(): Promise<void> {
  for (const name of readdirSync(cacheDir).filter((entry) => entry.startsWith('lab-'))) {
    const owner = ownerOf(join(cacheDir, name))
    if (owner !== undefined && !isAlive(owner.owner)) await removeLab(join(cacheDir, name))
  }
}

/** Destroys a lab's machines and removes its folder, whoever made it. */
export async function removeLab(place: string): Promise<void> {
  refuseOwned(place)
  // The server first: it would make its machines again.
  await endServer(join(place, 'data'))
  const known = ownerOf(place)
  if (known !== undefined) {
    const driver = await createNspawnDriver({ ...known.network, image: '/', dir: join(place, 'machine') })
    for (const { machine } of await driver.list()) await driver.destroy(machine)
    await driver.close()
    await removeBridge(known.network)
  }
  rmSync(place, { recursive: true, force: true })
}

function refuseOwned(place: string): void {
  const owner = ownerOf(place)?.owner
  if (owner === undefined || owner.pid === process.pid || !isAlive(owner)) return
  throw new Error(`Cannot use "${place}": process ${owner.pid} runs it; stop that one first (Ctrl-C)`)
}

/** Where the process of a lab's server is written down. */
export const pidFileOf = (dataDir: string): string => join(dataDir, 'server.pid.json')

/** Ends a server whose lab was killed before it could. */
export async function endServer(dataDir: string): Promise<void> {
  const file = pidFileOf(dataDir)
  if (!existsSync(file)) return
  // Written by world.ts alone.
  const left = JSON.parse(readFileSync(file, 'utf8')) as ProcessName
  if (isAlive(left)) process.kill(left.pid, 'SIGTERM')
  while (isAlive(left)) await delay(50)
  rmSync(file, { force: true })
}

interface Owner {
  readonly owner: ProcessName
  readonly network: Network
}

function ownerOf(place: string): Owner | undefined {
  const file = join(place, 'owner.json')
  // Written by createLab alone.
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Owner) : undefined
}
