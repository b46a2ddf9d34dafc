/** Where a host belongs by the data of its site: on a real server, before and after the data changes. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createCompiler } from '../compiler/compiler.ts'
import { enrolHost, startTestServer, type TestServer } from '../http/test-server.ts'
import { motdOf } from './git/repository.fixture.ts'

let dir: string
let server: TestServer

function writeSite(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, 'site', path)), { recursive: true })
    writeFileSync(join(dir, 'site', path), text)
  }
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-rule-data-'))
  writeSite({
    'site.ts': `import { field, file, layers, role, site } from 'rekindle'
const data = layers({ hierarchy: ['host/{host}', 'site'], schema: { kind: field.text() } })
const edge = role('edge', () => { file('/etc/motd', { content: 'edge' }) })
const core = role('core', () => { file('/etc/motd', { content: 'core' }) })
export default site({ data, hosts: [
  { match: 'web-*', when: { 'data.kind': 'edge' }, role: edge },
  { match: 'web-*', role: core },
] })
`,
    'data/site.yaml': 'kind: core\n',
    'data/host/web-1.yaml': 'kind: edge\n',
  })
  const dataDir = join(dir, 'data')
  server = await startTestServer({
    config: { dataDir, site: join(dir, 'site') },
    compiler: createCompiler({ stageDir: join(dataDir, 'site') }),
  })
})
afterEach(async () => {
  await server.dispose()
  rmSync(dir, { recursive: true, force: true })
})

it('catalog, pool and page agree, and follow a change of the data', async () => {
  const hosts = [await enrolHost(server, 'web-1'), await enrolHost(server, 'web-2')]
  const seen = async () => ({
    motds: await Promise.all(hosts.map((host) => motdOf(server, host))),
    pools: hosts.map(({ host }) => server.site.placeOf(host).pool?.name),
  })
  expect(await seen()).toEqual({ motds: ['edge', 'core'], pools: ['edge', 'core'] })
  writeSite({ 'data/host/web-1.yaml': 'kind: core\n', 'data/host/web-2.yaml': 'kind: edge\n' })
  expect(await server.site.check('test')).toMatchObject({ refused: null })
  expect(await seen()).toEqual({ motds: ['core', 'edge'], pools: ['core', 'edge'] })
  expect(server.site.view().pools.find(({ name }) => name === 'edge')?.hosts).toEqual(['web-2'])
})
