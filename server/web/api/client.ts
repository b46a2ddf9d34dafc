import type { Problem } from '../../../schemas/generated/types.ts'
import { noteServerDate } from './clock.ts'

/** A request that the server refused, or that did not reach it (`unreachable`). */
export class ApiError extends Error {
  readonly problem: Problem
  readonly unreachable: boolean

  constructor(problem: Problem, unreachable = false) {
    super(problem.title)
    this.name = 'ApiError'
    this.problem = problem
    this.unreachable = unreachable
  }
}

/** GET of a body of server/http/view.ts. */
export function get<Body>(path: string, signal?: AbortSignal): Promise<Body> {
  return request<Body>(path, signal === undefined ? {} : { signal })
}

/** POST of an act. A body is always sent: the server reads JSON only, which no foreign page can send unasked. */
export function post<Body>(path: string, body: object = {}): Promise<Body> {
  return request<Body>(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

async function request<Body>(path: string, init: RequestInit): Promise<Body> {
  const response = await reach(path, init)
  noteServerDate(response.headers.get('date'), Date.now())
  const text = await response.text()
  if (!response.ok) throw new ApiError(readProblem(response.status, text))
  // The server that serves this page built this body from the same types; its own tests hold it to them.
  return (text === '' ? undefined : JSON.parse(text)) as Body
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(`/api${path}`, { ...init, credentials: 'same-origin' })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    const title = 'Cannot reach the server: no answer'
    throw new ApiError({ status: 0, code: 'server-unreachable', title, hint: 'The page keeps trying' }, true)
  }
}

/** A proxy in between answers with HTML, so what is not a problem becomes one. */
function readProblem(status: number, text: string): Problem {
  try {
    const body: unknown = JSON.parse(text)
    if (isProblem(body)) return body
  } catch {
    // Not JSON: the status is all there is to say.
  }
  return { status, code: 'internal', title: `Cannot read the server's answer: status ${status}` }
}

function isProblem(value: unknown): value is Problem {
  return (
    typeof value === 'object' &&
    value !== null &&
    'title' in value &&
    typeof value.title === 'string' &&
    'code' in value &&
    typeof value.code === 'string'
  )
}
