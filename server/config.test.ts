import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { renderError } from '../schemas/errors.ts'
import { checkConfig, loadConfig } from './config.ts'

const good = {
  dataDir: '/data',
  site: '/site',
  agentListen: '198.18.77.1:8140',
  pageListen: '127.0.0.1:8141',
}
let dir: string

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-config-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

it.each<[string, object, RegExp]>([
  ['a field is missing', { ...good, site: undefined }, /\/site: wanted a value, found nothing/],
  ['a field is unknown', { ...good, siet: '/x' }, /\/siet: wanted no such parameter/],
  ['a path is relative', { ...good, dataDir: 'data' }, /\/dataDir/],
  ['an address has no port', { ...good, agentListen: '198.18.77.1' }, /"agentListen" is no address and port/],
  [
    'there are two machine drivers',
    {
      ...good,
      nspawn: { image: '/image', dir: '/machine', bridge: 'rk0', subnet: '198.18.77' },
      command: { create: ['/c'], destroy: ['/d'], status: ['/s'], list: ['/l'] },
    },
    /two machine drivers/,
  ],
  [
    'a machine program is a line for a shell',
    { ...good, command: { create: '/c --fast', destroy: ['/d'], status: ['/s'], list: ['/l'] } },
    /\/command\/create: wanted array/,
  ],
  ['the site is in the data', { ...good, site: '/data/x/../site' }, /site that is part of the data/],
  ['the data are in the site', { ...good, dataDir: '/site/.data' }, /site that is part of the data/],
  [
    'a repository has no branch',
    { ...good, site: { git: '/x' } },
    /\/site\/branch: wanted a value, found nothing$/,
  ],
  [
    'a branch is no name',
    { ...good, site: { git: '/x', branch: 'a..b' } },
    /\/site\/branch: wanted match pattern/,
  ],
  [
    'a repository is a program',
    { ...good, site: { git: 'ext::sh', branch: 'main' } },
    /none that can be followed/,
  ],
  [
    'a token would be of no use',
    { ...good, site: { git: 'git@example.org:x', branch: 'main', tokenFile: '/t' } },
    /Cannot use "tokenFile"/,
  ],
  [
    'a token would cross the network in the clear',
    { ...good, site: { git: 'http://example.org/x', branch: 'main', tokenFile: '/t' } },
    /Cannot use "tokenFile"/,
  ],
  [
    'an SSH key would be of no use',
    { ...good, site: { git: '/x', branch: 'main', identityFile: '/t' } },
    /Cannot use "identityFile"/,
  ],
  [
    'what hosts are would cross the network in the clear',
    { ...good, classifier: { url: 'http://cmdb.example.org/{host}' } },
    /Cannot use the classifier/,
  ],
  [
    'Vault would be asked in the clear',
    { ...good, secrets: [{ from: 'vault', url: 'http://vault.example.org', tokenFile: '/t' }] },
    /Cannot take secrets from Vault/,
  ],
  ['a source of secrets is unknown', { ...good, secrets: [{ from: 'wallet' }] }, /secrets/],
  ['an address would ask for no host', { ...good, classifier: { url: 'https://cmdb.example.org/' } }, /url/],
  [
    'people would come over the network in the clear',
    { ...good, pageListen: '198.18.77.1:80' },
    /in the clear/,
  ],
])('checkConfig() refuses when %s', (_what, config, message) => {
  expect(() => checkConfig(JSON.parse(JSON.stringify(config)))).toThrow(message)
})

it.each([
  { git: '/srv/site.git', branch: 'main' },
  {
    git: 'git@example.org:x',
    branch: 'release/1.0',
    identityFile: '/k',
    hosts: [{ match: '*', environment: 'v1' }],
  },
  { git: 'https://example.org/x', branch: 'main', tokenFile: '/t' },
])('checkConfig() takes the repository %j', (site) => {
  expect(checkConfig({ ...good, site })).toMatchObject({ site })
})

it.each([
  ['that is not there', undefined],
  ['that is no JSON', '{'],
])('loadConfig() names a file %s', (_what, text) => {
  const path = join(dir, `${text === undefined ? 'gone' : 'bad'}.json`)
  if (text !== undefined) writeFileSync(path, text)
  const load = () => loadConfig(path)
  expect(load).toThrow(path)
  expect(load).toThrow(expect.objectContaining({ code: 'config-invalid' }))
  let message = ''
  try {
    load()
  } catch (error) {
    message = renderError(error)
  }
  expect(message).toMatch(/ENOENT|JSON/)
})
