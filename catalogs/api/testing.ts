/**
 * What tests of a site import as 'rekindle/testing': runs a role for given facts, in the test's own process, and gives what
 * it declared. The order of resources, duplicates and loops are the compiler's matter: `rekindle check DIR`.
 */
import { RekindleError } from '../../schemas/errors.ts'
import type { Facts } from '../../schemas/generated/types.ts'
import { ruleFor } from '../../schemas/host-rule.ts'
import { renderResourceId } from '../../schemas/resource-id.ts'
import { collect, type Mistake } from './context.ts'
import { viewOf } from './declared-resource.ts'
import { placeOf } from './place.ts'
import { checkPolicies } from './policy.ts'
import { Role } from './role.ts'
import { sampleFacts } from './sample.ts'
import type { Site } from './site.ts'
import { type SoundSurvey, survey } from './survey.ts'
import type { TestCatalog } from './testing-catalog.ts'
import { noteHit, roleHit } from './testing-hits.ts'

export type { Verdict } from './policy.ts'
export type { TestCatalog, TestResource } from './testing-catalog.ts'
export { type AnyFactsOptions, type FastCheck, forAnyFacts } from './testing-facts.ts'
export { collectCoverage } from './testing-hits.ts'
export {
  type CatalogMatchers,
  catalogMatchers,
  catalogSerializer,
  type WantedResource,
} from './testing-matchers.ts'
export { renderCatalog } from './testing-snapshot.ts'

/** Facts that matter to a test; the others are those of a small Debian 12 host. */
export type GivenFacts = { readonly [Name in keyof Facts]?: Partial<Facts[Name]> }

export interface CompileOptions {
  /** Default `host-1`. */
  readonly host?: string
  readonly facts?: GivenFacts
  /** Folder that templates and sources are relative to. Default, for a site: that of the file that calls `site()`. */
  readonly siteDir?: string
}

/**
 * Compiles a role, or the role that a site gives a host.
 *
 * @throws RekindleError with everything that is wrong
 * @example compile(site, { host: 'web-1', facts: { cpu: { count: 8 } } }).find('file', '/etc/nginx/nginx.conf').content
 */
export function compile(of: Site | Role, options: CompileOptions = {}): TestCatalog {
  const host = options.host ?? 'host-1'
  const { role, siteDir, pool, surveyed } =
    of instanceof Role ? ofRole(of, options) : ofSite(of, host, options)
  noteHit(roleHit(role.name))
  const facts = fill(host, options.facts)
  const { declarations, mistakes, thrown } = collect(role, { siteDir, host, facts })
  if (thrown !== undefined) throw thrown
  if (mistakes.length > 0) throw refusal(mistakes)
  const byId = new Map(
    declarations.map((declared) => [renderResourceId(declared.type, declared.title), declared]),
  )
  return {
    role: role.name,
    ids: [...byId.keys()],
    resources: [...byId.values()].map((declared) => viewOf(declared)),
    findings: checkPolicies(surveyed?.policies ?? [], {
      siteDir,
      role: role.name,
      view: { host, facts, pool },
      pools: surveyed?.manifest.pools ?? [],
      declarations,
    }),
    find(type, title) {
      const id = renderResourceId(type, title)
      const declared = byId.get(id)
      if (declared === undefined)
        throw new Error(`Cannot find "${id}"; declared: ${[...byId.keys()].join(', ')}`)
      return viewOf(declared)
    },
  }
}

interface Subject {
  readonly role: Role
  readonly siteDir: string
  /** Of the host; a role that is compiled by itself has none. */
  readonly pool: string
  readonly surveyed?: SoundSurvey
}

function ofRole(role: Role, { siteDir }: CompileOptions): Subject {
  return { role, pool: '', siteDir: siteDir ?? folderOf(placeOf(new Error().stack)?.file ?? '/') }
}

function ofSite(site: Site, host: string, options: CompileOptions): Subject {
  const siteDir = options.siteDir ?? site.dir
  const surveyed = survey(site, siteDir)
  if (!surveyed.ok) throw refusal(surveyed.mistakes)
  const rule = ruleFor(surveyed.manifest.hosts, host)
  const role = rule === undefined ? undefined : surveyed.roles.get(rule.role)
  if (rule !== undefined && role !== undefined) return { role, siteDir, pool: rule.pool, surveyed }
  throw new RekindleError({
    code: 'not-found',
    message: `Cannot compile host "${host}": no rule of the site matches it`,
  })
}

function folderOf(file: string): string {
  return file.slice(0, file.lastIndexOf('/'))
}

function refusal(mistakes: readonly Mistake[]): RekindleError {
  const list = mistakes.map(({ message, where }) => `${message} (${where})`)
  return new RekindleError({
    code: 'compile-failed',
    message: list.join('; '),
    where: mistakes[0]?.where ?? undefined,
  })
}

function fill(host: string, given: GivenFacts = {}): Facts {
  const sample = sampleFacts(host)
  return {
    ...sample,
    ...(given.hostname === undefined ? {} : { hostname: given.hostname }),
    ...(given.virtual === undefined ? {} : { virtual: given.virtual }),
    os: { ...sample.os, ...given.os },
    kernel: { ...sample.kernel, ...given.kernel },
    cpu: { ...sample.cpu, ...given.cpu },
    memory: { ...sample.memory, ...given.memory },
    network: { ...sample.network, ...given.network },
    agent: { ...sample.agent, ...given.agent },
  }
}
