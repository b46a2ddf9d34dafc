/** What the server and a sandbox say to each other. The sandbox runs a site's code, so its answers are checked. */
import { RekindleError } from '../../schemas/errors.ts'
import type { CatalogResource, Facts, SiteManifest } from '../../schemas/generated/types.ts'
import { diagnose } from '../../schemas/validate.ts'
import type { SiteProblem } from '../http/view.ts'
import type { Read } from './recorder.ts'

export type Request =
  | { readonly type: 'load'; readonly siteDir: string }
  /** Compile a rule's role for a host that there is not, twice. */
  | { readonly type: 'check'; readonly role: string; readonly pool: string; readonly match: string }
  | {
      readonly type: 'compile'
      readonly role: string
      readonly pool: string
      readonly host: string
      readonly facts: Facts
    }

export type Answer =
  | { readonly type: 'ready' }
  | { readonly type: 'loaded'; readonly manifest: SiteManifest }
  | { readonly type: 'checked'; readonly warnings: readonly SiteProblem[] }
  | Compiled
  | { readonly type: 'refused'; readonly problems: readonly SiteProblem[] }

export interface Compiled {
  readonly type: 'compiled'
  readonly resources: readonly CatalogResource[]
  readonly blobs: ReadonlyMap<string, Uint8Array>
  readonly reads: readonly Read[]
  /** What policies warn of. */
  readonly warnings: readonly SiteProblem[]
}

/** @throws RekindleError `internal` for what no sandbox of ours says. */
export function readAnswer(value: unknown): Answer {
  const answer = isObject(value) ? value : {}
  if (isAnswer(answer)) return answer
  throw new RekindleError({ code: 'internal', message: 'Cannot read what the compile answered' })
}

function isAnswer(
  answer: Readonly<Record<string, unknown>>,
): answer is Answer & Readonly<Record<string, unknown>> {
  switch (answer.type) {
    case 'ready':
      return true
    case 'checked':
      return isListOf(answer.warnings, isProblem)
    case 'loaded':
      return diagnose('protocol/site-manifest', answer.manifest).length === 0
    case 'compiled':
      return (
        areResources(answer.resources) &&
        areBlobs(answer.blobs) &&
        isListOf(answer.reads, isRead) &&
        isListOf(answer.warnings, isProblem)
      )
    case 'refused':
      return isListOf(answer.problems, isProblem)
    default:
      return false
  }
}

function areResources(resources: unknown): boolean {
  const catalog = { version: 1, host: 'any', role: 'any', revision: 'any', drift: 'report', resources }
  return diagnose('protocol/catalog', catalog).length === 0
}

function areBlobs(blobs: unknown): boolean {
  if (!(blobs instanceof Map)) return false
  const entries: Iterable<readonly [unknown, unknown]> = blobs.entries()
  return [...entries].every(([name, bytes]) => typeof name === 'string' && bytes instanceof Uint8Array)
}

function isRead(value: unknown): boolean {
  return (
    isObject(value) &&
    (value.kind === 'value' || value.kind === 'keys') &&
    isListOf(value.path, (name) => typeof name === 'string')
  )
}

function isProblem(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value.message === 'string' &&
    isTextOrNull(value.where) &&
    isTextOrNull(value.hint)
  )
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === 'string'
}

function isListOf(value: unknown, accepts: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(accepts)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
