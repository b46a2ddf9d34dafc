/**
 * The child process in which a site runs: loads it, compiles roles, answers. Started by pool.ts under Node's permission
 * model; the only file of the server that imports what authors import. One site for the life of the process.
 */
import { existsSync, readFileSync } from 'node:fs'
import { isBuiltin, registerHooks } from 'node:module'
import { relative } from 'node:path/posix'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Collected, collect, type HostData } from '../../catalogs/api/context.ts'
import { Data, MissingData } from '../../catalogs/api/data.ts'
import { openData } from '../../catalogs/api/data-source.ts'
import { placeOf, renderPlace } from '../../catalogs/api/place.ts'
import type { Role } from '../../catalogs/api/role.ts'
import { sampleFacts } from '../../catalogs/api/sample.ts'
import { Site } from '../../catalogs/api/site.ts'
import { survey } from '../../catalogs/api/survey.ts'
import { canonical } from '../../schemas/canonical.ts'
import type { FactProblem, SiteManifest } from '../../schemas/generated/types.ts'
import { hostLike, roleName } from '../../schemas/host-rule.ts'
import type { SiteProblem } from '../http/view.ts'
import { diagnoseThrown } from './diagnose.ts'
import { type Evaluated, evaluate } from './evaluate.ts'
import { becomeHermetic, refuseModule } from './hermetic.ts'
import type { Answer, HostRequest, Request } from './message.ts'
import { note, type Read } from './recorder.ts'
import { hostsOf, lookup, type OpenedData, readData } from './sandbox-data.ts'
import { createImportNotes, normalFile, type Uses } from './uses.ts'

interface LoadedSite {
  readonly dir: string
  readonly roles: ReadonlyMap<string, Role>
  readonly manifest: SiteManifest
  /** Layers are read when a host looks at them. */
  readonly data: OpenedData | undefined
  /** By role. */
  readonly code: ReadonlyMap<string, readonly string[]>
}

let loaded: LoadedSite | undefined

const api: Readonly<Record<string, string>> = {
  rekindle: new URL('../../catalogs/api/index.ts', import.meta.url).href,
  'rekindle/module': new URL('../../catalogs/module/index.ts', import.meta.url).href,
  'rekindle/testing': new URL('../../catalogs/api/testing.ts', import.meta.url).href,
}

/** Such as `rekindle/module/nginx`; undefined when there is no such module. */
function moduleUrl(specifier: string): string | undefined {
  const name = /^rekindle\/module\/([a-z-]+)$/.exec(specifier)?.[1]
  if (name === undefined) return undefined
  const url = new URL(`../../catalogs/module/${name}.ts`, import.meta.url)
  return existsSync(url) ? url.href : undefined
}

const imports = createImportNotes()
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
      return answerOf(theSite(), compile(theSite(), request))
    case 'data':
      return readData(theSite())
    case 'lookup': {
      const site = theSite()
      return lookup(site.data, request, (thrown, act) => diagnoseIn(site.dir, thrown, act, 'site.ts'))
    }
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
    const { data } = exported.options
    loaded = {
      dir,
      code: codeOf(dir, surveyed.roles),
      roles: surveyed.roles,
      manifest: surveyed.manifest,
      data: data instanceof Data ? { of: data, layers: openData(data, dir) } : undefined,
    }
    return { type: 'loaded', manifest: surveyed.manifest }
  } catch (thrown) {
    return { type: 'refused', problems: [diagnoseIn(dir, thrown, 'load the site', 'site.ts')] }
  }
}

function codeOf(dir: string, roles: ReadonlyMap<string, Role>): LoadedSite['code'] {
  const fileOf = ({ place }: Role) => (place === undefined ? 'site.ts' : relative(dir, place.file))
  const files = new Set([...roles.values()].map(fileOf))
  return new Map([...roles].map(([name, role]) => [name, imports.codeOf(fileOf(role), files)]))
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
    const own = api[specifier] ?? moduleUrl(specifier)
    if (own !== undefined) return { url: own, format: 'module-typescript', shortCircuit: true }
    if (isBuiltin(specifier) && !isOwn(dir, context.parentURL)) {
      if (/^(?:node:)?crypto$/.test(specifier))
        return { url: pureCrypto, format: 'module-typescript', shortCircuit: true }
      refuseModule(specifier, importPlace(dir, context.parentURL, specifier))
    }
    try {
      const resolved = nextResolve(specifier, context)
      noteImport(dir, context.parentURL, resolved.url)
      const format = formatOf(dir, resolved.url)
      return format === undefined ? resolved : { ...resolved, format }
    } catch (cause) {
      throw withPlace(cause, importPlace(dir, context.parentURL, specifier))
    }
  }
}

function noteImport(dir: string, from: string | undefined, to: string): void {
  const site = `${pathToFileURL(dir).href}/`
  const path = (url: string) => decodeURI(url.slice(site.length))
  if (from?.startsWith(site) === true && to.startsWith(site)) imports.add(path(from), path(to))
}

/** Rekindle's own code, and packages that it loads when it needs them, lie outside of the site. */
function isOwn(dir: string, parentUrl: string | undefined): boolean {
  return parentUrl?.startsWith('file://') === true && !parentUrl.startsWith(`${pathToFileURL(dir).href}/`)
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
function check(
  site: LoadedSite,
  { roles, match, pool, environment }: Extract<Request, { type: 'check' }>,
): Answer {
  const trusted = { incarnation: 1, pool, attributes: {} }
  const sample = (host: string): HostRequest => ({
    ...{ roles, host, trusted, facts: sampleFacts(host) },
    ...(environment === undefined ? {} : { environment }),
  })
  let request = sample(hostLike(match[0] ?? '*'))
  let compiled = compile(site, request)
  if (compiled.collected.thrown?.error instanceof MissingData) {
    // What each host has in a layer of its own, a host that there is not cannot have.
    const [host] = hostsOf(site, match)
    if (host !== undefined) request = sample(host)
    compiled = compile(site, request)
  }
  const first = answerOf(site, compiled)
  if (first.type === 'refused') return first
  const problems = steady(site, roles, first, answerOf(site, compile(site, request)))
  return problems.length === 0 ? { type: 'checked' } : { type: 'refused', problems }
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

interface CompiledRoles {
  readonly collected: Collected
  readonly reads: readonly Read[]
  readonly uses: Omit<Uses, 'readsFor'>
}

function compile(site: LoadedSite, request: HostRequest): CompiledRoles {
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
  return { collected, reads, uses: usesOf(site, roles, { collected, reads }) }
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
  { collected, reads }: Pick<CompiledRoles, 'collected' | 'reads'>,
): CompiledRoles['uses'] {
  const readsData = data !== undefined && reads.some(({ path: [first] }) => first === 'data')
  return {
    files: [...new Set([...collected.files].map(normalFile))].sort(),
    code: [...new Set(roles.flatMap(({ name }) => code.get(name) ?? []))].sort(),
    layers: readsData ? data.of.rules.hierarchy.map((layer) => `${relative(dir, data.of.dir)}/${layer}`) : [],
  }
}

function answerOf(site: LoadedSite, { collected, reads, uses }: CompiledRoles): Answer {
  const { declarations, mistakes, factProblems, thrown } = collected
  const problems =
    thrown === undefined
      ? mistakes
      : [
          ...mistakes,
          diagnoseIn(
            site.dir,
            thrown.error,
            `compile role "${thrown.by.name}"`,
            renderPlace(thrown.by.place, site.dir),
          ),
        ]
  return render(evaluate(declarations, problems), { reads, uses, factProblems })
}

interface Beside extends Pick<CompiledRoles, 'reads' | 'uses'> {
  readonly factProblems: readonly FactProblem[]
}

function render(evaluated: Evaluated, { reads, uses, factProblems }: Beside): Answer {
  if (!evaluated.ok) return { type: 'refused', problems: evaluated.problems }
  const { resources, blobs, readsFor } = evaluated
  return { type: 'compiled', resources, blobs, reads, uses: { ...uses, readsFor }, factProblems }
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
