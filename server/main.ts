/** Wires the server by hand, from the store up to its two listeners, and takes it down in the opposite order. */
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import type { Server as HttpsServer } from 'node:https'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { type Logger, pino } from 'pino'
import type { ServerConfig } from '../schemas/generated/types.ts'
import { type Authority, loadAuthority } from './ca/authority.ts'
import { issueServerCertificate, type ServerCertificate, serverLifetimeMs } from './ca/issue.ts'
import { loadServiceAuthority } from './ca/service-authority.ts'
import { createCompiler } from './compiler/compiler.ts'
import { checkConfig, loadWebhookSecret } from './config.ts'
import type { Context } from './context.ts'
import { type Core, createCore } from './core.ts'
import { connectMachines } from './fleet.ts'
import { createAgentApp } from './http/agent/app.ts'
import { type ConnectedFleet, createFleetWithoutMachines } from './http/fleet.ts'
import { createHub, type Hub } from './http/hub.ts'
import { type ListenAddress, parseListen, renderUrl } from './http/listen.ts'
import { createPeopleApp } from './http/people/app.ts'
import { createEvents } from './http/people/events.ts'
import { createLive } from './live.ts'
import { createCommandDriver } from './machine/command/driver.ts'
import { createNspawnDriver } from './machine/nspawn/driver.ts'
import { ensureAdmin } from './people.ts'
import { createRefusals } from './refusals.ts'
import { loadDigestKey } from './secret/digest-key.ts'
import { createSecrets } from './secret/secrets.ts'
import { createCatalogDesk } from './site/catalog.ts'
import { createClassifier, noClassifier } from './site/classifier.ts'
import type { Compiler } from './site/compiler.ts'
import { createFolder } from './site/folder.ts'
import { openRepository } from './site/git/source.ts'
import { createInstaller } from './site/packages.ts'
import { openSite, type Site } from './site/site.ts'
import { createCatalogTally } from './site/tally.ts'
import { createVitalsBoard } from './site/vitals.ts'
import { pruneCatalogs } from './store/catalog.ts'
import { openDatabase } from './store/db.ts'
import { listHosts } from './store/host.ts'
import { prunePackages } from './store/packages.ts'
import { pruneCredentials } from './store/person.ts'
import { pruneReports } from './store/report.ts'
import { pruneUses } from './store/uses.ts'

export interface ServerOptions {
  readonly log?: Logger
  readonly now?: () => number
  readonly random?: (bytes: number) => Buffer
  readonly compiler?: Compiler
  /** The part that makes and rebuilds machines; without it, acts on machines are refused. */
  readonly connectFleet?: (core: Core) => ConnectedFleet
  /** Folder of the built page. */
  readonly webDir?: string
}

export interface RunningServer {
  /** Base URL for agents. */
  readonly agentUrl: string
  /** Base URL for people. */
  readonly pageUrl: string
  /** SHA-256 of the authority's certificate (DER), hex. */
  readonly caFingerprint: string
  /** Password of `admin`, at the first start only. */
  readonly initialPassword: string | undefined
  readonly context: Context
  readonly site: Site
  readonly hub: Hub
  close(): Promise<void>
}

const retention = { catalogMs: 30 * 86_400_000, reportMs: 90 * 86_400_000 }
const housekeepingMs = 6 * 3_600_000

/** Starts a server; whatever was begun is undone when it cannot start. */
export async function startServer(config: ServerConfig, options: ServerOptions = {}): Promise<RunningServer> {
  const undo = new AsyncDisposableStack()
  try {
    return await assemble(checkConfig(config), options, undo)
  } catch (error) {
    await undo.disposeAsync()
    throw error
  }
}

async function assemble(
  config: ServerConfig,
  options: ServerOptions,
  undo: AsyncDisposableStack,
): Promise<RunningServer> {
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 })
  const context = createContext(config, options, undo)
  const authority = await loadAuthority(config.dataDir, context.now(), context.random)
  const serviceAuthority = await loadServiceAuthority(config.dataDir, context.now(), context.random)
  const initialPassword = await ensureAdmin(context)
  const refusals = createRefusals(context)
  undo.defer(() => refusals.close())
  let connected: (incarnation: number) => void = () => {}
  const hub = createHub(context, (incarnation) => connected(incarnation))
  const compiler = options.compiler ?? openCompiler(config)
  undo.defer(() => compiler.close())
  const site = await serveSite(context, { config, compiler, hub })
  undo.defer(() => site.close())

  let agentUrl = ''
  const pollSeconds = config.pollSeconds ?? 1800
  const agentConnection = () => ({ server: agentUrl, caFingerprint: authority.fingerprint, pollSeconds })
  const fleet = await connectFleet(createCore(context, { hub, site, agentConnection }), config, options)
  undo.defer(() => fleet.close())
  connected = fleet.onConnected

  const certificate = await issueServerCertificate(authority, certificateNames(config), context.now())
  const vitals = createVitalsBoard()
  const tally = createCatalogTally()
  const classifier =
    config.classifier === undefined ? noClassifier : createClassifier(context, config.classifier)
  const secrets = createSecrets({
    sources: config.secrets ?? [],
    key: loadDigestKey(config.dataDir, context.random),
    siteDir: join(config.dataDir, 'site'),
    environment: process.env,
    now: context.now,
  })
  const desk = createCatalogDesk(context, {
    ...{ authority, compiler, vitals, tally, classifier, secrets, site },
  })
  const agents = createAgentApp(
    { context, authority, serviceAuthority, refusals, desk, hub, fleet },
    certificate,
  )
  undo.defer(() => agents.close())
  // Before its listener, which waits for every connection, WebSockets included.
  undo.defer(() => hub.close())
  agentUrl = await listen(agents, 'https', config.agentListen)

  const events = createEvents(context)
  const tls = config.pageTls === true
  const webDir = options.webDir ?? join(import.meta.dirname, 'web', 'dist')
  const pollMs = pollSeconds * 1000
  const people = createPeopleApp(
    {
      context,
      refusals,
      site,
      hub,
      fleet,
      events,
      vitals,
      tally,
      classifier,
      pollMs,
      tls,
      webDir,
      webhookSecret: loadWebhookSecret(config),
    },
    tls ? certificate : undefined,
  )
  undo.defer(() => people.close())
  undo.defer(() => events.close())
  const pageUrl = await listen(people, tls ? 'https' : 'http', config.pageListen)

  const renewed = [agents.server, ...(tls ? [people.server as HttpsServer] : [])]
  undo.defer(keepHouse(context, { config, authority, certificate, servers: renewed }))
  site.watch()
  await fleet.start()
  context.log.info({ agentUrl, pageUrl, caFingerprint: authority.fingerprint }, 'server.started')
  return {
    agentUrl,
    pageUrl,
    caFingerprint: authority.fingerprint,
    initialPassword,
    context,
    site,
    hub,
    async close() {
      await undo.disposeAsync()
      context.log.info('server.stopped')
    },
  }
}

function createContext(config: ServerConfig, options: ServerOptions, undo: AsyncDisposableStack): Context {
  const db = openDatabase(join(config.dataDir, 'rekindle.db'))
  undo.defer(() => {
    db.close()
  })
  return {
    db,
    log: options.log ?? pino({ base: null }, pino.destination({ fd: 2, sync: true })),
    live: createLive(),
    now: options.now ?? Date.now,
    random: options.random ?? randomBytes,
  }
}

function openCompiler({ dataDir }: ServerConfig): Compiler {
  return createCompiler({
    stageDir: join(dataDir, 'site'),
    install: createInstaller({ cacheDir: join(dataDir, 'npm-cache') }),
  })
}

async function serveSite(
  context: Context,
  { config, compiler, hub }: { config: ServerConfig; compiler: Compiler; hub: Hub },
): Promise<Site> {
  const source =
    typeof config.site === 'string'
      ? createFolder(config.site, context.log)
      : await openRepository(context, config.site, join(config.dataDir, 'git'))
  return openSite(context, {
    source,
    compiler,
    hosts: () => listHosts(context.db, 5000).map(({ name }) => name),
    onActivated: hub.push,
  })
}

/** The driver makes its bridge first: the server's address for agents is on it. */
async function connectFleet(
  core: Core,
  config: ServerConfig,
  options: ServerOptions,
): Promise<ConnectedFleet> {
  if (options.connectFleet !== undefined) return options.connectFleet(core)
  if (config.nspawn !== undefined) return connectMachines(core, await createNspawnDriver(config.nspawn))
  if (config.command !== undefined) return connectMachines(core, createCommandDriver(config.command))
  return { ...createFleetWithoutMachines(core.context), start: () => {}, close: async () => {} }
}

const wildcards = ['0.0.0.0', '::']

/** Every name and address that somebody may reach the server by. */
function certificateNames(config: ServerConfig): readonly string[] {
  const own = [
    parseListen(config.agentListen, 'agentListen').host,
    ...(config.pageTls === true ? [parseListen(config.pageListen, 'pageListen').host] : []),
  ]
  const names = [...own.filter((host) => !wildcards.includes(host)), ...(config.agentNames ?? [])]
  return names.length > 0 ? [...new Set(names)] : [hostname()]
}

/** Gives the URL with the port that it got. */
async function listen(
  app: Pick<FastifyInstance, 'listen' | 'addresses'>,
  scheme: 'http' | 'https',
  text: string,
): Promise<string> {
  const wish: ListenAddress = parseListen(text, text)
  await app.listen(wish)
  const [bound] = app.addresses()
  const port = typeof bound === 'object' ? bound.port : wish.port
  return renderUrl(scheme, { host: wildcards.includes(wish.host) ? hostname() : wish.host, port })
}

interface House {
  readonly config: ServerConfig
  readonly authority: Authority
  readonly certificate: ServerCertificate
  /** Listeners that serve the certificate. */
  readonly servers: readonly Pick<HttpsServer, 'setSecureContext'>[]
}

/** Prunes what is out of date and renews the server's certificate, now and then. Gives the function that ends it. */
function keepHouse(context: Context, house: House): () => void {
  let { expiresAt } = house.certificate
  async function renewCertificate(): Promise<void> {
    if (expiresAt - context.now() > serverLifetimeMs / 3) return
    const fresh = await issueServerCertificate(house.authority, certificateNames(house.config), context.now())
    for (const server of house.servers) {
      server.setSecureContext({ cert: fresh.cert, key: fresh.key, ca: house.authority.pem })
    }
    expiresAt = fresh.expiresAt
    context.log.info({ expiresAt }, 'server.certificate-renewed')
  }
  function work(): void {
    const now = context.now()
    const pruned = {
      ...pruneCatalogs(context.db, now - retention.catalogMs),
      reports: pruneReports(context.db, now - retention.reportMs),
      credentials: pruneCredentials(context.db, now),
      packages: prunePackages(context.db),
      uses: pruneUses(context.db),
    }
    context.log.info(pruned, 'server.pruned')
    renewCertificate().catch((error: unknown) => context.log.error({ err: error }, 'server.renewal-failed'))
  }
  work()
  const timer = setInterval(work, housekeepingMs)
  timer.unref()
  return () => clearInterval(timer)
}
