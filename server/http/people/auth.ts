/**
 * Who asks, and whether they may: the one place that decides. Each route says the least role in `config.allow`; a route of
 * the API that says nothing is for nobody.
 */
import type { IncomingMessage } from 'node:http'
import { fastifyCookie } from '@fastify/cookie'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { RekindleError } from '../../../schemas/errors.ts'
import { sha256 } from '../../../schemas/hash.ts'
import type { Context } from '../../context.ts'
import type { Refusals } from '../../refusals.ts'
import type { Db } from '../../store/db.ts'
import { findCredentialHolder } from '../../store/person.ts'
import { addressOf } from '../agent/identity.ts'
import type { Role } from '../view.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Least role; `anyone` needs no login. */
    allow?: Role | 'anyone'
  }
}

export const sessionCookie = 'rekindle_session'

export interface Caller {
  readonly name: string
  readonly role: Role
  readonly kind: 'session' | 'api-token'
  /** SHA-256 of the cookie or token. */
  readonly credential: string
}

export interface Callers {
  /** Who asks; routes that `anyone` may call do not ask. */
  of(request: FastifyRequest): Caller
}

const rank: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 }
const safeMethods = ['GET', 'HEAD', 'OPTIONS']

/** Adds the check to every route of the API. */
export function guardRoutes(app: FastifyInstance, context: Context, refusals: Refusals): Callers {
  const callers = new WeakMap<FastifyRequest, Caller>()
  app.addHook('onRequest', async (request) => {
    const isApi = request.url === '/api' || request.url.startsWith('/api/')
    if (!isApi || request.is404) return
    const allow = request.routeOptions.config.allow
    const caller = findCaller(context.db, request.raw, context.now())
    if (!safeMethods.includes(request.method)) checkOrigin(request.raw, caller)
    if (allow === 'anyone') return
    if (caller === undefined) throw notLoggedIn()
    if (allow === undefined || rank[caller.role] < rank[allow]) {
      throw refuseRole(refusals, request, caller, allow)
    }
    callers.set(request, caller)
  })
  return {
    of(request) {
      const caller = callers.get(request)
      if (caller === undefined) throw notLoggedIn()
      return caller
    },
  }
}

/** Who a request's cookie or bearer token speaks for; undefined when nobody. */
export function findCaller(db: Db, request: IncomingMessage, now: number): Caller | undefined {
  const bearer = /^Bearer ([\w-]{16,128})$/.exec(request.headers.authorization ?? '')?.[1]
  const cookie = fastifyCookie.parse(request.headers.cookie ?? '')[sessionCookie]
  const secret = bearer ?? cookie
  if (secret === undefined) return undefined
  const kind = bearer === undefined ? 'session' : 'api-token'
  const credential = sha256(secret)
  const person = findCredentialHolder(db, { hash: credential, kind }, now)
  return person === undefined ? undefined : { ...person, kind, credential }
}

/**
 * Refuses what another site's page sends with a person's cookie: a browser says where a request that changes something
 * comes from. Programs with an API token send no cookie, so there is nothing to ride on.
 *
 * @throws RekindleError `forbidden`.
 */
export function checkOrigin(request: IncomingMessage, caller: Caller | undefined): void {
  const { origin, host } = request.headers
  if (origin === undefined ? caller?.kind !== 'session' : hostOf(origin) === host) return
  throw new RekindleError({
    code: 'forbidden',
    message: `Cannot act for a page of "${(origin ?? 'no origin').slice(0, 100)}"`,
    hint: 'Use the page of this server, or an API token',
  })
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}

function notLoggedIn(): RekindleError {
  return new RekindleError({ code: 'unauthorised', message: 'Cannot tell who you are', hint: 'Log in' })
}

function refuseRole(
  refusals: Refusals,
  request: FastifyRequest,
  caller: Caller,
  allow: Role | undefined,
): RekindleError {
  const wanted = allow ?? 'nobody'
  refusals.record({
    actor: `user:${caller.name}`,
    action: 'act.refused',
    target: `${request.method} ${request.routeOptions.url}`,
    detail: `role ${caller.role}, wanted ${wanted}, from ${addressOf(request.raw)}`,
  })
  return new RekindleError({
    code: 'forbidden',
    message: `Cannot do that as ${caller.role}`,
    wanted,
    hint: `Ask somebody whose role is ${wanted}`,
  })
}
