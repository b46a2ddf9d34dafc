/** `rekindle plan --fleet`: what a change of the site would change on every host that the server knows. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { RekindleError } from '../../schemas/errors.ts'
import type { ServerConfig } from '../../schemas/generated/types.ts'
import { matchesHost } from '../../schemas/host-rule.ts'
import { createCompiler } from '../compiler/compiler.ts'
import { loadConfig } from '../config.ts'
import type { SiteProblem } from '../http/view.ts'
import { environmentsIn } from '../site/git/environments.ts'
import { takeOutOfMirror } from '../site/git/mirror.ts'
import { createInstaller } from '../site/packages.ts'
import { mainEnvironment } from '../site/source.ts'
import { type Db, openDatabase } from '../store/db.ts'
import { activeSite } from '../store/site.ts'
import { compareHosts } from './compare.ts'
import { readKnownHosts } from './known-hosts.ts'
import { createPlanBuilder, exitCodeOf, type FleetPlan } from './plan.ts'
import { renderMarkdown, renderRefusedSite, renderText } from './render.ts'
import { openSides, shownEnvironment } from './sides.ts'

interface PlanOptions {
  readonly config: string
  readonly commit?: string
  readonly environment?: string
  readonly hosts: string
  readonly format: 'text' | 'markdown' | 'json'
}

const exitCodes = `
Exit codes:
  0  nothing changes
  1  the site or the change is refused, or a host that gets a catalog now would get none
  2  hosts change
On the server's machine, as its user: it reads the server's database, and writes nothing there.`

export function addPlan(program: Command): void {
  program
    .command('plan')
    .description('compare a site with what the server serves: which hosts change, and how')
    .requiredOption('--fleet', 'plan for all hosts that the server knows')
    .argument('[site]', 'folder of the changed site')
    .addOption(
      new Option('--config <file>', 'the server’s configuration').default('/etc/rekindle/server.json'),
    )
    .option('--commit <ref>', 'in place of a folder: a branch, tag or commit that the server fetched')
    .option('--environment <name>', 'the environment that changes (default: that of most hosts)')
    .option('--hosts <pattern>', 'only hosts of these names, such as web-*', '*')
    .addOption(new Option('--format <format>').choices(['text', 'markdown', 'json']).default('text'))
    .addHelpText('after', exitCodes)
    .action((site: string | undefined, options: PlanOptions) => plan(site, options))
}

async function plan(site: string | undefined, options: PlanOptions): Promise<void> {
  const config = loadConfig(options.config)
  const path = join(config.dataDir, 'rekindle.db')
  if (!existsSync(path)) throw noServer(config)
  await using undo = new AsyncDisposableStack()
  const work = mkdtempSync(join(tmpdir(), 'rekindle-plan-'))
  undo.defer(() => rmSync(work, { recursive: true, force: true }))
  const db = openDatabase(path)
  undo.defer(() => {
    db.close()
  })
  const siteDir = await findSite(site, config, { work, commit: options.commit })
  const made = await makePlan(db, config, { ...options, siteDir, work, undo })
  if ('problems' in made) {
    console.log(options.format === 'json' ? JSON.stringify(made) : renderRefusedSite(made.problems))
    process.exitCode = 1
    return
  }
  console.log(renderers[options.format](made))
  process.exitCode = exitCodeOf(made)
}

const renderers: Readonly<Record<PlanOptions['format'], (plan: FleetPlan) => string>> = {
  text: renderText,
  markdown: renderMarkdown,
  json: (made) => JSON.stringify(made),
}

interface Work extends PlanOptions {
  readonly siteDir: string
  /** An empty folder of this command's own. */
  readonly work: string
  readonly undo: AsyncDisposableStack
}

async function makePlan(
  db: Db,
  config: ServerConfig,
  { siteDir, work, undo, hosts: pattern, ...options }: Work,
): Promise<FleetPlan | { readonly problems: readonly SiteProblem[] }> {
  // Two states are compiled, each of a host at once.
  const workers = Math.max(1, Math.ceil(availableParallelism() / 2))
  // What equal hosts share is kept as a change, so that no catalogs are.
  const limits = { workers, keptResults: 16 }
  const served = createCompiler({ ...limits, stageDir: join(config.dataDir, 'site') })
  undo.defer(() => served.close())
  const install = createInstaller({ cacheDir: join(work, 'npm-cache') })
  const planned = createCompiler({ ...limits, stageDir: join(work, 'stage'), install })
  undo.defer(() => planned.close())

  const repository = typeof config.site === 'string' ? undefined : environmentsIn(config.site)
  const environment = environmentOf(options.environment, repository?.branch)
  const checked = await planned.check(siteDir, environment)
  if (!checked.ok) return { problems: checked.problems }
  const revisionOf = (name: string) => activeSite(db, name)?.revision
  const sides = await openSides({ served, planned, environment, repository, revisionOf })
  const { hosts, unknown } = readKnownHosts(db, (host) => matchesHost(pattern, host))
  const builder = createPlanBuilder()
  await compareHosts(hosts, sides, { lanes: workers * 2, onOutcome: builder.add })
  const change = builder.change(shownEnvironment(environment, repository))
  // A share of some hosts says nothing of all.
  const isJudged = pattern === '*' || checked.manifest.changePolicies === undefined
  const verdicts = isJudged ? await planned.judge(change, environment) : null
  const about = { served: revisionOf(environment) ?? 'nothing', planned: checked.revision }
  return builder.build({ ...about, verdicts, unknown })
}

function environmentOf(wanted: string | undefined, branch: string | undefined): string {
  if (wanted === undefined || wanted === branch) return mainEnvironment
  if (branch !== undefined) return wanted
  throw new RekindleError({
    code: 'bad-request',
    message: `Cannot plan for environment "${wanted}": the server's site is a folder, and has one environment`,
  })
}

async function findSite(
  site: string | undefined,
  config: ServerConfig,
  { work, commit }: { readonly work: string; readonly commit: string | undefined },
): Promise<string> {
  if (site !== undefined && commit === undefined) return resolve(site)
  if (site === undefined && commit !== undefined && typeof config.site !== 'string') {
    const checkout = mkdtempSync(join(work, 'checkout-'))
    return takeOutOfMirror(config.site, join(config.dataDir, 'git'), { ref: commit, checkout })
  }
  throw new RekindleError({
    code: 'bad-request',
    message:
      commit !== undefined && typeof config.site === 'string'
        ? `Cannot plan commit "${commit}": the server's site is a folder, not a repository`
        : 'Cannot plan: wanted either the folder of a site or --commit',
    hint: 'rekindle plan --fleet --help',
  })
}

function noServer({ dataDir }: ServerConfig): RekindleError {
  return new RekindleError({
    code: 'not-found',
    message: `Cannot plan: there is no server's database in "${dataDir}"`,
    hint: 'Run it on the server’s machine, with its configuration: --config FILE',
  })
}
