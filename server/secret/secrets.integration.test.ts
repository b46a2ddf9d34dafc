/**
 * Every source for real, but for Vault: Debian has none, so a small server gives the answers that its documentation of KV
 * version 2 shows (https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#read-secret-version).
 */
import { createSecretKey } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { armor, Encrypter, generateIdentity, identityToRecipient } from 'age-encryption'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { errorShape } from '../../schemas/errors.ts'
import { createSecrets } from './secrets.ts'
import type { SecretConfig } from './source.ts'

const planted = 'pl4nted-Value'
const dir = mkdtempSync(join(tmpdir(), 'rekindle-secrets-'))
const tokenFile = put('token', 'vault-token-1\n')
let vault: Server
let vaultUrl: string
const asked: string[] = []

beforeAll(async () => {
  vault = createServer((request, response) => {
    asked.push(`${request.url}`)
    const answer = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body))
    if (request.headers['x-vault-token'] !== 'vault-token-1') answer(403, { errors: ['permission denied'] })
    else if (request.url !== '/v1/secret/data/db/web') answer(404, { errors: [] })
    else answer(200, { data: { data: { password: planted, count: 3 }, metadata: { version: 2 } } })
  })
  await new Promise<void>((resolve) => vault.listen(0, '127.0.0.1', resolve))
  vaultUrl = `http://127.0.0.1:${(vault.address() as AddressInfo).port}`
})
afterAll(() => {
  vault.close()
  rmSync(dir, { recursive: true, force: true })
})

function put(name: string, content: string | Uint8Array, mode = 0o600): string {
  const path = join(dir, name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, content)
  chmodSync(path, mode)
  return path
}

function open(sources: readonly SecretConfig[], more: { now?: () => number; environment?: object } = {}) {
  return createSecrets({
    ...{ sources, key: createSecretKey(Buffer.alloc(32, 1)), siteDir: join(dir, 'site') },
    environment: { ...more.environment },
    now: more.now ?? (() => 0),
  })
}

async function read(source: SecretConfig, name: string, environment = {}): Promise<string | undefined> {
  return (await open([source], { environment }).resolve([name], 'rev')).get(name)
}

/** All that an error says, with its causes. */
async function refusal(source: SecretConfig, name: string): Promise<string> {
  const error: unknown = await open([source])
    .resolve([name], 'rev')
    .catch((thrown: unknown) => thrown)
  const { code, message } = errorShape(error)
  expect(code).toBe('secret-unavailable')
  expect(message).not.toContain(planted)
  return message
}

describe('files', () => {
  const source: SecretConfig = { from: 'files', dir }

  it('gives a file without its last line break', async () => {
    put('db/password', `${planted}\n`)
    expect(await read(source, 'db/password')).toBe(planted)
  })

  it('refuses what others can read, what is not there, and what is empty', async () => {
    put('open', planted, 0o640)
    expect(await refusal(source, 'open')).toContain('is open to others (mode 640): chmod 600')
    expect(await refusal(source, 'missing')).toContain(`there is no file "${dir}/missing"`)
    put('empty', '\n')
    expect(await refusal(source, 'empty')).toContain('its value is empty')
    put('binary', Buffer.from([0xff, 0xfe, 0x41]))
    expect(await refusal(source, 'binary')).toContain('its value is no UTF-8 text')
  })
})

describe('environment', () => {
  it('gives a variable, its name in capitals', async () => {
    const environment = { REKINDLE_SECRET_DB_PASS_WORD: planted }
    expect(await read({ from: 'env' }, 'db/pass-word', environment)).toBe(planted)
    expect(await refusal({ from: 'env' }, 'other')).toContain('there is no variable REKINDLE_SECRET_OTHER')
  })
})

describe('age', () => {
  let source: SecretConfig

  beforeAll(async () => {
    const identity = await generateIdentity()
    const encrypter = new Encrypter()
    encrypter.addRecipient(await identityToRecipient(identity))
    const encrypted = await encrypter.encrypt(`db:\n  password: ${planted}\n  port: 5432\nplain: other\n`)
    put('site/rev/secrets.age', encrypted)
    put('site/rev/armored.age', armor.encode(encrypted))
    const identityFile = put('identity', `# created: today\n${identity}\n`)
    source = { from: 'age', file: 'secrets.age', identityFile }
  })

  it('gives members of maps, from the site’s own revision, binary and armored', async () => {
    expect(await read(source, 'db/password')).toBe(planted)
    expect(await read({ ...source, file: 'armored.age' } as SecretConfig, 'db/password')).toBe(planted)
    expect(await read(source, 'plain')).toBe('other')
  })

  it('says what is wrong without a value', async () => {
    expect(await refusal(source, 'db/other')).toContain('from age secrets.age: it is not in there')
    expect(await refusal(source, 'db/port')).toContain('it is no text there: numbers want quotes')
    const other = put('identity-2', `${await generateIdentity()}\n`)
    expect(await refusal({ ...source, identityFile: other } as SecretConfig, 'db/password')).toContain(
      'it cannot be decrypted with any identity of the server',
    )
  })
})

describe('vault', () => {
  it('gives a field of a path, and sends its token to nobody else', async () => {
    expect(await read({ from: 'vault', url: vaultUrl, tokenFile }, 'db/web/password')).toBe(planted)
    expect(asked.at(-1)).toBe('/v1/secret/data/db/web')
  })

  it.each([
    ['db/web/other', {}, 'it has no field "other" there'],
    ['db/web/count', {}, 'its field "count" is no text'],
    ['db/none/password', {}, 'it has nothing at "secret/db/none"'],
    ['password', {}, 'its name has no path'],
    ['db/web/password', { url: 'http://127.0.0.1:1' }, 'it cannot be reached'],
  ])('says why it has no %s %j', async (name, wishes, reason) => {
    const source = { from: 'vault', url: vaultUrl, tokenFile, ...wishes } as SecretConfig
    expect(await refusal(source, name)).toContain(reason)
  })

  it('does not say a token that is refused', async () => {
    const wrong = put('token-2', 'wr0ng-token')
    const message = await refusal({ from: 'vault', url: vaultUrl, tokenFile: wrong }, 'db/web/password')
    expect(message).toContain('its token may not read "secret/db/web"')
    expect(message).not.toContain('wr0ng')
  })
})

describe('program', () => {
  it('gets the name on standard input, and gives what it prints', async () => {
    const program = ['/bin/sh', '-c', `read name; test "$name" = db/password && echo ${planted}`]
    expect(await read({ from: 'program', program }, 'db/password')).toBe(planted)
  })

  it('says how it ended, and nothing that it printed', async () => {
    const program = ['/bin/sh', '-c', `echo ${planted}; echo ${planted} >&2; exit 3`]
    expect(await refusal({ from: 'program', program }, 'a')).toBe(
      'Cannot resolve secret "a" from program /bin/sh: it ended with 3',
    )
  })
})

it('takes the first source whose prefix fits, and the name without it', async () => {
  put('first/a', 'one')
  put('second/app/a', 'two')
  const secrets = open([
    { from: 'files', dir: join(dir, 'first'), prefix: 'app/' },
    { from: 'files', dir: join(dir, 'second') },
  ])
  expect(await secrets.resolve(['app/a'], 'rev')).toEqual(new Map([['app/a', 'one']]))
  await expect(open([]).resolve(['a'], 'rev')).rejects.toThrow('has no source for it')
})

it('keeps a value for a while, and no failure', async () => {
  let now = 0
  const secrets = open([{ from: 'files', dir, everySeconds: 10 }], { now: () => now })
  await expect(secrets.resolve(['late'], 'rev')).rejects.toThrow('there is no file')
  put('late', 'one')
  const get = async () => (await secrets.resolve(['late'], 'rev')).get('late')
  expect(await get()).toBe('one')
  put('late', 'two')
  now = 9_999
  expect(await get()).toBe('one')
  now = 10_000
  expect(await get()).toBe('two')
})

it('digests differ by value, by name and by key, and are no plain hash', () => {
  const secrets = open([])
  const { a, b } = secrets.digest(
    new Map([
      ['a', planted],
      ['b', planted],
    ]),
  )
  const { a: other } = secrets.digest(new Map([['a', 'other']]))
  const elsewhere = createSecrets({
    ...{
      sources: [],
      key: createSecretKey(Buffer.alloc(32, 2)),
      siteDir: dir,
      environment: {},
      now: () => 0,
    },
  })
  expect(new Set([a, b, other, elsewhere.digest(new Map([['a', planted]])).a]).size).toBe(4)
})
