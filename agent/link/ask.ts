/** One HTTPS request to the server, with a time limit and a size limit, and its refusals as RekindleErrors. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Agent } from 'node:https'
import { type ErrorCode, errorCodes, RekindleError } from '../../schemas/errors.ts'
import type { Problem } from '../../schemas/generated/types.ts'
import { diagnose } from '../../schemas/validate.ts'
import { https } from './https.ts'

export interface Ask {
  readonly agent: Agent
  readonly url: URL
  readonly method: 'GET' | 'POST'
  /** What is asked for, in words that follow "Cannot": `fetch the catalog`. */
  readonly what: string
  readonly headers?: Readonly<Record<string, string>>
  /** JSON text. */
  readonly body?: string
  readonly timeoutMs: number
  readonly maxBytes: number
  readonly signal?: AbortSignal | undefined
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/**
 * @throws RekindleError `server-unreachable`, `ca-mismatch`, or the code of the server's problem body. 304 is no error.
 */
export async function ask(wish: Ask): Promise<Answer> {
  const answer = await send(wish).catch((error: unknown) => {
    throw linkError(wish, error)
  })
  if ((answer.status >= 200 && answer.status < 300) || answer.status === 304) return answer
  throw refusal(wish, answer)
}

/**
 * ask() for a body of any size, as it comes: `timeoutMs` is how long the other side may be silent, and `maxBytes` limits
 * only what a refusal says.
 */
export async function askForPieces(wish: Ask): Promise<AsyncIterable<Uint8Array>> {
  const silence = new AbortController()
  const timer = setTimeout(() => silence.abort(new DOMException('silent', 'TimeoutError')), wish.timeoutMs)
  try {
    const incoming = await open(wish, silence.signal)
    if (incoming.statusCode === 200) return piecesOf(wish, { incoming, silence: silence.signal, timer })
    throw refusal(wish, await collect(incoming, wish.maxBytes))
  } catch (error) {
    clearTimeout(timer)
    throw linkError(wish, error)
  }
}

interface Arriving {
  readonly incoming: IncomingMessage
  /** Aborted when `timer` fires. */
  readonly silence: AbortSignal
  readonly timer: NodeJS.Timeout
}

async function* piecesOf(wish: Ask, { incoming, silence, timer }: Arriving): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of incoming) {
      timer.refresh()
      yield piece as Buffer
    }
  } catch (error) {
    throw linkError(wish, silence.aborted ? silence.reason : error)
  } finally {
    clearTimeout(timer)
  }
}

async function send(wish: Ask): Promise<Answer> {
  const limit = AbortSignal.timeout(wish.timeoutMs)
  try {
    return await collect(await open(wish, limit), wish.maxBytes)
  } catch (error) {
    throw limit.aborted ? limit.reason : error
  }
}

/** @param limit ends the request, and the answer's body, when it is aborted */
function open(wish: Ask, limit: AbortSignal, isRetry = false): Promise<IncomingMessage> {
  const { agent, url, method, body } = wish
  const signal = wish.signal === undefined ? limit : AbortSignal.any([limit, wish.signal])
  const headers = {
    accept: 'application/json',
    ...(body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    ...wish.headers,
  }
  return new Promise((resolve, fail) => {
    // node:http tells of any abort in the same words; the signal knows that it was the time.
    const reject = (error: unknown) => fail(limit.aborted ? limit.reason : error)
    const outgoing = https().request(url, { agent, method, headers, signal }, resolve)
    outgoing.on('error', (error) => {
      // The server may close an idle connection in the instant in which it is used again.
      const wasStale = outgoing.reusedSocket && 'code' in error && error.code === 'ECONNRESET'
      if (wasStale && !isRetry) open(wish, limit, true).then(resolve, reject)
      else reject(error)
    })
    outgoing.end(body)
  })
}

async function collect(incoming: IncomingMessage, maxBytes: number): Promise<Answer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming) {
    // Without an encoding, a response's chunks are Buffers.
    const bytes = chunk as Buffer
    size += bytes.length
    if (size > maxBytes) {
      incoming.destroy()
      throw new Error(`its answer is longer than ${maxBytes} bytes`)
    }
    chunks.push(bytes)
  }
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) }
}

const tlsCodes =
  /^(?:UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|ERR_TLS_CERT|ERR_SSL_WRONG_|HOSTNAME_MISMATCH)/

function linkError({ what, url, timeoutMs }: Ask, error: unknown): RekindleError {
  if (error instanceof RekindleError) return error
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (tlsCodes.test(code)) {
    return new RekindleError({
      code: 'ca-mismatch',
      message: `Cannot ${what}: ${url.host} is not the server that this agent was told to trust`,
      kept: 'nothing was sent to it',
      hint: 'Check `server` and `caFingerprint` in /etc/rekindle/agent.json',
      cause: error,
    })
  }
  const timedOut = error instanceof Error && error.name === 'TimeoutError'
  const reason = timedOut ? `did not answer in ${timeoutMs / 1000} s` : 'cannot be reached'
  const message = `Cannot ${what}: ${url.host} ${reason}`
  return new RekindleError({ code: 'server-unreachable', message, cause: timedOut ? undefined : error })
}

function refusal({ what, url }: Ask, { status, body }: Answer): RekindleError {
  const problem = parseProblem(body)
  if (problem === undefined) {
    // No Rekindle server answers so: a proxy, or something else on that port.
    return new RekindleError({
      code: 'server-unreachable',
      message: `Cannot ${what}: ${url.host} answered ${status} and gave no reason`,
    })
  }
  return new RekindleError({
    code: isErrorCode(problem.code) ? problem.code : 'internal',
    message: `Cannot ${what}: the server refused: ${problem.title}`,
    where: problem.where,
    kept: problem.kept,
    hint: problem.hint,
  })
}

function parseProblem(body: Buffer): Problem | undefined {
  try {
    const value: unknown = JSON.parse(body.toString())
    // diagnose() has just found it to be one.
    return diagnose('protocol/problem', value).length === 0 ? (value as Problem) : undefined
  } catch {
    return undefined
  }
}

function isErrorCode(code: string): code is ErrorCode {
  return errorCodes.some((known) => known === code)
}
