/**
 * Fetches a URL into a file as a stream, hashed on the way: nothing large is ever held in memory. Follows redirects, but
 * never from https to http.
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { RekindleError } from '../../schemas/errors.ts'

export interface DownloadOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** Certificates (PEM) of the authorities to trust, in place of Node's own. */
  readonly ca?: string
  /** How long the other side may be silent. Default 60,000. */
  readonly idleMs?: number
  /** How long it may take altogether. Default 30 minutes. */
  readonly timeoutMs?: number
}

export interface Downloaded {
  readonly sha256: string
  readonly size: number
}

export interface Download {
  /**
   * `https:`, `http:` or `file:`. The file must not be there; after a failure it is not there either.
   *
   * @throws RekindleError `apply-failed`
   */
  fetch(url: string, to: string, options?: DownloadOptions): Promise<Downloaded>
}

const mostRedirects = 10

export function createDownload(): Download {
  return {
    async fetch(url, to, options = {}) {
      const { timeoutMs = 1_800_000 } = options
      const signal = AbortSignal.timeout(timeoutMs)
      try {
        return await store(await open(new URL(url), { ...options, signal }), to, signal)
      } catch (cause) {
        await rm(to, { force: true })
        if (cause instanceof RekindleError) throw cause
        if (signal.aborted) throw late(url, timeoutMs)
        // The address may carry a password.
        throw new RekindleError({ code: 'apply-failed', message: `Cannot fetch ${show(url)}`, cause })
      }
    },
  }
}

type OpenOptions = DownloadOptions & { readonly signal: AbortSignal }

async function open(url: URL, options: OpenOptions): Promise<Readable> {
  if (url.protocol === 'file:') return createReadStream(fileURLToPath(url))
  let at = url
  let { headers = {} } = options
  for (let left = mostRedirects; left >= 0; left--) {
    const response = await ask(at, { ...options, headers })
    if (response.statusCode === 200) return response
    // Its body is of no use, and a connection that is kept would keep this process.
    response.destroy()
    const next = redirectOf(response, at)
    if (at.protocol === 'https:' && next.protocol !== 'https:')
      throw refused(url, `it leads to ${show(next.href)}, which is not https`)
    // What was meant for one host is not told to another.
    if (next.origin !== at.origin) headers = {}
    at = next
  }
  throw refused(url, `more than ${mostRedirects} redirects`)
}

function redirectOf({ statusCode = 0, headers }: IncomingMessage, at: URL): URL {
  const isRedirect = [301, 302, 303, 307, 308].includes(statusCode) && headers.location !== undefined
  if (!isRedirect) throw refused(at, `it answers ${statusCode}`)
  const next = new URL(headers.location ?? '', at)
  if (next.protocol === 'http:' || next.protocol === 'https:') return next
  throw refused(at, `it leads to an address of "${next.protocol}", which is none of the web`)
}

async function ask(
  url: URL,
  { headers = {}, ca, idleMs = 60_000, signal }: OpenOptions,
): Promise<IncomingMessage> {
  // Loaded when something is fetched: TLS is a third of an agent's start, and node:http brings all of fetch() with it.
  const { request } = await (url.protocol === 'https:' ? import('node:https') : import('node:http'))
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const asked = request(
    url,
    { headers, signal, timeout: idleMs, ...(ca === undefined ? {} : { ca }) },
    resolve,
  )
  asked.once('timeout', () => asked.destroy(new Error(`no byte came for ${idleMs / 1000} seconds`)))
  asked.once('error', reject)
  asked.end()
  return promise
}

async function store(from: Readable, to: string, signal: AbortSignal): Promise<Downloaded> {
  const digest = createHash('sha256')
  let size = 0
  const hashing = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      digest.update(chunk)
      size += chunk.length
      yield chunk
    }
  }
  await pipeline(from, hashing, createWriteStream(to, { flags: 'wx', mode: 0o600 }), { signal })
  return { sha256: digest.digest('hex'), size }
}

function late(url: string, timeoutMs: number): RekindleError {
  return new RekindleError({
    code: 'apply-failed',
    message: `Cannot fetch ${show(url)}: it did not end within ${timeoutMs / 1000} seconds`,
  })
}

function refused(url: URL, reason: string): RekindleError {
  return new RekindleError({ code: 'apply-failed', message: `Cannot fetch ${show(url.href)}: ${reason}` })
}

/** Without user, password and query, which may hold secrets. */
function show(url: string): string {
  const parsed = URL.parse(url)
  if (parsed === null) return 'an address that is none'
  return `"${parsed.protocol}//${parsed.host}${parsed.pathname}"`
}
