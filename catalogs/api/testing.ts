/**
 * What tests of a site import as 'rekindle/testing': runs a role for given facts, in the test's own process, and gives what
 * it declared. The order of resources, duplicates and loops are the compiler's matter: `rekindle check DIR`.
 */
import { type DataScope, ruleScope } from '../../schemas/data-layers.ts'
import { RekindleError } from '../../schemas/errors.ts'
import type { FactProblem, Facts } from '../../schemas/generated/types.ts'
import { roleName, ruleFor } from '../../schemas/host-rule.ts'
import { renderResourceId } from '../../schemas/resource-id.ts'
import type { Attributes } from '../../schemas/trusted.ts'
import { type CompileInput, collect, type DeclaredData, type HostData, type Mistake } from './context.ts'
import { openData, withLayerAbove } from './data-source.ts'
import { viewOf } from './declared-resource.ts'
import { placeOf } from './place.ts'
import { deepFreeze } from './plain.ts'
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
  /** What the host's join token carried. Default none. */
  readonly attributes?: Attributes
  /** Which of the host's lives it is. Default 1. */
  readonly incarnation?: number
  /** Folder that templates and sources are relative to. Default, for a site: that of the file that calls `site()`. */
  readonly siteDir?: string
  /** Data above all layers of the site: a part of what the schema has. */
  readonly data?: Readonly<Record<string, unknown>>
}

/**
 * Compiles a role, or the roles that a site gives a host.
 *
 * @throws RekindleError with everything that is wrong
 * @example compile(site, { host: 'web-1', facts: { cpu: { count: 8 } } }).find('file', '/etc/nginx/nginx.conf').content
 */
export function compile(of: Site | Role, options: CompileOptions = {}): TestCatalog {
  const host = options.host ?? 'host-1'
  const { roles, pool, siteDir, environment, surveyed } =
    of instanceof Role ? ofRole(of, options) : ofSite(of, host, options)
  const scope = { host, roles: roles.map(({ name }) => name), environment, facts: fill(host, options.facts) }
  for (const name of scope.roles) noteHit(roleHit(name))
  const { declarations, mistakes, factProblems, thrown } = collect(roles, {
    siteDir,
    host,
    trusted: { incarnation: options.incarnation ?? 1, pool, attributes: options.attributes ?? {} },
    facts: scope.facts,
    data: dataFor(of, scope, { siteDir, above: options.data }),
  })
  if (thrown !== undefined) throw thrown.error
  if (mistakes.length > 0) throw refusal(mistakes)
  if (factProblems.length > 0) throw refusal(factProblems.map(asMistake))
  const byId = new Map(
    declarations.map((declared) => [renderResourceId(declared.type, declared.title), declared]),
  )
  return {
    role: roleName(scope.roles),
    ids: [...byId.keys()],
    resources: [...byId.values()].map((declared) => viewOf(declared)),
    findings: checkPolicies(surveyed?.policies ?? [], {
      siteDir,
      role: roleName(scope.roles),
      view: { host, facts: scope.facts, pool },
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

/** A role alone may read any data; a site's, only what the site has. */
function dataFor(
  of: Site | Role,
  scope: DataScope,
  { siteDir, above }: { readonly siteDir: string; readonly above: CompileOptions['data'] },
): CompileInput['data'] {
  const seen = new Map<DeclaredData, HostData>()
  return (declared) => {
    if (!(of instanceof Role) && of.options.data?.rules !== declared.rules) return undefined
    const layers = openData(declared, siteDir).of(scope)
    const host = seen.get(declared) ?? frozen(above ? withLayerAbove(declared, layers, above) : layers)
    seen.set(declared, host)
    return host
  }
}

/** As in the compiler, where a role cannot change what it reads. */
function frozen(host: HostData): HostData {
  return { ...host, values: () => deepFreeze(host.values()) }
}

interface Subject {
  readonly roles: readonly [Role, ...Role[]]
  readonly pool: string
  readonly siteDir: string
  readonly environment?: string | undefined
  /** A role that is compiled by itself has no site around it. */
  readonly surveyed?: SoundSurvey
}

/** Without a site, the pool is the one that a rule without `pool` means. */
function ofRole(role: Role, { siteDir }: CompileOptions): Subject {
  return {
    roles: [role],
    pool: role.name,
    siteDir: siteDir ?? folderOf(placeOf(new Error().stack)?.file ?? '/'),
  }
}

function ofSite(site: Site, host: string, options: CompileOptions): Subject {
  const siteDir = options.siteDir ?? site.dir
  const surveyed = survey(site, siteDir)
  if (!surveyed.ok) throw refusal(surveyed.mistakes)
  const rule = ruleFor(surveyed.manifest.hosts, host, () => ({
    facts: fill(host, options.facts),
    attributes: options.attributes ?? {},
    get data() {
      return ruleData(site, host, { ...options, siteDir })
    },
  }))
  const [first, ...others] = rule?.roles.flatMap((name) => surveyed.roles.get(name) ?? []) ?? []
  if (rule !== undefined && first !== undefined) {
    return { roles: [first, ...others], pool: rule.pool, siteDir, environment: rule.environment, surveyed }
  }
  throw new RekindleError({
    code: 'not-found',
    message: `Cannot compile host "${host}": no rule of the site matches it`,
  })
}

/** As the compiler's, with the test's own data above. */
function ruleData(
  site: Site,
  host: string,
  options: CompileOptions & { readonly siteDir: string },
): object | undefined {
  const { data } = site.options
  const scope = ruleScope({ host, facts: fill(host, options.facts) })
  return data && dataFor(site, scope, { siteDir: options.siteDir, above: options.data })?.(data)?.values()
}

function folderOf(file: string): string {
  return file.slice(0, file.lastIndexOf('/'))
}

/** On a host the role goes on without the fact; a test that gives a bad one did not mean to. */
function asMistake({ fact, source, reason }: FactProblem): Mistake {
  return { message: `Cannot take fact "${fact}": ${reason}`, where: source, hint: null }
}

function refusal(mistakes: readonly Mistake[]): RekindleError {
  const list = mistakes.map(({ message, where }) => `${message} (${where})`)
  return new RekindleError({
    code: 'compile-failed',
    message: list.join('; '),
    where: mistakes[0]?.where ?? undefined,
  })
}

/** What a host has several of, by name: given ones stand alone. */
const maps: ReadonlySet<string> = new Set<keyof Facts>(['custom', 'disks', 'mounts', 'packages'])

/** A group of facts is filled up with the sample's. */
function fill(host: string, given: GivenFacts = {}): Facts {
  const sample = sampleFacts(host)
  const filled = Object.entries(given).map(([name, value]) => {
    const known: unknown = Reflect.get(sample, name)
    return [
      name,
      isGroup(known) && isGroup(value) && !maps.has(name) ? { ...known, ...value } : value,
    ] as const
  })
  // GivenFacts has facts' names and, in each, values of their types.
  return { ...sample, ...(Object.fromEntries(filled) as Partial<Facts>) }
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
