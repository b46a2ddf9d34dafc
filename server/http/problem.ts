/** Errors as HTTP answers: the status of each code, and the body of schemas/protocol/problem.json. */
import type { FastifyBaseLogger, FastifyError, FastifyReply } from 'fastify'
import { type ErrorCode, errorShape, RekindleError } from '../../schemas/errors.ts'
import type { Problem } from '../../schemas/generated/types.ts'

const statuses: Partial<Record<ErrorCode, number>> = {
  'bad-request': 400,
  'csr-invalid': 400,
  unauthorised: 401,
  'certificate-unknown': 401,
  'certificate-expired': 401,
  forbidden: 403,
  'certificate-revoked': 403,
  'token-invalid': 403,
  'token-expired': 403,
  'token-used': 403,
  'not-found': 404,
  'blob-missing': 404,
  conflict: 409,
  'packages-wanted': 409,
  unsupported: 409,
  'rebuild-refused': 409,
  'site-invalid': 422,
  'compile-failed': 422,
  'change-held': 422,
  'compile-timeout': 422,
  'compile-memory': 422,
  'rate-limited': 429,
  'catalog-unavailable': 503,
  'secret-unavailable': 503,
}

/** What is not ours to tell (a fault inside) is a bare 500: its words stay in the log. */
export function renderProblem(error: unknown): Problem {
  const known = error instanceof RekindleError ? error : fromFastify(error)
  if (known === undefined)
    return { status: 500, code: 'internal', title: 'Cannot answer: a fault in the server' }
  const { code, message, ...rest } = errorShape(known)
  return { status: statuses[known.code] ?? 500, code, title: message, ...rest }
}

/** Fastify's own refusals: bodies that are too large, no JSON, or not as the route's schema says. */
function fromFastify(error: unknown): RekindleError | undefined {
  if (!(error instanceof Error)) return undefined
  const { statusCode = 500, message } = error as FastifyError
  if (statusCode < 400 || statusCode >= 500) return undefined
  return new RekindleError({ code: 'bad-request', message: `Cannot read the request: ${message}` })
}

/** Answers with a problem; the status of Fastify's own refusals (413, 415) is kept. */
export function sendProblem(reply: FastifyReply, error: unknown): FastifyReply {
  const problem = renderProblem(error)
  const own =
    error instanceof RekindleError || !(error instanceof Error) ? undefined : (error as FastifyError)
  const status = problem.status === 400 && own?.statusCode !== undefined ? own.statusCode : problem.status
  return reply
    .code(status)
    .type('application/problem+json')
    .send(JSON.stringify({ ...problem, status }))
}

/** Logs what a person has to look at: faults, never refusals (those are on the audit log). */
export function logFault(log: Pick<FastifyBaseLogger, 'error'>, error: unknown, route: string): void {
  if (renderProblem(error).status >= 500) log.error({ err: error, route }, 'http.fault')
}

/** A refusal on a socket that asked for an upgrade: there is no reply object yet. */
export function renderRawProblem(error: unknown): string {
  const problem = renderProblem(error)
  const body = JSON.stringify(problem)
  return [
    `HTTP/1.1 ${problem.status} Refused`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}
