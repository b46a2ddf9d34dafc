/**
 * A server for the page alone: the built page, canned bodies of the people's API typed by view.ts, and a WebSocket that
 * a test pushes through. It has the address rules and the content policy that the real one has. The page is tested
 * against the real server in test/e2e; this one can show what is hard to bring about there.
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import fastifyStatic from '@fastify/static'
import Fastify from 'fastify'
import { WebSocketServer } from 'ws'
import type { Problem } from '../../schemas/generated/types.ts'
import type {
  AuditView,
  DriftRow,
  HostView,
  LiveEvent,
  OverviewView,
  ReportView,
  SessionView,
} from '../../server/http/view.ts'
import { auditEntries, calmOverview, drift, hostView, rebuildView, report } from './fixture-views.ts'

/** What the API says; a test changes it and pushes the event that the real server would. */
export interface FixtureState {
  /** Who is logged in; null asks for a login. */
  session: SessionView | null
  overview: OverviewView
  /** Of whichever host is looked at. */
  heldChange: HostView['heldChange']
  driftHistory: readonly DriftRow[]
  report: ReportView
  audit: AuditView
  /** When set, every GET but the session's is refused with it. */
  refuse: Problem | null
}

export interface FixtureServer {
  readonly url: string
  readonly state: FixtureState
  /** Acts that were asked for, as `POST /api/... {body}`. */
  readonly acts: readonly string[]
  /** How often each address of the API was read. */
  readonly reads: ReadonlyMap<string, number>
  emit(event: LiveEvent): void
  /** Resolves when a page listens for events. */
  listening(): Promise<void>
  /** Ends all WebSockets and takes no new ones until `acceptSockets`. */
  cutSockets(): void
  acceptSockets(): void
  close(): Promise<void>
}

export const contentPolicy = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

export const admin: SessionView = { name: 'admin', role: 'admin' }

export function fixtureState(): FixtureState {
  return {
    session: admin,
    overview: calmOverview(),
    heldChange: null,
    driftHistory: [drift(90, { endedAt: new Date().toISOString(), endedBy: 'rebuilt' })],
    report: report('web-1'),
    audit: { entries: auditEntries(), chain: { intact: true, length: 44, brokenAt: null } },
    refuse: null,
  }
}

/** @param dist folder of the built page */
export async function startFixtureServer(dist: string): Promise<FixtureServer> {
  const app = Fastify({ forceCloseConnections: true })
  const state = fixtureState()
  const acts: string[] = []
  const reads = new Map<string, number>()
  const sockets = new WebSocketServer({ noServer: true })
  let cut = false

  app.addHook('onSend', async (_, reply) => {
    reply.header('content-security-policy', contentPolicy)
  })
  app.addHook('preHandler', async (request, reply) => {
    if (!request.url.startsWith('/api/')) return
    if (request.method !== 'GET') {
      acts.push(`${request.method} ${request.url} ${JSON.stringify(request.body)}`)
      return
    }
    reads.set(request.url, (reads.get(request.url) ?? 0) + 1)
    if (request.url === '/api/session') return
    const refused =
      state.session === null
        ? problem(401, 'unauthorised', 'Cannot answer: nobody is logged in')
        : state.refuse
    if (refused !== null) return reply.code(refused.status).type('application/problem+json').send(refused)
  })

  app.get(
    '/api/session',
    async (_, reply) =>
      state.session ??
      reply.code(401).send(problem(401, 'unauthorised', 'Cannot answer: nobody is logged in')),
  )
  app.post<{ Body: { name: string; password: string } }>('/api/login', async ({ body }, reply) => {
    if (body.password !== 'right') {
      return reply.code(401).send(problem(401, 'unauthorised', 'Cannot log in: name or password is wrong'))
    }
    state.session = { name: body.name, role: 'admin' }
    return state.session
  })
  app.post('/api/logout', async () => {
    state.session = null
    return {}
  })
  app.get('/api/overview', async () => ({ ...state.overview, now: new Date().toISOString() }))
  app.get('/api/site', async () => state.overview.site)
  app.get('/api/hosts', async () => state.overview.hosts)
  app.get<{ Params: { name: string } }>('/api/hosts/:name', async ({ params }, reply) => {
    const row = state.overview.hosts.find(({ name }) => name === params.name)
    if (row === undefined) {
      return reply
        .code(404)
        .send(problem(404, 'not-found', `Cannot show host "${params.name}": there is none of this name`))
    }
    return { ...hostView(row, state.overview), heldChange: state.heldChange }
  })
  app.get<{ Querystring: { open: string } }>('/api/drift', async ({ query }) =>
    query.open === 'true' ? state.overview.openDrift : state.driftHistory,
  )
  app.get('/api/reports/:id', async () => state.report)
  app.get('/api/rebuilds', async () => state.overview.rebuilds)
  app.get<{ Params: { id: string } }>('/api/rebuilds/:id', async ({ params }, reply) => {
    const row = state.overview.rebuilds.find(({ id }) => id === params.id)
    if (row === undefined)
      return reply.code(404).send(problem(404, 'not-found', 'Cannot show the rebuild: there is none'))
    return rebuildView(row)
  })
  app.get('/api/audit', async () => state.audit)
  app.post('/api/hosts/:name/run', async () => ({ runId: 'asked-1' }))
  app.post('/api/hosts/:name/approve', async () => ({}))
  app.post('/api/site/approve', async () => ({}))
  app.post('/api/hosts/:name/rebuild', async () => ({ rebuild: 'b2' }))
  app.post('/api/rebuilds/:id/resume', async () => ({}))
  app.post('/api/rebuilds/:id/cancel', async (_, reply) =>
    reply.code(409).send({
      ...problem(409, 'conflict', 'Cannot cancel the rebuild: the old machine is already destroyed'),
      hint: 'Resume it',
    }),
  )

  await app.register(fastifyStatic, { root: dist })
  app.setNotFoundHandler((request, reply) =>
    request.url.startsWith('/api/')
      ? reply.code(404).send(problem(404, 'not-found', `Cannot find ${request.url}`))
      : reply.sendFile('index.html'),
  )
  app.server.on('upgrade', (request, socket, head) => {
    if (cut || request.url !== '/api/events') socket.destroy()
    else sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request))
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${port}`,
    state,
    acts,
    reads,
    emit(event) {
      for (const client of sockets.clients) client.send(JSON.stringify(event))
    },
    async listening() {
      if (sockets.clients.size === 0) await once(sockets, 'connection')
    },
    cutSockets() {
      cut = true
      for (const client of sockets.clients) client.terminate()
    },
    acceptSockets() {
      cut = false
    },
    async close() {
      for (const client of sockets.clients) client.terminate()
      await app.close()
    },
  }
}

function problem(status: number, code: Problem['code'], title: string): Problem {
  return { status, code, title }
}
