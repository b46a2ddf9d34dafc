/** The call with which a forge says that the site's repository changed. It only makes the server look; what it says is not read. */
import type { FastifyInstance } from 'fastify'
import { RekindleError } from '../../../schemas/errors.ts'
import { addressOf } from '../agent/identity.ts'
import { createRateLimit } from '../rate-limit.ts'
import type { PeopleApi } from './api.ts'
import { judgeWebhook } from './webhook-signature.ts'

/** A push of many commits is told at length; beyond this, the next poll finds it. */
const bodyLimit = 5 * 1024 * 1024
const refusedCalls = { limit: 20, windowMs: 60_000, what: 'refused webhooks in a minute' }

export function webhookRoute(app: FastifyInstance, api: PeopleApi): void {
  const { context, refusals, site, webhookSecret } = api
  if (webhookSecret === undefined) return
  const rate = createRateLimit(refusedCalls)
  app.register(async (scope) => {
    // What is signed are the bytes, whatever they are.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, async (_request: unknown, body: unknown) => body)
    scope.post('/v1/site/webhook', {
      bodyLimit,
      // Before the body is taken in.
      onRequest: async (request) => rate.check(addressOf(request.raw), context.now()),
      handler: async (request, reply) => {
        const body = request.body instanceof Uint8Array ? request.body : new Uint8Array()
        const verdict = judgeWebhook(request.headers, body, webhookSecret)
        if (verdict === 'accepted') {
          site.hint()
          return reply.code(202).send({})
        }
        const actor = addressOf(request.raw)
        rate.count(actor, context.now())
        refusals.record({ actor, action: 'webhook.refused', target: 'site', detail: `signature ${verdict}` })
        throw new RekindleError({
          code: 'unauthorised',
          message: 'Cannot take the webhook: its signature does not fit the secret',
          hint: 'Give the forge the secret in webhookSecretFile',
        })
      },
    })
  })
}
