/** The agents' API: HTTPS with client certificates. Every route but the first three is for identified incarnations. */
import type { Server } from 'node:https'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { RekindleError } from '../../../schemas/errors.ts'
import { validate } from '../../../schemas/validate.ts'
import type { Authority, Issuer } from '../../ca/authority.ts'
import { enrol, renew } from '../../ca/enrol.ts'
import type { ServerCertificate } from '../../ca/issue.ts'
import type { Context } from '../../context.ts'
import type { Refusals } from '../../refusals.ts'
import type { CatalogDesk } from '../../site/catalog.ts'
import { acceptCatalogRequest } from '../../site/facts.ts'
import { findOwnBlob } from '../../store/catalog.ts'
import type { FleetEvents } from '../fleet.ts'
import type { Hub } from '../hub.ts'
import { logFault, renderRawProblem, sendProblem } from '../problem.ts'
import { createRateLimit } from '../rate-limit.ts'
import { addressOf, type Client, clientOf } from './identity.ts'
import { receiveReport } from './report.ts'
import { createServiceDesk } from './service-certificate.ts'

export interface AgentApi {
  readonly context: Context
  readonly authority: Authority
  /** Signs certificates of services; no certificate of an agent. */
  readonly serviceAuthority: Issuer
  readonly refusals: Refusals
  readonly desk: CatalogDesk
  readonly hub: Hub
  readonly fleet: FleetEvents
}

type App = FastifyInstance<Server>

const limits = { enrol: 16 * 1024, issue: 64 * 1024, catalog: 1024 * 1024, report: 16 * 1024 * 1024 }
const refusedEnrolments = { limit: 20, windowMs: 60_000, what: 'refused enrolments in a minute' }

/** Builds the API; the caller lets it listen and closes it. */
export function createAgentApp(api: AgentApi, certificate: ServerCertificate): App {
  const app: App = fastify({
    https: {
      cert: certificate.cert,
      key: certificate.key,
      ca: api.authority.pem,
      minVersion: 'TLSv1.2',
      requestCert: true,
      // Each route decides: enrolment has no certificate yet, and a refusal is to be answered and audited.
      rejectUnauthorized: false,
    },
    bodyLimit: limits.enrol,
    requestTimeout: 60_000,
    keepAliveTimeout: 75_000,
    forceCloseConnections: true,
  })
  app.removeContentTypeParser('text/plain')
  app.setErrorHandler((error, request, reply) => {
    logFault(api.context.log, error, `${request.method} ${request.routeOptions.url}`)
    return sendProblem(reply, error)
  })
  app.setNotFoundHandler((request, reply) => {
    const message = `Cannot find ${request.method} ${request.url.slice(0, 200)}`
    return sendProblem(reply, new RekindleError({ code: 'not-found', message }))
  })
  openRoutes(app, api)
  app.register(async (scope) => identifiedRoutes(scope as App, api))
  app.server.on('upgrade', (request, socket, head) => {
    // A peer that goes away in the middle of its upgrade is no fault.
    socket.on('error', () => socket.destroy())
    try {
      if (request.url !== '/v1/socket') {
        throw new RekindleError({ code: 'not-found', message: 'Cannot find that WebSocket' })
      }
      api.hub.accept(request, socket, head, clientOf(api.context, api.refusals, request))
    } catch (error) {
      socket.end(renderRawProblem(error))
    }
  })
  return app
}

function openRoutes(app: App, api: AgentApi): void {
  const { context, authority, serviceAuthority, refusals, fleet, hub } = api
  const rate = createRateLimit(refusedEnrolments)
  app.get('/v1/service-ca', (_request, reply) =>
    reply.type('application/x-pem-file').send(serviceAuthority.pem),
  )
  app.get('/v1/ca', (_request, reply) => reply.type('application/x-pem-file').send(authority.pem))
  app.post('/v1/enrol', async (request) => {
    const address = addressOf(request.raw)
    rate.check(address, context.now())
    try {
      const body = validate('protocol/enrolment-request', request.body, 'the enrolment request')
      return await enrol(
        context,
        authority,
        { ...body, address },
        {
          onEnrolled: fleet.onEnrolled,
          onRetired: hub.disconnect,
        },
      )
    } catch (error) {
      if (error instanceof RekindleError) {
        rate.count(address, context.now())
        const detail = `${error.code}: ${error.message}`
        refusals.record({ actor: address, action: 'enrol.refused', target: 'enrolment', detail })
      }
      throw error
    }
  })
}

function identifiedRoutes(app: App, api: AgentApi): void {
  const { context, authority, refusals } = api
  const clients = new WeakMap<FastifyRequest, Client>()
  // Before the body is read: a stranger's megabytes are not worth parsing.
  app.addHook('onRequest', async (request) => {
    clients.set(request, clientOf(context, refusals, request.raw))
  })
  const who = (request: FastifyRequest): Client => {
    const client = clients.get(request)
    if (client === undefined) throw new RekindleError({ code: 'internal', message: 'Cannot tell who asks' })
    return client
  }

  app.post('/v1/renew', async (request) => {
    const body = validate('protocol/enrolment-request', withoutToken(request.body), 'the renewal request')
    return renew(context, authority, { incarnation: who(request).incarnation, csr: body.csr })
  })
  const issueFor = createServiceDesk(context, api)
  app.post('/v1/service-certificate', { bodyLimit: limits.issue }, async (request) => {
    const what = 'the request for a certificate'
    return issueFor(who(request), validate('protocol/service-certificate-request', request.body, what))
  })
  app.post('/v1/catalog', { bodyLimit: limits.catalog }, async (request, reply) =>
    answerCatalog(api, who(request), request, reply),
  )
  app.get<{ Params: { sha256: string } }>('/v1/blob/:sha256', async (request, reply) => {
    const { sha256 } = request.params
    const client = who(request)
    const bytes = findOwnBlob(context.db, client.incarnation, sha256)
    if (bytes === undefined) throw refuseBlob(refusals, client, sha256)
    return reply
      .type('application/octet-stream')
      .send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  })
  app.post('/v1/report', { bodyLimit: limits.report }, async (request) => {
    const report = validate('protocol/report', request.body, 'the report')
    return receiveReport(context, { refusals, onReport: api.fleet.onReport }, who(request), report)
  })
}

/** A renewal is an enrolment request whose token is the certificate. */
function withoutToken(body: unknown): unknown {
  return typeof body === 'object' && body !== null ? { token: 'x'.repeat(16), ...body } : body
}

/** What is wrong with the request, and no fault of the site. */
const sayAgain: ReadonlySet<string> = new Set(['bad-request', 'packages-wanted'])

async function answerCatalog(
  { context, desk, refusals }: AgentApi,
  client: Client,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const word = acceptCatalogRequest(request.body)
  const catalog = await desk.hand(client, word).catch((error: unknown) => {
    if (error instanceof RekindleError && sayAgain.has(error.code)) throw error
    const refusal = asCompileFailure(error)
    // A held change is on the audit log, once.
    if (refusal !== undefined && (!asItIs.has(refusal.code) || refusal.code === 'secret-unavailable')) {
      refusals.record({
        actor: `host:${client.host}`,
        action: 'catalog.refused',
        target: `host:${client.host}`,
        detail: `${refusal.code}: ${refusal.where === undefined ? '' : `${refusal.where}: `}${refusal.message}`,
      })
    }
    context.log.debug({ host: client.host }, 'catalog.not-handed')
    throw refusal ?? error
  })
  const etag = `"${catalog.hash}"`
  reply.header('etag', etag)
  if (request.headers['if-none-match'] === etag) return reply.code(304).send()
  return reply.type('application/json').send(await catalog.envelope())
}

/** Not the site's failure. */
const asItIs: ReadonlySet<string> = new Set(['catalog-unavailable', 'change-held', 'secret-unavailable'])

/** A compile's failure is the site's, so the host is told 422 and stays on its last good catalog. */
function asCompileFailure(error: unknown): RekindleError | undefined {
  if (!(error instanceof RekindleError) || error.code === 'internal') return undefined
  if (asItIs.has(error.code) || error.code.startsWith('compile-')) return error
  return new RekindleError({
    code: 'compile-failed',
    message: error.message,
    where: error.where,
    kept: error.kept ?? 'the last good catalog',
    hint: error.hint,
  })
}

function refuseBlob(refusals: Refusals, client: Client, sha256: string): RekindleError {
  refusals.record({
    actor: `host:${client.host}`,
    action: 'blob.refused',
    target: `blob:${sha256.slice(0, 64)}`,
    detail: 'its catalog does not name it',
  })
  return new RekindleError({
    code: 'forbidden',
    message: `Cannot give blob "${sha256.slice(0, 64)}": the catalog of host "${client.host}" does not name it`,
    hint: 'Fetch the catalog first',
  })
}
