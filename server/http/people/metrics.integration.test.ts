import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createCompiler } from '../../compiler/compiler.ts'
import { createApiToken, setPerson } from '../../people.ts'
import { call, enrolHost, facts, startTestServer, type TestServer } from '../test-server.ts'

let dir: string
let server: TestServer
let token: string

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-metrics-'))
  const source = `import { facts, file, role, site } from 'rekindle'
const web = role('web', () => {
  if (facts.cpu.count > 8) throw new Error('too many')
  file('/etc/motd', { content: 'hello' })
})
export default site({ hosts: [{ match: 'web-*', role: web }] })
`
  writeFileSync(join(dir, 'site.ts'), source)
  const dataDir = mkdtempSync(join(tmpdir(), 'rekindle-metrics-data-'))
  const compiler = createCompiler({ stageDir: join(dataDir, 'site') })
  server = await startTestServer({ compiler, config: { dataDir, site: dir } })
  await setPerson(server.context, { name: 'vera', role: 'viewer', by: 'test' })
  token = createApiToken(server.context, { person: 'vera', ttlMs: 60_000, by: 'test' })
})
afterAll(async () => {
  await server.dispose()
  rmSync(dir, { recursive: true, force: true })
})

const metrics = (headers: Record<string, string>) => call(server.pageUrl, { path: '/api/metrics', headers })

async function ask(host: string, count: number, times: number): Promise<void> {
  const identity = await enrolHost(server, host)
  const body = { facts: { ...facts, hostname: host, cpu: { ...facts.cpu, count } } }
  for (let time = 0; time < times; time++)
    await call(server.agentUrl, { path: '/v1/catalog', ca: server.ca, identity, body })
}

it('is for programs that have a token', async () => {
  expect((await metrics({})).status).toBe(401)
})

it('counts how catalogs were had, and gives the hit ratio of the compile cache', async () => {
  const fresh = await metrics({ authorization: `Bearer ${token}` })
  expect(fresh.headers['content-type']).toContain('text/plain; version=0.0.4')
  expect(fresh.text).toContain('rekindle_compile_cache_hit_ratio NaN\n')
  await ask('web-1', 2, 3)
  await ask('web-2', 2, 1)
  await ask('web-3', 2, 1)
  await ask('web-4', 2, 1)
  await ask('web-5', 16, 1)
  const { text } = await metrics({ authorization: `Bearer ${token}` })
  expect(text.split('\n').filter((line) => line.startsWith('rekindle_c'))).toEqual([
    'rekindle_catalog_requests_total{way="known"} 2',
    'rekindle_catalog_requests_total{way="found"} 3',
    'rekindle_catalog_requests_total{way="compiled"} 1',
    'rekindle_catalog_requests_total{way="failed"} 1',
    'rekindle_compile_cache_hit_ratio 0.75',
  ])
})
