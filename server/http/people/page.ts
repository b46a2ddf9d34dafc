/** The page's files, built by vite, and the headers that keep a browser from doing more than the page needs. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { RekindleError } from '../../../schemas/errors.ts'
import { sendProblem } from '../problem.ts'

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

const headers = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/** Addresses of server/web/router.tsx. The last part may be a host's name, and hold dots; it is no way out of the folder. */
const pagePath = /^\/(?:(?:hosts|drift|rebuilds|runs|audit)(?:\/(?!\.+$)[\w.:-]+)?\/?)?$/

/** Serves `dir`; a path that is neither a file nor of the API is the page's own, and gets its index. */
export function pageRoutes(app: FastifyInstance, dir: string): void {
  const isBuilt = existsSync(join(dir, 'index.html'))
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(headers)
    if (request.url.startsWith('/api/')) reply.header('cache-control', 'no-store')
  })
  if (isBuilt) {
    app.register(fastifyStatic, {
      root: dir,
      wildcard: false,
      setHeaders: (reply, path) => {
        // Names under assets/ hold a hash of their content.
        const immutable = path.includes('/assets/')
        reply.header('cache-control', immutable ? 'public, max-age=31536000, immutable' : 'no-cache')
      },
    })
  }
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '/'
    const isPage = request.method === 'GET' && pagePath.test(path)
    if (isPage && isBuilt) return reply.sendFile('index.html')
    const hint = isPage ? 'The page is not built: npm run build' : undefined
    const message = `Cannot find ${request.method} ${path.slice(0, 200)}`
    return sendProblem(reply, new RekindleError({ code: 'not-found', message, hint }))
  })
}
