/** What a sandbox does with a site that it has loaded: runs roles, judges what they declared, says what is wrong with it. */
import { relative } from 'node:path/posix'
import type { ChangePolicy } from '../../catalogs/api/change-policy.ts'
import { type Collected, collect, type HostData } from '../../catalogs/api/context.ts'
import { MissingData } from '../../catalogs/api/data.ts'
import { placeOf, renderPlace } from '../../catalogs/api/place.ts'
import { checkPolicies, type Policy, type PolicyInput } from '../../catalogs/api/policy.ts'
import type { Role } from '../../catalogs/api/role.ts'
import { sampleFacts } from '../../catalogs/api/sample.ts'
import { canonical } from '../../schemas/canonical.ts'
import type { SiteManifest } from '../../schemas/generated/types.ts'
import { hostLike, roleName } from '../../schemas/host-rule.ts'
import { secretsIn } from '../../schemas/secret.ts'
import type { SiteProblem } from '../http/view.ts'
import { diagnoseThrown } from './diagnose.ts'
import { type Evaluated, evaluate } from './evaluate.ts'
import type { Answer, HostRequest, Request } from './message.ts'
import { findRaces } from './race.ts'
import { note, type Read } from './recorder.ts'
import { hostsOf, type OpenedData } from './sandbox-data.ts'
import { normalFile, type Uses } from './uses.ts'

export interface LoadedSite {
  readonly dir: string
  readonly roles: ReadonlyMap<string, Role>
  readonly manifest: SiteManifest
  readonly policies: readonly Policy[]
  readonly changePolicies: readonly ChangePolicy[]
  /** Layers are read when a host looks at them. */
  readonly data: OpenedData | undefined
  /** By role. */
  readonly code: ReadonlyMap<string, readonly string[]>
}

export function compile(site: LoadedSite, request: HostRequest): Answer {
  return judge(site, declare(site, request))
}

/** What differs when a role is compiled a second time depends on more than facts. */
export function check(site: LoadedSite, rule: Extract<Request, { type: 'check' }>): Answer {
  const { request, declared } = declareSample(site, rule)
  const first = judge(site, declared)
  if (first.type === 'refused') return first
  const problems = [...steady(site, rule.roles, first, compile(site, request)), ...serverPaths(site, first)]
  if (problems.length > 0 || first.type !== 'compiled') return { type: 'refused', problems }
  const races = declared.evaluated.ok ? findRaces(declared.evaluated.ordered) : []
  return { type: 'checked', warnings: [...first.warnings, ...races], secrets: first.uses.secrets ?? [] }
}

/** For a host that there is not, or where the site has data for each host alone, for one of those. */
function declareSample(
  site: LoadedSite,
  { roles, match, pool, environment }: Extract<Request, { type: 'check' }>,
): { readonly request: HostRequest; readonly declared: DeclaredRoles } {
  const trusted = { incarnation: 1, pool, attributes: {} }
  const sample = (host: string): HostRequest => ({
    ...{ roles, host, trusted, facts: sampleFacts(host) },
    ...(environment === undefined ? {} : { environment }),
  })
  const request = sample(hostLike(match[0] ?? '*'))
  const declared = declare(site, request)
  const isLacking = declared.collected.thrown?.error instanceof MissingData
  const [host] = isLacking ? hostsOf(site, match) : []
  if (host === undefined) return { request, declared }
  return { request: sample(host), declared: declare(site, sample(host)) }
}

function steady(
  site: LoadedSite,
  roles: readonly string[],
  first: Answer,
  second: Answer,
): readonly SiteProblem[] {
  const bytes = (given: Answer) => (given.type === 'compiled' ? canonical(given.resources) : given.type)
  if (bytes(first) === bytes(second)) return []
  return [
    {
      message: `Cannot use role "${roleName(roles)}": compiled twice for the same host, it declares different resources`,
      where: renderPlace(site.roles.get(roles.at(-1) ?? '')?.place, site.dir),
      hint: 'A role keeps nothing from one run to the next: move variables that it changes into its function',
    },
  ]
}

/** The site's folder is another on each server. */
function serverPaths({ dir }: LoadedSite, answer: Answer): readonly SiteProblem[] {
  if (answer.type !== 'compiled') return []
  const contentOf = (blob: unknown) =>
    Buffer.from(answer.blobs.get(String(Reflect.get(Object(blob), 'sha256'))) ?? [])
  return answer.resources
    .filter(
      ({ params }) =>
        JSON.stringify(params).includes(dir) || contentOf(Reflect.get(params, 'blob')).includes(dir),
    )
    .map(({ type, title, where }) => ({
      message: `Cannot declare ${type} "${title}": it has the path of the site's folder on this server in it`,
      where,
      hint: 'Paths of the site are for reading its files; a host has none of them',
    }))
}

interface DeclaredRoles {
  readonly role: string
  readonly view: PolicyInput['view']
  readonly collected: Collected
  readonly evaluated: Evaluated
  readonly reads: readonly Read[]
  readonly uses: Omit<Uses, 'readsFor'>
}

function declare(site: LoadedSite, request: HostRequest): DeclaredRoles {
  const roles = rolesOf(site, request)
  const seen = site.data?.layers.of(request)
  const { host, trusted, facts } = request
  const { view, reads, take } = note({
    host,
    trusted,
    facts,
    get data() {
      return seen?.values()
    },
  })
  const noted = seen && ({ ...seen, values: () => Object(view.data) } satisfies HostData)
  const collected = collect(roles, {
    siteDir: site.dir,
    get host() {
      return view.host
    },
    trusted: view.trusted,
    facts: view.facts,
    data: ({ rules }) => (rules === site.data?.of.rules ? noted : undefined),
    takeReads: take,
  })
  return {
    ...{ collected, reads, uses: usesOf(site, roles, { collected, reads }) },
    role: roleName(request.roles),
    evaluated: evaluate(collected.declarations, problemsIn(site, collected)),
    view: {
      get host() {
        return view.host
      },
      facts: view.facts,
      get pool() {
        return view.trusted.pool
      },
    },
  }
}

function rolesOf(site: LoadedSite, { roles }: HostRequest): readonly [Role, ...Role[]] {
  const [first, ...others] = roles.map((name) => {
    const role = site.roles.get(name)
    if (role === undefined) throw new Error(`Cannot compile: the site has no role "${name}"`)
    return role
  })
  if (first === undefined) throw new Error('Cannot compile: no role was named')
  return [first, ...others]
}

function usesOf(
  { dir, code, data }: LoadedSite,
  roles: readonly Role[],
  { collected, reads }: Pick<DeclaredRoles, 'collected' | 'reads'>,
): DeclaredRoles['uses'] {
  const readsData = data !== undefined && reads.some(({ path: [first] }) => first === 'data')
  return {
    files: [...new Set([...collected.files].map(normalFile))].sort(),
    code: [...new Set(roles.flatMap(({ name }) => code.get(name) ?? []))].sort(),
    layers: readsData ? data.of.rules.hierarchy.map((layer) => `${relative(dir, data.of.dir)}/${layer}`) : [],
  }
}

function problemsIn({ dir }: LoadedSite, { mistakes, thrown }: Collected): readonly SiteProblem[] {
  if (thrown === undefined) return mistakes
  const { error, by } = thrown
  return [...mistakes, diagnoseIn(dir, error, `compile role "${by.name}"`, renderPlace(by.place, dir))]
}

/** Refused by what is wrong with it, or by a policy. */
function judge(site: LoadedSite, { role, view, collected, evaluated, reads, uses }: DeclaredRoles): Answer {
  if (!evaluated.ok) return { type: 'refused', problems: evaluated.problems }
  const { declarations, factProblems } = collected
  const { dir: siteDir, policies, manifest } = site
  const verdicts = checkPolicies(policies, { siteDir, role, pools: manifest.pools, view, declarations })
  const refused = verdicts.filter(({ level }) => level === 'refuse')
  if (refused.length > 0) return { type: 'refused', problems: refused.map(toProblem) }
  const { resources, blobs, readsFor } = evaluated
  const warnings = verdicts.map(toProblem)
  const secrets = secretsIn(resources)
  const allUses = { ...uses, ...(secrets.length > 0 && { secrets }), readsFor }
  return { type: 'compiled', resources, blobs, reads, uses: allUses, factProblems, warnings }
}

function toProblem({ message, where, hint }: SiteProblem): SiteProblem {
  return { message, where, hint }
}

/** `circleAt`: as `diagnoseThrown()` takes it. */
export function diagnoseIn(
  siteDir: string,
  thrown: unknown,
  act: string,
  fallback: string,
  circleAt?: (where: string) => readonly string[] | undefined,
): SiteProblem {
  const importedAt: unknown = thrown instanceof Error ? Reflect.get(thrown, 'importedAt') : undefined
  return diagnoseThrown(thrown, {
    act,
    siteDir,
    ...(circleAt && { circleAt }),
    fallback: typeof importedAt === 'string' ? importedAt : fallback,
    whereOf: (stack) => {
      if (typeof importedAt === 'string') return importedAt
      const place = placeOf(stack, siteDir)
      return place === undefined ? undefined : renderPlace(place, siteDir)
    },
  })
}
