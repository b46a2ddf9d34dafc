/** What people may do: routes that change something. Each is audited, here or by the part that does it. */
import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { RekindleError } from '../../../schemas/errors.ts'
import type { Attributes } from '../../../schemas/trusted.ts'
import { mintJoinToken } from '../../ca/join.ts'
import { revoke } from '../../ca/revoke.ts'
import { signOff } from '../../site/admit.ts'
import { approve } from '../../site/hold.ts'
import { appendAudit } from '../../store/audit.ts'
import { deleteHost, findHost, type Host } from '../../store/host.ts'
import { currentIncarnation, type Incarnation, listIncarnations } from '../../store/incarnation.ts'
import { transact } from '../../store/statement.ts'
import type { PeopleApi } from './api.ts'
import type { Callers } from './auth.ts'

const operator = { config: { allow: 'operator' } } as const
const admin = { config: { allow: 'admin' } } as const

const hostName = { type: 'string', pattern: '^[a-z0-9]([a-z0-9.-]{0,50}[a-z0-9])?$' } as const
const reason = { type: 'string', minLength: 1, maxLength: 500 } as const
const evidence = { type: 'string', pattern: '^[0-9a-f]{64}$' } as const
const body = (properties: Record<string, unknown>, required: readonly string[]) => ({
  schema: { body: { type: 'object', additionalProperties: false, required, properties } },
})

export function actRoutes(app: FastifyInstance, api: PeopleApi, callers: Callers): void {
  siteActs(app, api, callers)
  hostActs(app, api, callers)
  rebuildActs(app, api, callers)
}

function siteActs(app: FastifyInstance, { context, site }: PeopleApi, callers: Callers): void {
  app.post<{ Body: { evidence: string } }>(
    '/api/site/approve',
    { ...operator, ...body({ evidence }, ['evidence']) },
    async (request) => {
      const by = `user:${callers.of(request).name}`
      signOff(context, { by, evidence: request.body.evidence })
      context.live.emit({ type: 'audit' })
      return site.check(by)
    },
  )
  app.post('/api/site/check', operator, async (request) => site.check(`user:${callers.of(request).name}`))
}

function hostActs(app: FastifyInstance, api: PeopleApi, callers: Callers): void {
  const { context, fleet, hub, classifier } = api

  app.post<{ Body: { name: string } }>(
    '/api/hosts',
    { ...admin, ...body({ name: hostName }, ['name']) },
    async (request) => {
      const { name } = request.body
      // Its rules may ask what it is before it is.
      await classifier.look(name)
      return { rebuild: await fleet.createHost(name, `user:${callers.of(request).name}`) }
    },
  )
  app.delete<{ Params: { name: string } }>('/api/hosts/:name', admin, async (request) => {
    const by = `user:${callers.of(request).name}`
    const host = requireHost(api, request.params.name)
    if (host.managed) await fleet.removeHost(host.name, by)
    else forgetHost(api, host, by)
    context.live.emit({ type: 'host', host: host.name })
    return {}
  })
  app.post<{ Params: { name: string }; Body: { noop?: boolean } }>(
    '/api/hosts/:name/run',
    { ...operator, ...body({ noop: { type: 'boolean' } }, []) },
    async (request) => {
      const { name } = requireHost(api, request.params.name)
      const runId = randomUUID()
      const noop = request.body.noop === true
      const sent = hub.send(requireCurrent(api, name).id, { type: 'run', trigger: 'manual', runId, noop })
      if (!sent) throw conflict(`ask host "${name}" to run: it is not connected`, 'It runs at its next poll')
      audit(api, {
        actor: `user:${callers.of(request).name}`,
        action: 'run.requested',
        target: `host:${name}`,
        detail: noop ? 'no-op' : undefined,
      })
      return { runId }
    },
  )
  app.post<{ Params: { name: string }; Body: { evidence: string } }>(
    '/api/hosts/:name/approve',
    { ...operator, ...body({ evidence }, ['evidence']) },
    async (request) => {
      const { name } = requireHost(api, request.params.name)
      approve(context, name, { by: `user:${callers.of(request).name}`, evidence: request.body.evidence })
      context.live.emit({ type: 'audit' })
      context.live.emit({ type: 'host', host: name })
      hub.push((host) => host === name)
      return {}
    },
  )
  app.post<{ Params: { name: string }; Body: { reason: string } }>(
    '/api/hosts/:name/rebuild',
    { ...operator, ...body({ reason }, ['reason']) },
    async (request) => {
      const { name } = requireHost(api, request.params.name)
      const by = `user:${callers.of(request).name}`
      return { rebuild: await fleet.requestRebuild(name, { reason: request.body.reason, by }) }
    },
  )
  app.post<{ Params: { name: string }; Body: { reason: string } }>(
    '/api/hosts/:name/revoke',
    { ...admin, ...body({ reason }, ['reason']) },
    async (request) => {
      const incarnation = requireCurrent(api, requireHost(api, request.params.name).name)
      const by = `user:${callers.of(request).name}`
      const isNew = revoke(context, incarnation.id, { by, reason: request.body.reason })
      hub.disconnect(incarnation.id)
      if (isNew) context.live.emit({ type: 'audit' })
      context.live.emit({ type: 'host', host: incarnation.host })
      return {}
    },
  )
  app.post<{ Body: { host: string; ttlSeconds?: number; attributes?: Attributes } }>(
    '/api/tokens',
    {
      ...admin,
      ...body(
        {
          host: hostName,
          ttlSeconds: { type: 'integer', minimum: 60, maximum: 604_800 },
          attributes: { type: 'object', additionalProperties: { type: 'string' } },
        },
        ['host'],
      ),
    },
    async (request) => {
      const { host, ttlSeconds, attributes } = request.body
      const by = `user:${callers.of(request).name}`
      const { token, expiresAt } = mintJoinToken(context, { host, ttlSeconds, attributes, by })
      context.live.emit({ type: 'host', host })
      return { token, expiresAt: new Date(expiresAt).toISOString() }
    },
  )
}

function rebuildActs(app: FastifyInstance, { fleet }: PeopleApi, callers: Callers): void {
  app.post<{ Params: { id: string } }>('/api/rebuilds/:id/resume', operator, async (request) => {
    await fleet.resume(request.params.id, `user:${callers.of(request).name}`)
    return {}
  })
  app.post<{ Params: { id: string } }>('/api/rebuilds/:id/cancel', operator, async (request) => {
    await fleet.cancel(request.params.id, `user:${callers.of(request).name}`)
    return {}
  })
}

function requireHost({ context }: PeopleApi, name: string): Host {
  const host = findHost(context.db, name)
  if (host !== undefined) return host
  throw new RekindleError({ code: 'not-found', message: `Cannot find host "${name.slice(0, 100)}"` })
}

function requireCurrent({ context }: PeopleApi, host: string): Incarnation {
  const incarnation = currentIncarnation(context.db, host)
  if (incarnation !== undefined) return incarnation
  throw conflict(`act on host "${host}": it has no incarnation in service`)
}

/** Of a host whose machine is not ours to destroy. */
function forgetHost(api: PeopleApi, host: Host, by: string): void {
  const { context, hub } = api
  const lives = listIncarnations(context.db, host.name, 1000)
  transact(context.db, () => {
    deleteHost(context.db, host.name)
    audit(api, { actor: by, action: 'host.removed', target: `host:${host.name}` })
  })
  for (const { id } of lives) hub.disconnect(id)
}

function audit({ context }: PeopleApi, act: Parameters<typeof appendAudit>[1]): void {
  appendAudit(context.db, act, context.now())
  context.live.emit({ type: 'audit' })
}

function conflict(what: string, hint?: string): RekindleError {
  return new RekindleError({ code: 'conflict', message: `Cannot ${what}`, hint })
}
