import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { checkHealth } from './health.ts'

let server: Server | undefined

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
  server = undefined
})

const never = new AbortController().signal

async function listen(answer: (tries: number) => number | undefined): Promise<number> {
  let tries = 0
  server = createServer((_request, response) => {
    tries += 1
    const status = answer(tries)
    if (status !== undefined) response.writeHead(status).end('body')
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

it('passes when the path answers 2xx', async () => {
  const port = await listen(() => 204)
  expect(await checkHealth('127.0.0.1', { port, path: '/' }, never)).toBeUndefined()
})

it('tries again until it answers', async () => {
  const port = await listen((tries) => (tries < 3 ? 503 : 200))
  expect(await checkHealth('127.0.0.1', { port, path: '/' }, never)).toBeUndefined()
})

it('passes on a TCP connection when there is no path, whatever would be answered', async () => {
  const port = await listen(() => 500)
  expect(await checkHealth('127.0.0.1', { port }, never)).toBeUndefined()
})

it.each([
  ['answers 500', () => 500, /^http:\/\/127\.0\.0\.1:\d+\/up did not answer within 0\.4 s: it answered 500$/],
  ['never answers', () => undefined, /within 0\.4 s: no answer$/],
])('fails when the path %s', async (_, answer, why) => {
  const port = await listen(answer)
  expect(await checkHealth('127.0.0.1', { port, path: '/up', timeoutSeconds: 0.4 }, never)).toMatch(why)
})

it('fails when nothing listens', async () => {
  const port = await listen(() => 200)
  await new Promise((resolve) => server?.close(resolve))
  expect(await checkHealth('127.0.0.1', { port, timeoutSeconds: 0.3 }, never)).toMatch(/ECONNREFUSED/)
})

it('ends at once when the server stops', async () => {
  const port = await listen(() => undefined)
  const stop = new AbortController()
  server?.on('request', () => stop.abort())
  await checkHealth('127.0.0.1', { port, path: '/', timeoutSeconds: 3600 }, stop.signal)
})
