/** A Node.js application behind systemd. */
import type { Container, Reference } from '../api/reference.ts'
import { user } from '../api/resource/account.ts'
import { archive, gitCheckout } from '../api/resource/delivery.ts'
import { exec } from '../api/resource/exec.ts'
import { file } from '../api/resource/file.ts'
import { pkg } from '../api/resource/package.ts'
import { service, systemdUnit } from '../api/resource/service.ts'
import { type Checked, declareModule, type ModuleOptions, type Wrong } from './part/declare.ts'
import { type App, appUnit } from './part/node-app-unit.ts'
import { yielding } from './part/yielding.ts'

export type NodeAppOptions = ModuleOptions<'module/node-app'>
type NodeApp = Checked<'module/node-app'>

/**
 * A Node.js application: code, account, environment, unit, health.
 *
 * @example nodeApp({ name: 'shop', files: 'shop', start: 'server.js', port: 3000, health: '/healthz' })
 */
export function nodeApp(options: NodeAppOptions): Container {
  return declareModule({
    ...{ name: 'nodeApp', schema: 'module/node-app', options, wrong },
    // Before it is checked, it may be anything.
    instance: String(options.name),
    declare: declareApp,
  })
}

const origins = ['files', 'archive', 'git'] as const

function wrong({ port, health, healthSeconds, ...options }: NodeApp): readonly Wrong[] {
  const given = origins.filter((name) => options[name] !== undefined)
  return [
    ...(given.length === 1 ? [] : ['it needs its code: one of "files", "archive" and "git"']),
    ...(health !== undefined && port === undefined ? ['"health" is asked on "port"'] : []),
    ...(healthSeconds !== undefined && health === undefined ? ['"healthSeconds" goes with "health"'] : []),
  ]
}

function declareApp(options: NodeApp): void {
  const { name, node = '/usr/bin/node', environment = {}, port, package: runs = 'nodejs' } = options
  const app: App = {
    ...options,
    account: options.user ?? name,
    folder: options.directory ?? `/srv/${name}`,
    program: node,
    environmentFile: `/etc/${name}.env`,
  }
  const runtime = runs === false ? [] : [yielding(() => pkg(runs))]
  const home = `/var/lib/${name}`
  const account = user(app.account, { system: true, home, shell: '/usr/sbin/nologin' })
  const ready = installed(app, [...runtime, account])
  const variables = file(app.environmentFile, {
    content: renderEnvironment(port === undefined ? environment : { PORT: String(port), ...environment }),
    ...{ owner: 'root', group: 'root', mode: '0600', sensitive: true },
  })
  const unit = systemdUnit(`${name}.service`, { sections: appUnit(app), require: runtime })
  const causes = [...ready, variables, unit]
  const running = service(name, { ensure: 'running', enable: true, subscribe: causes, require: account })
  answering(app, running, causes)
}

/** What a restart has to wait for, and follows. */
function installed(app: App, after: readonly Reference[]): readonly Reference[] {
  const { name, folder, install, account } = app
  const brought = code(app, after)
  if (install === undefined) return [brought]
  const done = exec(`install ${name}`, {
    ...{ command: install, cwd: folder, user: account, refreshOnly: true },
    // npm writes there, and the application's own home is systemd's to make.
    env: { HOME: folder },
    timeout: 1800,
    subscribe: brought,
  })
  return [brought, done]
}

/** Whoever runs the application does not own it, unless something is installed into it. */
function code(
  { files, archive: packed, git, folder, install, account }: App,
  after: readonly Reference[],
): Reference {
  const owner = install === undefined ? 'root' : account
  if (git !== undefined) return gitCheckout(folder, { ...git, user: owner, require: after })
  if (packed !== undefined) return archive(folder, { ...packed, owner, require: after })
  return file(folder, {
    ...{
      ensure: 'directory',
      recurse: true,
      source: files ?? '',
      purge: true,
      force: true,
      owner,
      require: after,
    },
    ...(install === undefined ? {} : { ignore: ['node_modules'] }),
  })
}

/** As systemd.exec(5) reads EnvironmentFile=. */
function renderEnvironment(variables: Readonly<Record<string, string>>): string {
  const lines = Object.entries(variables).map(
    ([name, value]) => `${name}="${value.replace(/["\\`$]/g, '\\$&')}"\n`,
  )
  return ['# Managed by Rekindle: changes made here by hand go away.\n', ...lines].join('')
}

function answering(app: App, running: Reference, causes: readonly Reference[]): void {
  const { name, health, healthSeconds = 30, port, program, account } = app
  if (health === undefined) return
  exec(`health of ${name}`, {
    command: [program, '-e', probe, `http://127.0.0.1:${port}${health}`, String(healthSeconds)],
    ...{ user: account, cwd: '/', refreshOnly: true, timeout: healthSeconds + 10 },
    subscribe: [running, ...causes],
  })
}

const probe = `const [url, seconds] = process.argv.slice(1)
const end = Date.now() + seconds * 1000
async function ask() {
  const found = await fetch(url, { signal: AbortSignal.timeout(2000) }).then((a) => a.status, (e) => e.cause?.code ?? e.message)
  if (found >= 200 && found < 300) return
  if (Date.now() < end) return void setTimeout(ask, 200)
  console.error(url + ' answers ' + found)
  process.exitCode = 1
}
ask()`
