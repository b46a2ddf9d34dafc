/**
 * Policies: what must hold for every catalog of a site, whatever role it is of. They look at what was declared, and at the
 * host's facts and pool, and warn or refuse. They run where the role runs, at each check and each compile.
 */
import { RekindleError, toError } from '../../schemas/errors.ts'
import type { Facts, Pool as PoolManifest } from '../../schemas/generated/types.ts'
import type { Declaration, Mistake } from './context.ts'
import { type DeclaredResource, viewOf } from './declared-resource.ts'
import { callerPlace, type Place, placeOf, renderPlace } from './place.ts'
import { type ResourceTypeName, renderResource } from './reference.ts'

/** What a policy looks at. Reading facts, host or pool is noted, as in a role: another compile for hosts that differ in it. */
export interface PolicyCatalog {
  readonly host: string
  readonly role: string
  readonly facts: Facts
  /** The host's pool with all its defaults: its health checks, its rails. */
  readonly pool: PoolManifest
  /** In order of declaration. */
  readonly resources: readonly DeclaredResource[]
  /** Those of one type. */
  all<Type extends ResourceTypeName>(type: Type): readonly DeclaredResource<Type>[]
}

/** One thing that breaks a policy. */
export interface Finding {
  /** The resource that does; absent for what is wrong with the catalog as a whole. */
  readonly resource?: DeclaredResource
  /** What is wrong with it, in a few words: `everybody may write it (0666)`. */
  readonly message: string
  /** What to do. */
  readonly hint?: string
}

export interface PolicyOptions {
  /** `refuse`: the site, or the host's catalog, is refused. `warn`: it is shown. */
  readonly level: 'warn' | 'refuse'
  readonly check: (catalog: PolicyCatalog) => readonly Finding[]
}

/** A finding with its policy, as a check shows it. */
export interface Verdict extends Mistake {
  readonly policy: string
  readonly level: 'warn' | 'refuse'
}

export class Policy {
  readonly name: string
  readonly options: PolicyOptions
  readonly place: Place | undefined

  constructor(name: string, options: PolicyOptions, place: Place | undefined) {
    this.name = name
    this.options = options
    this.place = place
  }
}

/**
 * Says what must hold for every catalog; the site lists it in `policies`.
 *
 * @example
 * export const closedFiles = policy('no world-writable file', {
 *   level: 'refuse',
 *   check: (catalog) =>
 *     catalog
 *       .all('file')
 *       .filter(({ params }) => /[2367]$/.test(params.mode ?? ''))
 *       .map((resource) => ({ resource, message: `everybody may write it (${resource.params.mode})` })),
 * })
 */
export function policy(name: string, options: PolicyOptions): Policy {
  return new Policy(name, options, callerPlace())
}

export interface PolicyInput {
  readonly siteDir: string
  readonly role: string
  /** Read through it, so that what is read is noted. */
  readonly view: { readonly host: string; readonly facts: Facts; readonly pool: string }
  readonly pools: readonly PoolManifest[]
  readonly declarations: readonly Declaration[]
}

/** All that breaks a policy; one that cannot be checked is broken. */
export function checkPolicies(policies: readonly Policy[], input: PolicyInput): readonly Verdict[] {
  if (policies.length === 0) return []
  const catalog = catalogOf(input)
  return policies.flatMap((one) => verdictsOf(one, catalog, input.siteDir))
}

function catalogOf({ role, view, pools, declarations }: PolicyInput): PolicyCatalog {
  // A policy looks, and changes nothing.
  const resources = declarations.map((declared) =>
    viewOf({ ...declared, params: structuredClone(declared.params) }),
  )
  return {
    role,
    resources,
    get host() {
      return view.host
    },
    facts: view.facts,
    get pool() {
      const pool = pools.find(({ name }) => name === view.pool)
      if (pool !== undefined) return pool
      throw new RekindleError({ code: 'internal', message: `Cannot find pool "${view.pool}" for a policy` })
    },
    all<Type extends ResourceTypeName>(type: Type) {
      return resources.filter((one): one is DeclaredResource<Type> => one.type === type)
    },
  }
}

function verdictsOf(one: Policy, catalog: PolicyCatalog, siteDir: string): readonly Verdict[] {
  const { name, options, place } = one
  const own = renderPlace(place, siteDir)
  try {
    const findings = options.check(catalog)
    if (!Array.isArray(findings)) throw new TypeError('its check gives no list')
    return findings.map(({ resource, message, hint }) => {
      const of =
        resource === undefined ? `role "${catalog.role}"` : renderResource(resource.type, resource.title)
      return {
        policy: name,
        level: options.level,
        message: `Policy "${name}" ${options.level === 'warn' ? 'warns of' : 'refuses'} ${of}: ${message}`,
        where: resource?.where ?? own,
        hint: hint ?? null,
      }
    })
  } catch (thrown) {
    const { message, stack } = toError(thrown)
    const at = placeOf(stack, siteDir)
    return [
      {
        policy: name,
        level: 'refuse',
        message: `Cannot check policy "${name}" for role "${catalog.role}": ${message}`,
        where: at === undefined ? own : renderPlace(at, siteDir),
        hint: thrown instanceof RekindleError ? (thrown.hint ?? null) : null,
      },
    ]
  }
}
