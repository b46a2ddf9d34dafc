/** Downloads from real servers that do not do what one would wish. TLS: resource/file/fetch.integration.test.ts. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { renderError } from '../../schemas/errors.ts'
import { sha256 } from '../../schemas/hash.ts'
import { createDownload } from './download.ts'

const dir = mkdtempSync(join(tmpdir(), 'rekindle-download-'))
const to = join(dir, 'it')
const download = createDownload()
const asked: { url: string; headers: IncomingHttpHeaders }[] = []
let server: Server
let other: Server
let base: string
let otherBase: string

const answer: RequestListener = ({ url = '', headers }, response) => {
  asked.push({ url, headers })
  const redirect = (location: string) => response.writeHead(302, { location }).end('moved')
  if (url === '/whole') return response.end('the whole of it')
  if (url === '/moved') return redirect('whole')
  if (url === '/elsewhere') return redirect(`${otherBase}/whole`)
  if (url === '/loop') return redirect('/loop')
  if (url === '/local') return redirect('file:///etc/passwd')
  if (url === '/nowhere') return redirect('http://[')
  if (url === '/short') {
    response.writeHead(200, { 'content-length': '1000' }).write('the')
    return setImmediate(() => response.destroy())
  }
  // Chunks without the last one.
  if (url === '/torn') {
    response.writeHead(200).write('the')
    return setImmediate(() => response.destroy())
  }
  if (url === '/silent') return response.writeHead(200).write('the')
  if (url === '/mute') return
  return response.writeHead(503).end('away')
}

beforeAll(async () => {
  server = createServer(answer)
  other = createServer(answer)
  base = await listen(server)
  otherBase = await listen(other)
})
afterAll(async () => {
  for (const one of [server, other]) {
    one.closeAllConnections()
    await new Promise((resolve) => one.close(resolve))
  }
  rmSync(dir, { recursive: true })
})
beforeEach(() => {
  rmSync(to, { force: true })
  asked.length = 0
})

it.each(['/whole', '/moved', '/elsewhere'])('%s comes as a whole, with its hash', async (path) => {
  const text = 'the whole of it'
  expect(await download.fetch(base + path, to)).toEqual({ sha256: sha256(text), size: text.length })
  expect(readFileSync(to, 'utf8')).toBe(text)
})

it('a file of this host is copied', async () => {
  writeFileSync(join(dir, 'from'), 'local')
  expect(await download.fetch(`file://${dir}/from`, to)).toEqual({ sha256: sha256('local'), size: 5 })
})

it.each([
  ['/short', /aborted/],
  ['/torn', /aborted/],
  ['/silent', /no byte came for 0.1 seconds|aborted/],
  ['/mute', /no byte came for 0.1 seconds/],
  ['/away', /it answers 503/],
  ['/loop', /more than 10 redirects/],
  ['/local', /it leads to an address of "file:"/],
  ['/nowhere', /Cannot fetch/],
])('%s fails, and leaves nothing', async (path, reason) => {
  const error = await download.fetch(base + path, to, { idleMs: 100 }).catch((caught: unknown) => caught)
  expect(renderError(error)).toMatch(reason)
  expect(existsSync(to)).toBe(false)
})

it('ends when all of its time is over, whatever trickles in', async () => {
  const error = await download
    .fetch(`${base}/silent`, to, { timeoutMs: 100 })
    .catch((caught: unknown) => caught)
  expect(renderError(error)).toContain('it did not end within 0.1 seconds')
  expect(existsSync(to)).toBe(false)
})

it('what it is told for one server is not told to another', async () => {
  await download.fetch(`${base}/elsewhere`, to, { headers: { authorization: 'secret' } })
  expect(asked.map(({ url, headers }) => [url, headers.authorization])).toEqual([
    ['/elsewhere', 'secret'],
    ['/whole', undefined],
  ])
})

it('says no password of an address', async () => {
  const url = `${base.replace('//', '//me:geheim@')}/away?token=geheim`
  const error = await download.fetch(url, to).catch((caught: unknown) => caught)
  expect(renderError(error)).toContain('/away": it answers 503')
  expect(renderError(error)).not.toContain('geheim')
})

// A connection that was kept held the agent for five seconds after its run.
it.each(['/away', '/loop', '/local'])('%s leaves no connection', async (path) => {
  await download.fetch(base + path, to).catch(() => {})
  await expect.poll(() => connectionsOf(server)).toBe(0)
})

function connectionsOf(one: Server): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  one.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
  return promise
}

async function listen(one: Server): Promise<string> {
  await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(one.address() as AddressInfo).port}`
}
