/** Content from URLs, of a real server over TLS and one without. */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer as createPlain, type RequestListener } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { FileParams } from '../../../schemas/generated/types.ts'
import { sha256 } from '../../../schemas/hash.ts'
import type { Host } from '../../host/host.ts'
import { createHost } from '../../host/real-host.ts'
import { createTrust } from '../../host/trust.ts'
import { createAuthority, type TestAuthority } from '../../link/testing/server.ts'
import { file } from '../file.ts'
import type { Wanted } from '../resource-type.ts'

const dir = mkdtempSync(join(tmpdir(), 'rekindle-fetch-'))
const path = join(dir, 'managed/tool')
const body = 'the tool\n'
const checksum = `sha256:${sha256(body)}`
const asked: string[] = []
let authority: TestAuthority
let server: Server
let plain: ReturnType<typeof createPlain>
let base: string
let plainBase: string
let host: Host

const answer: RequestListener = ({ url = '' }, response) => {
  asked.push(url)
  if (url.startsWith('/tool')) return response.end(body)
  if (url === '/moved') return response.writeHead(302, { location: `${plainBase}/tool` }).end()
  if (url === '/cut') {
    response.writeHead(200, { 'content-length': '1000' }).write('the')
    return response.destroy()
  }
  return response.writeHead(404).end('no such file')
}

beforeAll(async () => {
  authority = await createAuthority()
  server = createServer({ key: authority.server.key, cert: authority.server.cert }, answer)
  plain = createPlain(answer)
  base = await listen(server, 'https')
  plainBase = await listen(plain, 'http')
  writeFileSync(join(dir, 'ca.pem'), authority.ca)
})
afterAll(async () => {
  for (const one of [server, plain]) {
    one.closeAllConnections()
    await new Promise((resolve) => one.close(resolve))
  }
  rmSync(dir, { recursive: true })
})
beforeEach(() => {
  rmSync(join(dir, 'managed'), { recursive: true, force: true })
  const opened = createHost({ stateDir: join(dir, 'state') })
  host = { ...opened, trust: createTrust([]) }
  mkdirSync(join(dir, 'managed'))
  asked.length = 0
})

async function listen(one: Server | ReturnType<typeof createPlain>, scheme: string): Promise<string> {
  await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve))
  return `${scheme}://127.0.0.1:${(one.address() as AddressInfo).port}`
}

async function converge(params: FileParams): Promise<number> {
  const wanted: Wanted<FileParams> = { id: `file:${path}`, title: path, params, where: 'site.ts:7' }
  const look = () => {
    const actual = file.read(host, [wanted])
    if (actual instanceof Promise) throw new Error('reading files is synchronous')
    const state = actual.get(wanted.id)
    if (state === undefined || state instanceof Error) throw state ?? new Error('no state')
    return { state, changes: file.diff(wanted, state) }
  }
  const { state, changes } = look()
  if (changes.length > 0) await file.apply(host, wanted, state, changes)
  expect(look().changes).toEqual([])
  return changes.length
}

const trusted = () => ({ caFile: join(dir, 'ca.pem') })

async function refusedWith(params: FileParams, message: RegExp): Promise<void> {
  writeFileSync(path, 'old\n')
  const failure = converge(params)
  await expect(failure).rejects.toMatchObject({
    code: 'apply-failed',
    message: expect.stringMatching(message),
    where: 'site.ts:7',
    kept: 'what stood there before',
  })
  expect(readFileSync(path, 'utf8')).toBe('old\n')
  expect(readdirSync(join(dir, 'managed'))).toEqual(['tool'])
}

it.each([
  ['sha256', checksum],
  ['sha512', `sha512:${createHash('sha512').update(body).digest('hex')}`],
])('is fetched once, with its mode, and held by its %s', async (_, wanted) => {
  const params = { source: `${base}/tool`, checksum: wanted, mode: '0755', ...trusted() }
  expect(await converge(params)).toBe(2)
  expect(readFileSync(path, 'utf8')).toBe(body)
  expect(statSync(path).mode & 0o777).toBe(0o755)
  expect(await converge(params)).toBe(0)
  expect(asked).toEqual(['/tool'])
  writeFileSync(path, 'tampered\n')
  expect(await converge(params)).toBe(1)
  expect(readFileSync(path, 'utf8')).toBe(body)
})

it('without a checksum that differs, nothing is asked for', async () => {
  writeFileSync(path, body)
  expect(await converge({ source: 'https://no-such-host.invalid/tool', checksum })).toBe(0)
})

it('over http it is held by its checksum alone', async () => {
  await converge({ source: `${plainBase}/tool`, checksum })
  expect(readFileSync(path, 'utf8')).toBe(body)
})

it('of an authority that nobody trusts it is refused, and taken once caFile or the host’s store has it (F42)', async () => {
  const params = { source: `${base}/tool?token=hunter2`, checksum }
  await refusedWith(
    params,
    /^Cannot apply file ".*\/tool": Cannot fetch "https:\/\/127\.0\.0\.1:\d+\/tool": its certificate is not trusted: /,
  )
  await expect(converge(params)).rejects.toMatchObject({ hint: expect.stringContaining('caFile') })
  await converge({ ...params, ...trusted() })
  rmSync(path)
  host = { ...host, trust: createTrust([join(dir, 'ca.pem')]) }
  await converge(params)
  expect(readFileSync(path, 'utf8')).toBe(body)
})

it('what is not what its checksum says is thrown away, and the old file stays (F39)', async () => {
  const other = `sha256:${'0'.repeat(64)}`
  const params = { source: `${base}/tool`, checksum: other, ...trusted() }
  await refusedWith(params, new RegExp(`is not what is wanted: its sha256 is ${sha256(body)}, not 0{64}`))
})

it('says no digest of what is sensitive', async () => {
  const params = {
    source: `${base}/tool`,
    checksum: `sha256:${'0'.repeat(64)}`,
    sensitive: true,
    ...trusted(),
  }
  await refusedWith(params, /is not what is wanted$/)
})

it.each([
  ['a status', () => `${base}/gone`, /Cannot fetch ".*\/gone": it answers 404/],
  ['a connection that is cut', () => `${base}/cut`, /Cannot fetch ".*\/cut": (?:aborted|socket hang up)/],
  ['a redirect from https to http', () => `${base}/moved`, /which is not https/],
  ['a port where nobody listens', () => 'https://127.0.0.1:1/tool', /ECONNREFUSED/],
])('%s is named with its URL (F24)', async (_, source, message) => {
  await refusedWith({ source: source(), checksum, ...trusted() }, message)
})

it('of mirrors the first that gives the right bytes is taken; where none does, all are named', async () => {
  const mirrors = [`${base}/gone`, `${base}/tool`, `${base}/never`]
  await converge({ source: mirrors, checksum, ...trusted() })
  expect(asked).toEqual(['/gone', '/tool'])
  const bad = { source: [`${base}/gone`, `${base}/cut`], checksum, ...trusted() }
  await refusedWith(bad, /\/gone": it answers 404; Cannot fetch ".*\/cut"/)
})

it('a caFile without certificates fails the file, and says what to do', async () => {
  writeFileSync(join(dir, 'empty.pem'), '')
  const params = { source: `${base}/tool`, checksum, caFile: join(dir, 'empty.pem') }
  await refusedWith(params, /Cannot read authorities to trust from ".*empty.pem"/)
})
