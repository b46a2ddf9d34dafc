/** The people's API and the page, on an address of its own. Bodies are those of view.ts. */
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import fastifyCookie from '@fastify/cookie'
import fastify, { type FastifyInstance } from 'fastify'
import type { ServerCertificate } from '../../ca/issue.ts'
import { logFault, sendProblem } from '../problem.ts'
import { actRoutes } from './acts.ts'
import type { PeopleApi } from './api.ts'
import { guardRoutes } from './auth.ts'
import { metricsRoute } from './metrics.ts'
import { pageRoutes } from './page.ts'
import { readRoutes } from './reads.ts'
import { sessionRoutes } from './session.ts'
import { webhookRoute } from './webhook.ts'

/** Builds the API; the caller lets it listen and closes it. Without a certificate it is plain HTTP. */
export function createPeopleApp(api: PeopleApi, certificate: ServerCertificate | undefined): FastifyInstance {
  const app = fastify({
    serverFactory: (handler) =>
      certificate === undefined
        ? createHttpServer(handler)
        : createHttpsServer({ cert: certificate.cert, key: certificate.key, minVersion: 'TLSv1.2' }, handler),
    bodyLimit: 64 * 1024,
    forceCloseConnections: true,
    // What is wrong is refused, not bent into shape.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  })
  app.removeContentTypeParser('text/plain')
  app.setErrorHandler((error, request, reply) => {
    logFault(api.context.log, error, `${request.method} ${request.routeOptions.url}`)
    return sendProblem(reply, error)
  })
  pageRoutes(app, api.webDir)
  app.register(fastifyCookie)
  const callers = guardRoutes(app, api.context, api.refusals)
  sessionRoutes(app, api, callers)
  readRoutes(app, api)
  actRoutes(app, api, callers)
  metricsRoute(app, api)
  webhookRoute(app, api)
  app.server.on('upgrade', api.events.upgrade)
  return app
}
