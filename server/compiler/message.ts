/** What the server and a sandbox say to each other. The sandbox runs a site's code, so its answers are checked. */
import type { DataRules, ExplainedKey, Layer } from '../../schemas/data-layers.ts'
import { RekindleError } from '../../schemas/errors.ts'
import type { ChangeVerdict, FleetChange } from '../../schemas/fleet-change.ts'
import type { CatalogResource, FactProblem, Facts, SiteManifest } from '../../schemas/generated/types.ts'
import { roleName, wrongHostPattern } from '../../schemas/host-rule.ts'
import type { Trusted } from '../../schemas/trusted.ts'
import { diagnose } from '../../schemas/validate.ts'
import type { SiteProblem } from '../http/view.ts'
import type { Read } from './recorder.ts'
import type { Uses } from './uses.ts'

export type Request =
  | { readonly type: 'load'; readonly siteDir: string }
  /** Compile a rule's roles for a host that there is not, twice. */
  | {
      readonly type: 'check'
      readonly roles: readonly string[]
      readonly match: readonly string[]
      readonly pool: string
      readonly environment?: string
    }
  | ({ readonly type: 'compile' } & HostRequest)
  /** Ask the site's policies over changes. */
  | { readonly type: 'judge'; readonly change: FleetChange }
  /** Read and check every layer of data. */
  | { readonly type: 'data' }
  | ({ readonly type: 'lookup'; readonly key: string } & Omit<HostRequest, 'trusted'>)

export interface HostRequest {
  readonly roles: readonly string[]
  readonly host: string
  readonly trusted: Trusted
  readonly environment?: string
  readonly facts: Facts
}

export type Answer =
  | { readonly type: 'ready' }
  | { readonly type: 'loaded'; readonly manifest: SiteManifest }
  | {
      readonly type: 'checked'
      readonly warnings: readonly SiteProblem[]
      /** Names of those that the roles use on this host. */
      readonly secrets: readonly string[]
    }
  | Compiled
  | { readonly type: 'data'; readonly data: SiteData | null; readonly warnings: readonly SiteProblem[] }
  | { readonly type: 'judged'; readonly verdicts: readonly ChangeVerdict[] }
  | { readonly type: 'looked-up'; readonly keys: readonly ExplainedKey[] }
  | { readonly type: 'refused'; readonly problems: readonly SiteProblem[] }

/** All layers of a site, with which the server tells what a host sees. */
export interface SiteData {
  readonly rules: DataRules
  /** By name. */
  readonly layers: ReadonlyMap<string, Layer>
  /** Where they are, relative to the site. */
  readonly folder: string
}

export interface Compiled {
  readonly type: 'compiled'
  readonly resources: readonly CatalogResource[]
  readonly blobs: ReadonlyMap<string, Uint8Array>
  readonly reads: readonly Read[]
  readonly uses: Uses
  readonly factProblems: readonly FactProblem[]
  /** What policies warn of. */
  readonly warnings: readonly SiteProblem[]
}

/** What is done, for words after "Cannot". */
export function actOf(request: Request | undefined): string {
  if (request === undefined) return 'load the site'
  switch (request.type) {
    case 'load':
      return 'load the site'
    case 'judge':
      return 'judge the change'
    case 'data':
      return 'read the data'
    case 'lookup':
      return `look up "${request.key}"`
    default:
      return `compile role "${roleName(request.roles)}"`
  }
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
      return isListOf(answer.warnings, isProblem) && isListOf(answer.secrets, isText)
    case 'loaded':
      return isManifest(answer.manifest)
    case 'compiled':
      return (
        areResources(answer.resources) &&
        areBlobs(answer.blobs) &&
        isListOf(answer.reads, isRead) &&
        isUses(answer.uses) &&
        isListOf(answer.factProblems, (one) => diagnose('protocol/fact-problem', one).length === 0) &&
        isListOf(answer.warnings, isProblem)
      )
    case 'refused':
      return isListOf(answer.problems, isProblem)
    case 'data':
      return (answer.data === null || isSiteData(answer.data)) && isListOf(answer.warnings, isProblem)
    case 'judged':
      return isListOf(answer.verdicts, isVerdict)
    case 'looked-up':
      return isListOf(answer.keys, isExplainedKey)
    default:
      return false
  }
}

function isManifest(value: unknown): boolean {
  if (diagnose('protocol/site-manifest', value).length > 0) return false
  const { hosts } = value as SiteManifest
  return hosts.every(({ match, when = [] }) =>
    [...match, ...when.flatMap(({ matches }) => matches)].every(
      (pattern) => wrongHostPattern(pattern) === undefined,
    ),
  )
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

function isUses(value: unknown): boolean {
  return (
    isObject(value) &&
    [value.files, value.code, value.layers, value.secrets ?? []].every((list) => isListOf(list, isText)) &&
    isListOf(
      value.readsFor,
      (of) => isObject(of) && isListOf(of.own, Number.isInteger) && Number.isInteger(of.by),
    )
  )
}

function isSiteData(value: unknown): boolean {
  if (!isObject(value) || !isObject(value.rules) || !isText(value.folder) || !(value.layers instanceof Map))
    return false
  const layers: Iterable<readonly [unknown, unknown]> = value.layers.entries()
  return (
    isListOf(value.rules.hierarchy, isText) &&
    isSection(value.rules.keys) &&
    [...layers].every(
      ([name, layer]) => isText(name) && isObject(layer) && isText(layer.file) && isObject(layer.values),
    )
  )
}

function isSection(value: unknown): boolean {
  return (
    isObject(value) &&
    value.kind === 'section' &&
    isObject(value.members) &&
    Object.values(value.members).every((member) => isDataKey(member) || isSection(member))
  )
}

function isDataKey(value: unknown): boolean {
  return isObject(value) && value.kind === 'key' && isObject(value.schema)
}

function isExplainedKey(value: unknown): boolean {
  return (
    isObject(value) &&
    isText(value.key) &&
    isText(value.strategy) &&
    isListOf(value.layers, (layer) => isObject(layer) && isText(layer.name) && isText(layer.part)) &&
    (value.problem === null || (isObject(value.problem) && isText(value.problem.message)))
  )
}

function isVerdict(value: unknown): boolean {
  return (
    isProblem(value) &&
    isObject(value) &&
    isText(value.policy) &&
    ['warn', 'approve', 'refuse'].includes(String(value.level))
  )
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
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
