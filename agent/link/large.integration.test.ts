/**
 * What comes over TLS is never held as a whole, whatever its size: the peak memory of a process that fetches 192 MiB, from
 * the server and from elsewhere, stays far below that.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createAuthority } from './testing/server.ts'

const mebibytes = 192
const piece = Buffer.alloc(1024 * 1024, 'x')
const dir = mkdtempSync(join(tmpdir(), 'rekindle-large-'))
const digest = createHash('sha256')
for (let at = 0; at < mebibytes; at++) digest.update(piece)
const name = digest.digest('hex')
const server = createServer((_, response) => {
  Readable.from(Array.from({ length: mebibytes }, () => piece)).pipe(response)
})
let url: string

beforeAll(async () => {
  const authority = await createAuthority()
  server.setSecureContext(authority.server)
  writeFileSync(join(dir, 'ca.pem'), authority.ca)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  rmSync(dir, { recursive: true })
})

/** How much the peak of a process grows by what it is told to do, in MiB. */
async function growth(act: string): Promise<number> {
  const script = `
    const { readFileSync } = await import('node:fs')
    const { Agent } = await import('node:https')
    const { createHost } = await import('./agent/host/real-host.ts')
    const { askForPieces } = await import('./agent/link/ask.ts')
    const [, url, dir, name] = process.argv
    const host = createHost({ stateDir: dir + '/state' })
    const ca = readFileSync(dir + '/ca.pem', 'utf8')
    const peak = () => Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024
    const before = peak()
    ${act}
    console.log(peak() - before)
    process.exit()`
  const root = join(import.meta.dirname, '../..')
  const argv = ['--input-type=module', '--eval', script, url, dir, name]
  const { stdout } = await promisify(execFile)(process.execPath, argv, { cwd: root })
  return Number(stdout)
}

it.each([
  [
    'a blob of the server',
    `const wish = { agent: new Agent({ ca }), url: new URL(url), method: 'GET', what: 'fetch it', timeoutMs: 60_000 }
     await host.blobs.put(name, await askForPieces({ ...wish, maxBytes: 1000 }))
     await host.write.fillFile(dir + '/file', { mode: 0o644, fill: (to) => host.blobs.copyTo(name, to) })`,
  ],
  [
    'a file from a URL',
    `const found = await host.download.fetch(url, dir + '/fetched', { ca })
     if (found.sha256 !== name) throw new Error('other bytes came')`,
  ],
])('%s is stored in a fraction of its size', async (_, act) => {
  expect(await growth(act)).toBeLessThan(mebibytes / 2)
})

it('the measure would show it', async () => {
  expect(await growth(`globalThis.held = Buffer.alloc(${mebibytes} * 1024 * 1024, 'x')`)).toBeGreaterThan(
    mebibytes * 0.9,
  )
})
