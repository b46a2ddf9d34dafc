/**
 * The child process in which a site runs: loads it, compiles roles, answers. Started by pool.ts under Node's permission
 * model; with the files whose names begin like its own, all of the server that imports what authors import. One site for
 * the life of the process.
 */
import { readFileSync, statSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join, relative } from 'node:path/posix'
import { pathToFileURL } from 'node:url'
import { judgeChange } from '../../catalogs/api/change-policy.ts'
import { Data } from '../../catalogs/api/data.ts'
import { openData } from '../../catalogs/api/data-source.ts'
import type { Role } from '../../catalogs/api/role.ts'
import { Site } from '../../catalogs/api/site.ts'
import { survey } from '../../catalogs/api/survey.ts'
import type { SiteProblem } from '../http/view.ts'
import { becomeHermetic, becomeSynchronous } from './hermetic.ts'
import { findCircle, type SiteImport } from './imports.ts'
import { refineLoadProblem } from './load-problem.ts'
import { type Answer, actOf, type Request } from './message.ts'
import { resolveFor } from './resolve.ts'
import { check, compile, diagnoseIn, type LoadedSite } from './sandbox-compile.ts'
import { lookup, readData } from './sandbox-data.ts'
import { createImportNotes } from './uses.ts'

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
  const dir = request.type === 'load' ? request.siteDir : theSite().dir
  const hint = 'A role runs at once and to its end: remove async and await'
  return {
    type: 'refused',
    problems: thrown.map((one) => ({ ...diagnoseIn(dir, one, actOf(request), 'site.ts'), hint })),
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
    case 'data':
      return readData(theSite())
    case 'judge': {
      const { changePolicies, dir } = theSite()
      return { type: 'judged', verdicts: judgeChange(changePolicies, request.change, dir) }
    }
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
    const { roles, manifest, policies, changePolicies } = surveyed
    const { data } = exported.options
    const opened = data instanceof Data ? { of: data, layers: openData(data, dir) } : undefined
    loaded = { ...{ dir, roles, manifest, policies, changePolicies }, code: codeOf(dir, roles), data: opened }
    becomeSynchronous()
    return { type: 'loaded', manifest }
  } catch (thrown) {
    const problem = diagnoseIn(dir, thrown, 'load the site', 'site.ts', circleAt)
    const read = (path: string) => readFileSync(join(dir, path), 'utf8')
    return {
      type: 'refused',
      problems: [refineLoadProblem(problem, thrown, { siteDir: dir, imports, read })],
    }
  }
}

/** While the site is loaded; later, what is not there yet is another matter. */
function circleAt(where: string): readonly string[] | undefined {
  return findCircle(imports, where.replace(/:\d+$/, ''))
}

function codeOf(dir: string, roles: ReadonlyMap<string, Role>): LoadedSite['code'] {
  const notes = createImportNotes()
  for (const { from, to } of imports) notes.add(from, to)
  const fileOf = ({ place }: Role) => (place === undefined ? 'site.ts' : relative(dir, place.file))
  const files = new Set([...roles.values()].map(fileOf))
  return new Map([...roles].map(([name, role]) => [name, notes.codeOf(fileOf(role), files)]))
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
