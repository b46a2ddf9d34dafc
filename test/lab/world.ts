/** A lab with a server in it: what the demo shows, the benches time and the tests on real hosts break. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { ServerConfig } from '../../schemas/generated/types.ts'
import { nameProcess } from '../../server/machine/nspawn/process.ts'
import { type Api, connect } from './api.ts'
import { endServer, type Lab, pidFileOf } from './lab.ts'

export interface World {
  readonly lab: Lab
  readonly api: Api
  readonly pageUrl: string
  readonly login: { readonly name: string; readonly password: string }
  /** The server's log, JSON lines. */
  readonly logFile: string
  /** Runs a command inside the machine that has the host's name now. */
  inside(host: string, argv: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }>
  /** SIGKILL, as a power cut would. */
  killServer(): Promise<void>
  startServer(): Promise<void>
  /** Ends the server; the lab stays its owner's. */
  close(): Promise<void>
}

export interface WorldOptions {
  /** Folder of the site. */
  readonly site: string
  readonly pollSeconds?: number
  /** Default 0: any free port. */
  readonly pagePort?: number
  readonly secrets?: ServerConfig['secrets']
  /** Which driver makes the lab's machines; default `nspawn`. */
  readonly machines?: Pick<ServerConfig, 'nspawn' | 'command'>
}

const launcher = join(import.meta.dirname, '..', '..', 'bin', 'rekindle')
const agentPort = 8140
const startTimeoutMs = 60_000

export async function startWorld(
  lab: Lab,
  { site, pollSeconds = 300, pagePort = 0, machines = { nspawn: lab.settings }, secrets = [] }: WorldOptions,
): Promise<World> {
  const config: ServerConfig = {
    dataDir: lab.dataDir,
    site,
    agentListen: `${lab.address}:${agentPort}`,
    pageListen: `127.0.0.1:${pagePort === 0 ? await freePort() : pagePort}`,
    pollSeconds,
    ...machines,
    secrets,
  }
  const configFile = join(lab.dataDir, 'server.json')
  const logFile = join(lab.dataDir, 'server.log')
  const pidFile = pidFileOf(lab.dataDir)
  writeFileSync(configFile, JSON.stringify(config, null, 2))
  await endServer(lab.dataDir)
  const login = { name: 'admin', password: ensurePassword(lab.dataDir, configFile) }
  const pageUrl = `http://${config.pageListen}`
  let child = await launch({ configFile, logFile, pidFile, pageUrl })
  let api = await connect(pageUrl, login.name, login.password)

  const world: World = {
    lab,
    get api() {
      return api
    },
    pageUrl,
    login,
    logFile,
    async inside(host, argv) {
      const { incarnations } = await api.host(host)
      const current = incarnations.find(({ state }) => state === 'current')
      if (current === undefined) throw new Error(`Cannot enter "${host}": it has no machine in service`)
      return lab.enter(current.machine, argv)
    },
    async killServer() {
      api.close()
      await end(child, 'SIGKILL')
    },
    async startServer() {
      child = await launch({ configFile, logFile, pidFile, pageUrl })
      api = await connect(pageUrl, login.name, login.password)
    },
    async close() {
      api.close()
      await end(child, 'SIGTERM')
      rmSync(pidFile, { force: true })
    },
  }
  return world
}

/** The first admin's password is printed once; a lab keeps it beside its data, readable by its owner only. */
function ensurePassword(dataDir: string, configFile: string): string {
  const file = join(dataDir, 'login')
  if (!existsSync(file)) {
    const { status, stdout, stderr } = spawnSync(launcher, ['server', 'setup', '--config', configFile], {
      encoding: 'utf8',
    })
    const password = /^Login of "admin": (\S+)$/m.exec(stdout)?.[1]
    if (status !== 0 || password === undefined)
      throw new Error(`Cannot make the first admin: ${stderr}${stdout}`)
    writeFileSync(file, password, { mode: 0o600 })
  }
  return readFileSync(file, 'utf8')
}

interface Launch {
  readonly configFile: string
  readonly logFile: string
  readonly pidFile: string
  readonly pageUrl: string
}

/** In a session of its own: a Ctrl-C in the terminal is ours to hand on. */
async function launch({ configFile, logFile, pidFile, pageUrl }: Launch): Promise<ChildProcess> {
  const log = openSync(logFile, 'a')
  const child = spawn(launcher, ['server', '--config', configFile], {
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  const name = child.pid === undefined ? undefined : nameProcess(child.pid)
  if (name !== undefined) writeFileSync(pidFile, JSON.stringify(name))
  const deadline = Date.now() + startTimeoutMs
  while (!(await answers(pageUrl))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      throw new Error(
        `Cannot start the server: ${readFileSync(logFile, 'utf8').split('\n').slice(-15).join('\n')}`,
      )
    }
    await delay(50)
  }
  return child
}

async function answers(pageUrl: string): Promise<boolean> {
  try {
    return (await fetch(new URL('/api/health', pageUrl))).ok
  } catch {
    // It does not listen yet.
    return false
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const { promise, resolve } = Promise.withResolvers<void>()
  child.once('exit', () => resolve())
  child.kill(signal)
  await promise
}

async function freePort(): Promise<number> {
  const server = createServer()
  const { promise, resolve } = Promise.withResolvers<number>()
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    resolve(typeof address === 'object' && address !== null ? address.port : 0)
  })
  const port = await promise
  server.close()
  return port
}
