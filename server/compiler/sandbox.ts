/**
 * The child process in which a site runs: loads it, compiles roles, answers. Started by pool.ts under Node's permission
 * model; the only file of the server that imports what authors import. One site for the life of the process.
 */
import { readFileSync, statSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join } from 'node:path/posix'
import { pathToFileURL } from 'node:url'
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
import { becomeHermetic, becomeSynchronous } from './hermetic.ts'
import { findCircle, type SiteImport } from './imports.ts'
import { refineLoadProblem } from './load-problem.ts'
import type { Answer, Request } from './message.ts'
import { findRaces } from './race.ts'
import { note, type Read } from './recorder.ts'
import { resolveFor } from './resolve.ts'

interface LoadedSite {
  readonly dir: string
  readonly roles: ReadonlyMap<string, Role>
  readonly manifest: SiteManifest
  readonly policies: readonly Policy[]
}

let loaded: LoadedSite | undefined
/** Of files of the site, as they are found while it is loaded. */
const imports: SiteImport[] = []
/** What was thrown where nobody waited, since the last answer. */
const rejections: unknown[] = []
/** Taken before timers are taken away. */
const turnOfLoop = setImmediate

start()

function start(): void {
  const send = process.send?.bind(process)
  if (send === undefined) throw new Error('Cannot start the sandbox: it is started by the server alone')
  process.on('unhandledRejection', (reason) => rejections.push(reason))
  process.on('disconnect', process.exit.bind(process, 0))
  let turn = Promise.resolve()
  process.on('message', (request: Request) => {
    turn = turn.then(async () => {
      send(await withRejections(request, await answer(request)))
    })
  })
  send({ type: 'ready' } satisfies Answer)
}

/** What a role leaves for after an await comes when it has ended; it would be missing in silence. */
async function withRejections(request: Request, answered: Answer): Promise<Answer> {
  await new Promise((resolve) => turnOfLoop(resolve))
  const thrown = rejections.splice(0)
  if (thrown.length === 0) return answered
  const [dir, act] =
    request.type === 'load'
      ? [request.siteDir, 'load the site']
      : [theSite().dir, `compile role "${request.role}"`]
  const hint = 'A role runs at once and to its end: remove async and await'
  return {
    type: 'refused',
    problems: thrown.map((one) => ({ ...diagnoseIn(dir, one, act, 'site.ts'), hint })),
  }
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
  if (statSync(`${dir}/site.ts`, { throwIfNoEntry: false })?.isFile() !== true)
    return { type: 'refused', problems: [noEntry] }
  registerHooks({ resolve: resolveFor(dir, imports) })
  becomeHermetic()
  try {
    const module: unknown = await import(pathToFileURL(`${dir}/site.ts`).href)
    const exported: unknown = Reflect.get(Object(module), 'default')
    if (!(exported instanceof Site)) return { type: 'refused', problems: [noSite(exported)] }
    const surveyed = survey(exported, dir)
    if (!surveyed.ok) return { type: 'refused', problems: surveyed.mistakes }
    const { roles, manifest, policies } = surveyed
    loaded = { dir, roles, manifest, policies }
    becomeSynchronous()
    return { type: 'loaded', manifest: surveyed.manifest }
  } catch (thrown) {
    const problem = diagnoseIn(dir, thrown, 'load the site', 'site.ts')
    const read = (path: string) => readFileSync(join(dir, path), 'utf8')
    return {
      type: 'refused',
      problems: [refineLoadProblem(problem, thrown, { siteDir: dir, imports, read })],
    }
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
    circleAt: (where) => (loaded === undefined ? findCircle(imports, where.replace(/:\d+$/, '')) : undefined),
    fallback: typeof importedAt === 'string' ? importedAt : fallback,
    whereOf: (stack) => {
      if (typeof importedAt === 'string') return importedAt
      const place = placeOf(stack, siteDir)
      return place === undefined ? undefined : renderPlace(place, siteDir)
    },
  })
}
