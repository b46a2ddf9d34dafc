/** Logging in and out. */
import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { RekindleError } from '../../../schemas/errors.ts'
import { sha256 } from '../../../schemas/hash.ts'
import { appendAudit } from '../../store/audit.ts'
import { hashPassword, isPassword } from '../../store/password.ts'
import { deleteCredential, findPerson, saveCredential } from '../../store/person.ts'
import { transact } from '../../store/statement.ts'
import { addressOf } from '../agent/identity.ts'
import { createRateLimit } from '../rate-limit.ts'
import type { SessionView } from '../view.ts'
import type { PeopleApi } from './api.ts'
import { type Callers, sessionCookie } from './auth.ts'

const sessionMs = 12 * 3_600_000
const refusedLogins = { limit: 10, windowMs: 60_000, what: 'refused logins in a minute' }

const loginBody = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'password'],
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 100 },
    password: { type: 'string', minLength: 1, maxLength: 1000 },
  },
} as const

export function sessionRoutes(app: FastifyInstance, api: PeopleApi, callers: Callers): void {
  const { context, refusals } = api
  const rate = createRateLimit(refusedLogins)
  const cookie = { path: '/', httpOnly: true, sameSite: 'strict', secure: api.tls } as const
  // Unknown names take as long as known ones, so that an answer's time does not tell which names exist.
  const nobody = hashPassword('nobody', randomBytes(16))

  app.get('/api/session', { config: { allow: 'viewer' } }, async (request): Promise<SessionView> => {
    const { name, role } = callers.of(request)
    return { name, role }
  })

  app.post<{ Body: { name: string; password: string } }>(
    '/api/login',
    { config: { allow: 'anyone' }, schema: { body: loginBody } },
    async (request, reply): Promise<SessionView> => {
      const { name, password } = request.body
      const address = addressOf(request.raw)
      rate.check(address, context.now())
      // Counted before the slow comparison, so that many at once cannot slip past; taken as refused until it is not.
      rate.count(address, context.now())
      const person = findPerson(context.db, name)
      const matches = await isPassword(password, person?.password ?? (await nobody))
      if (person === undefined || !matches) {
        refusals.record({ actor: address, action: 'login.refused', target: `user:${name}` })
        throw new RekindleError({ code: 'unauthorised', message: 'Cannot log in: wrong name or password' })
      }
      rate.forgive(address)
      const secret = context.random(32).toString('base64url')
      const expiresAt = context.now() + sessionMs
      transact(context.db, () => {
        saveCredential(context.db, name, { hash: sha256(secret), kind: 'session', expiresAt })
        const act = {
          actor: `user:${name}`,
          action: 'login.accepted',
          target: `user:${name}`,
          detail: address,
        }
        appendAudit(context.db, act, context.now())
      })
      reply.setCookie(sessionCookie, secret, { ...cookie, maxAge: sessionMs / 1000 })
      return { name: person.name, role: person.role }
    },
  )

  app.post('/api/logout', { config: { allow: 'viewer' } }, async (request, reply) => {
    const caller = callers.of(request)
    deleteCredential(context.db, caller.credential)
    api.events.endSession(caller.credential)
    reply.clearCookie(sessionCookie, cookie)
    return {}
  })
}
