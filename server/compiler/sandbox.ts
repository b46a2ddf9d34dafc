/**
 * The child process in which a site runs: loads it, compiles roles, answers. Started by pool.ts under Node's permission
 * model; the only file of the server that imports what authors import. One site for the life of the process.
 */
import { existsSync, readFileSync } from 'node:fs'
import { isBuiltin, registerHooks } from 'node:module'
import { relative } from 'node:path/posix'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { collect } from '../../catalogs/api/context.ts'
import { placeOf, renderPlace } from '../../catalogs/api/place.ts'
import { checkPolicies, type Policy } from '../../catalogs/api/policy.ts'
import type { Role } from '../../catalogs/api/role.ts'
import { sampleFacts, sampleHost } from '../../catalogs/api/sample.ts'
import { Site } from '../../catalogs/api/site.ts'
import { survey } from '../../catalogs/api/survey.ts'
import { canonical } from '../../schemas/canonical.ts'
import type { Facts, SiteManifest } from '../../schemas/generated/types.ts'
import type { SiteProblem } from '../http/view.ts'
import { diagnoseThrown } from './diagnose.ts'
import { type Evaluated, evaluate } from './evaluate.ts'
import { becomeHermetic, refuseModule } from './hermetic.ts'
import type { Answer, Request } from './message.ts'
import { findRaces } from './race.ts'
import { note, type Read } from './recorder.ts'

interface LoadedSite {
  readonly dir: string
  readonly roles: ReadonlyMap<string, Role>
  readonly manifest: SiteManifest
  readonly policies: readonly Policy[]
}

let loaded: LoadedSite | undefined

const api: Readonly<Record<string, string>> = {
  rekindle: new URL('../../catalogs/api/index.ts', import.meta.url).href,
  'rekindle/testing': new URL('../../catalogs/api/testing.ts', import.meta.url).href,
}

const pureCrypto = new URL('pure-crypto.ts', import.meta.url).href

/** How Node takes a file of the site, whatever its package.json says. */
const formats: Readonly<Record<string, string>> = {
  '.ts': 'module-typescript',
  '.mts': 'module-typescript',
  '.js': 'module',
}

start()

function start(): void {
  const send = process.send?.bind(process)
  if (send === undefined) throw new Error('Cannot start the sandbox: it is started by the server alone')
  process.on('disconnect', process.exit.bind(process, 0))
  let turn = Promise.resolve()
  process.on('message', (request: Request) => {
    turn = turn.then(async () => {
      send(await answer(request))
    })
  })
  send({ type: 'ready' } satisfies Answer)
}

async function answer(request: Request): Promise<Answer> {
  switch (request.type) {
    case 'load':
      return load(request.siteDir)
    case 'check':
      return check(theSite(), request)
    case 'compile':
      return compile(theSite(), request)
    default:
      return request satisfies never
  }
}

function theSite(): LoadedSite {
  if (loaded === undefined) throw new Error('Cannot compile: no site is loaded')
  return loaded
}

async function load(dir: string): Promise<Answer> {
  if (loaded !== undefined) return { type: 'loaded', manifest: loaded.manifest }
  if (!existsSync(`${dir}/site.ts`)) return { type: 'refused', problems: [noEntry] }
  registerHooks({ resolve: resolveFor(dir) })
  becomeHermetic()
  try {
    const module: unknown = await import(pathToFileURL(`${dir}/site.ts`).href)
    const exported: unknown = Reflect.get(Object(module), 'default')
    if (!(exported instanceof Site)) return { type: 'refused', problems: [noSite(exported)] }
    const surveyed = survey(exported, dir)
    if (!surveyed.ok) return { type: 'refused', problems: surveyed.mistakes }
    const { roles, manifest, policies } = surveyed
    loaded = { dir, roles, manifest, policies }
    return { type: 'loaded', manifest: surveyed.manifest }
  } catch (thrown) {
    return { type: 'refused', problems: [diagnoseIn(dir, thrown, 'load the site', 'site.ts')] }
  }
}

const noEntry: SiteProblem = {
  message: 'Cannot load the site: the folder has no site.ts',
  where: 'site.ts',
  hint: null,
}

function noSite(exported: unknown): SiteProblem {
  return {
    message:
      exported === undefined
        ? 'Cannot load the site: site.ts has no default export'
        : 'Cannot load the site: the default export of site.ts is not what site() returns',
    where: 'site.ts',
    hint: "End site.ts with: export default site({ hosts: [{ match: 'web-*', role: web }] })",
  }
}

type ResolveHook = NonNullable<Parameters<typeof registerHooks>[0]['resolve']>

function resolveFor(dir: string): ResolveHook {
  return (specifier, context, nextResolve) => {
    const own = api[specifier]
    if (own !== undefined) return { url: own, format: 'module-typescript', shortCircuit: true }
    if (isBuiltin(specifier) && context.parentURL?.startsWith(`file://${import.meta.dirname}/`) !== true) {
      if (/^(?:node:)?crypto$/.test(specifier))
        return { url: pureCrypto, format: 'module-typescript', shortCircuit: true }
      refuseModule(specifier, importPlace(dir, context.parentURL, specifier))
    }
    try {
      const resolved = nextResolve(specifier, context)
      const format = formatOf(dir, resolved.url)
      return format === undefined ? resolved : { ...resolved, format }
    } catch (cause) {
      throw withPlace(cause, importPlace(dir, context.parentURL, specifier))
    }
  }
}

function formatOf(dir: string, url: string): string | undefined {
  if (!url.startsWith(`${pathToFileURL(dir).href}/`) || url.includes('/node_modules/')) return undefined
  return formats[/\.[a-z]+$/.exec(url)?.[0] ?? '']
}

/** An import has no frame in a stack, so its line is looked up in the importing file. */
function importPlace(dir: string, parentUrl: string | undefined, specifier: string): string | undefined {
  if (parentUrl?.startsWith('file:') !== true) return undefined
  const parent = fileURLToPath(parentUrl)
  const lines = readFileSync(parent, 'utf8').split('\n')
  const index = lines.findIndex((line) => line.includes(`'${specifier}'`) || line.includes(`"${specifier}"`))
  return index < 0 ? relative(dir, parent) : renderPlace({ file: parent, line: index + 1 }, dir)
}

function withPlace(cause: unknown, where: string | undefined): unknown {
  if (cause instanceof Error && where !== undefined) Object.assign(cause, { importedAt: where })
  return cause
}

/** What differs when a role is compiled a second time depends on more than facts. */
function check(site: LoadedSite, { role, pool, match }: Extract<Request, { type: 'check' }>): Answer {
  const host = sampleHost(match)
  const sample = { role, pool, host, facts: sampleFacts(host) }
  const declared = declare(site, sample)
  const first = judge(site, declared)
  if (first.type === 'refused') return first
  const problems = [...steady(site, role, first, compile(site, sample)), ...serverPaths(site, first)]
  if (problems.length > 0 || first.type !== 'compiled') return { type: 'refused', problems }
  const races = declared.evaluated.ok ? findRaces(declared.evaluated.ordered) : []
  return { type: 'checked', warnings: [...first.warnings, ...races] }
}

function steady(site: LoadedSite, role: string, first: Answer, second: Answer): readonly SiteProblem[] {
  const bytes = (given: Answer) => (given.type === 'compiled' ? canonical(given.resources) : given.type)
  if (bytes(first) === bytes(second)) return []
  return [
    {
      message: `Cannot use role "${role}": compiled twice for the same host, it declares different resources`,
      where: renderPlace(site.roles.get(role)?.place, site.dir),
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

interface Subject {
  readonly role: string
  readonly pool: string
  readonly host: string
  readonly facts: Facts
}

interface DeclaredRole {
  readonly role: Role
  readonly view: Omit<Subject, 'role'>
  readonly reads: readonly Read[]
  readonly declarations: ReturnType<typeof collect>['declarations']
  readonly evaluated: Evaluated
}

function compile(site: LoadedSite, subject: Subject): Answer {
  return judge(site, declare(site, subject))
}

function declare(site: LoadedSite, request: Subject): DeclaredRole {
  const role = site.roles.get(request.role)
  if (role === undefined) throw new Error(`Cannot compile: the site has no role "${request.role}"`)
  const { view, reads } = note({ host: request.host, facts: request.facts, pool: request.pool })
  const { declarations, mistakes, thrown } = collect(role, {
    siteDir: site.dir,
    get host() {
      return view.host
    },
    facts: view.facts,
  })
  const problems =
    thrown === undefined
      ? mistakes
      : [
          ...mistakes,
          diagnoseIn(site.dir, thrown, `compile role "${role.name}"`, renderPlace(role.place, site.dir)),
        ]
  return { role, view, reads, declarations, evaluated: evaluate(declarations, problems) }
}

/** Refused by what is wrong with it, or by a policy. */
function judge(site: LoadedSite, { role, view, reads, declarations, evaluated }: DeclaredRole): Answer {
  if (!evaluated.ok) return { type: 'refused', problems: evaluated.problems }
  const verdicts = checkPolicies(site.policies, {
    siteDir: site.dir,
    role: role.name,
    pools: site.manifest.pools,
    ...{ view, declarations },
  })
  const refused = verdicts.filter(({ level }) => level === 'refuse')
  if (refused.length > 0) return { type: 'refused', problems: refused.map(toProblem) }
  const { resources, blobs } = evaluated
  return { type: 'compiled', resources, blobs, reads, warnings: verdicts.map(toProblem) }
}

function toProblem({ message, where, hint }: SiteProblem): SiteProblem {
  return { message, where, hint }
}

function diagnoseIn(siteDir: string, thrown: unknown, act: string, fallback: string): SiteProblem {
  const importedAt: unknown = thrown instanceof Error ? Reflect.get(thrown, 'importedAt') : undefined
  return diagnoseThrown(thrown, {
    act,
    siteDir,
    fallback: typeof importedAt === 'string' ? importedAt : fallback,
    whereOf: (stack) => {
      if (typeof importedAt === 'string') return importedAt
      const place = placeOf(stack, siteDir)
      return place === undefined ? undefined : renderPlace(place, siteDir)
    },
  })
}
