/** Repositories over HTTP, with a token: git's own server side behind a real listener. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { TestServer } from '../../http/test-server.ts'
import { followRepository, motdSite, Repository } from './repository.fixture.ts'

const token = 'glpat-something-secret'
let repository: Repository
let forge: Server
let server: TestServer | undefined
let dir: string

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-http-'))
  repository = new Repository()
  forge = createServer(answer)
  await new Promise<void>((resolve) => forge.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  await server?.dispose()
  server = undefined
  forge.closeAllConnections()
  await new Promise((resolve) => forge.close(resolve))
  repository.remove()
  rmSync(dir, { recursive: true, force: true })
})

function answer(request: IncomingMessage, response: ServerResponse): void {
  const wanted = `Basic ${Buffer.from(`token:${token}`).toString('base64')}`
  if (request.headers.authorization !== wanted) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="forge"' }).end()
    return
  }
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://forge')
  const cgi = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: join(repository.dir, '.git'),
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REQUEST_METHOD: request.method,
      PATH_INFO: pathname.replace('/site.git', ''),
      QUERY_STRING: searchParams.toString(),
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: String(request.headers['content-encoding'] ?? ''),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  request.pipe(cgi.stdin)
  const parts: Buffer[] = []
  cgi.stdout.on('data', (part: Buffer) => parts.push(part))
  cgi.once('close', () => {
    const whole = Buffer.concat(parts)
    const end = whole.indexOf('\r\n\r\n')
    const headers = whole
      .subarray(0, end)
      .toString()
      .split('\r\n')
      .map((line): [string, string] => [line.split(': ')[0] ?? '', line.split(': ')[1] ?? ''])
    response.writeHead(200, Object.fromEntries(headers)).end(whole.subarray(end + 4))
  })
}

async function follow(secret: string): Promise<TestServer> {
  const tokenFile = join(dir, 'token')
  writeFileSync(tokenFile, `${secret}\n`)
  const { port } = forge.address() as AddressInfo
  server = await followRepository({ git: `http://127.0.0.1:${port}/site.git`, tokenFile }, join(dir, 'data'))
  return server
}

it('is fetched with the token of tokenFile', async () => {
  const hash = repository.commit('Say hello', motdSite('hello\n'))
  expect((await follow(token)).site.view()).toMatchObject({ commit: { hash }, refused: null })
})

it('asks nobody for a password when the token is wrong, and tells no token', async () => {
  repository.commit('Say hello', motdSite('hello\n'))
  const view = (await follow('wrong-token')).site.view()
  expect(view.repository?.unreachable?.problem).toMatch(
    /^Cannot fetch from http:.*(?:Authentication failed|could not read)/,
  )
  expect(JSON.stringify(view)).not.toContain('wrong-token')
})
