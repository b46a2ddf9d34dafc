/** The agent's command line. It reads arguments, wires the ports, prints, and sets the exit code; the rest is loaded when needed. */
import { existsSync, mkdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { RekindleError } from '../schemas/errors.ts'
import type { Report } from '../schemas/generated/types.ts'
import { defaultConfigPath, defaultStateDir, loadConfig } from './config.ts'
import type { OnRunEvent } from './engine/event.ts'

const exitCodes = `
Exit codes: 0, or 1 when the run failed or was not attempted. With --detailed-exitcodes:
  0  nothing was changed
  1  the run failed or was not attempted (no catalog, refused catalog, disabled, locked, stopped)
  2  something was changed
  4  a resource failed or was skipped for one that did
  6  both
A no-op run never exits with 2.`

/** Runs one command of the agent's; `argv` begins with its name. Sets process.exitCode. */
export async function run(argv: readonly string[]): Promise<void> {
  const program = new Command('rekindle').exitOverride()
  addAgent(program)
  addApply(program)
  addPlan(program)
  addFacts(program)
  addInspect(program)
  addAdopt(program)
  addBackup(program)
  try {
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // commander has printed the reason, or the help that was asked for.
    process.exitCode = error.exitCode
  }
}

interface OnceOptions {
  readonly config: string
  readonly once?: true
  readonly noop?: true
  readonly detailedExitcodes?: true
  readonly waitForLock?: number
  /** False with --no-cached. */
  readonly cached: boolean
  readonly json?: true
  readonly tags?: readonly string[]
  readonly skipTags?: readonly string[]
}

function addAgent(program: Command): void {
  const agent = program
    .command('agent')
    .description('pull this host’s catalog and converge it; a daemon, or once with --once')
    .option('--config <file>', 'configuration', defaultConfigPath)
    .option('--once', 'one run in the foreground')
    .option('--noop', 'with --once: change nothing, print what would change')
    .option('--detailed-exitcodes', 'with --once: tell by the exit code what happened')
    .option(
      '--wait-for-lock <seconds>',
      'with --once: how long to wait for a run that is under way',
      parseSeconds,
    )
    .option('--no-cached', 'with --once: without an answer from the server, do not run')
    .option('--json', 'with --once: print the report as JSON')
    .option('--tags <tags>', 'with --once: only resources with one of these tags, comma-separated', parseTags)
    .option('--skip-tags <tags>', 'with --once: leave out resources with one of these tags', parseTags)
    .addHelpText('after', exitCodes)
    .action((options: OnceOptions) =>
      options.once === true ? runOnce(options) : runAsDaemon(options.config),
    )
  agent
    .command('disable')
    .description('keep runs from starting on this host until it is enabled again')
    .argument('<reason>', 'said to everyone who tries a run')
    .action(async (reason: string) => {
      const { saveDisabled } = await import('./daemon/state.ts')
      saveDisabled(stateDirOf(agent.opts<OnceOptions>().config), reason, new Date())
    })
  agent
    .command('enable')
    .description('let runs start again')
    .action(async () => {
      const { removeDisabled } = await import('./daemon/state.ts')
      removeDisabled(stateDirOf(agent.opts<OnceOptions>().config))
    })
}

interface ApplyOptions {
  readonly noop?: true
  readonly blobs?: string
  readonly stateDir: string
  readonly detailedExitcodes?: true
  readonly json?: true
  readonly tags?: readonly string[]
  readonly skipTags?: readonly string[]
  readonly killAfter?: readonly string[]
}

const tagsHelp = 'only resources with one of these tags, types or ids, comma-separated'
const skipTagsHelp = 'leave out resources with one of these tags, types or ids'

function addApply(program: Command): void {
  program
    .command('apply')
    .description('converge this host to a compiled catalog file, without a server')
    .argument('<catalog>', 'a compiled catalog, JSON')
    .option('--noop', 'change nothing, print what would change')
    .option('--blobs <dir>', 'folder of file contents, each named by its SHA-256')
    .option('--state-dir <dir>', 'where the agent keeps its state', defaultStateDir)
    .option('--detailed-exitcodes', 'tell by the exit code what happened')
    .option('--json', 'print the report as JSON')
    .option('--tags <tags>', tagsHelp, parseTags)
    .option('--skip-tags <tags>', skipTagsHelp, parseTags)
    .addOption(
      new Option(
        '--kill-after <id>',
        'for tests: SIGKILL this run right after it changed that; may be repeated',
      )
        .argParser((id: string, before: readonly string[] = []) => [...before, id])
        .hideHelp(),
    )
    .addHelpText('after', exitCodes)
    .action(apply)
}

function addPlan(program: Command): void {
  program
    .command('plan')
    .description('show what apply would change, with diffs; changes nothing')
    .argument('<catalog>', 'a compiled catalog, JSON')
    .option('--blobs <dir>', 'folder of file contents, each named by its SHA-256')
    .option('--state-dir <dir>', 'where the agent keeps its state', defaultStateDir)
    .option('--json', 'print the plan as JSON')
    .option('--tags <tags>', tagsHelp, parseTags)
    .option('--skip-tags <tags>', skipTagsHelp, parseTags)
    .addHelpText('after', '\nOf a whole fleet, on the server’s machine: rekindle plan --fleet --help')
    .action(showPlan)
}

function addInspect(program: Command): void {
  program
    .command('inspect')
    .description('print what this host has of a type, as the TypeScript that declares it; changes nothing')
    .argument('<type>', 'a resource type, such as user, package or service')
    .argument('[title]', 'only the one of this title')
    .option('--state-dir <dir>', 'where the agent keeps its state', defaultStateDir)
    .option('--json', 'print titles and parameters as JSON')
    .action(async (type: string, title: string | undefined, options: { stateDir: string; json?: true }) => {
      const { inspect } = await import('./inspect/inspect.ts')
      const instances = await inspect(type, title, { stateDir: resolve(options.stateDir) })
      if (options.json === true) return console.log(JSON.stringify(instances, null, 2))
      const { renderImport, renderInstances } = await import('./inspect/render.ts')
      process.stdout.write(`${renderImport([type])}\n${renderInstances({ type, instances })}`)
    })
}

function addAdopt(program: Command): void {
  program
    .command('adopt')
    .description(
      'write a role that describes this host, without what its base image has; changes nothing on it',
    )
    .argument(
      '[dir]',
      'folder for role.ts and the contents of changed configuration files; default: print the role',
    )
    .option('--name <name>', 'name of the role', hostname())
    .option('--base <file>', 'what a fresh image has, as --json prints it there; it is left out')
    .option('--json', 'print what was found as JSON')
    .option('--state-dir <dir>', 'where the agent keeps its state', defaultStateDir)
    .action(adopt)
}

interface AdoptOptions {
  readonly name: string
  readonly base?: string
  readonly json?: true
  readonly stateDir: string
}

async function adopt(dir: string | undefined, { name, base, json, stateDir }: AdoptOptions): Promise<void> {
  const { findAll, renderRole, subtract } = await import('./inspect/adopt.ts')
  const { createHost } = await import('./host/real-host.ts')
  const all = await findAll(createHost({ stateDir: resolve(stateDir) }))
  // Written by this command on another machine; what does not fit is left in.
  const known = base === undefined ? [] : (JSON.parse(readFileSync(base, 'utf8')) as typeof all)
  const found = subtract(all, known)
  if (json === true) return console.log(JSON.stringify(found, null, 2))
  const { text, files } = renderRole(name, found)
  if (dir === undefined) return void process.stdout.write(text)
  for (const [path, bytes] of [['role.ts', Buffer.from(text)] as const, ...files]) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), bytes)
  }
  console.log(`wrote ${join(dir, 'role.ts')} and ${files.size} configuration files`)
}

function addBackup(program: Command): void {
  const backup = program.command('backup').description('what the agent overwrote or removed on this host')
  const open = async () => {
    const [commands, { createHost }] = await Promise.all([
      import('./backup/backup.ts'),
      import('./host/real-host.ts'),
    ])
    return {
      ...commands,
      host: createHost({ stateDir: resolve(backup.opts<{ stateDir: string }>().stateDir) }),
    }
  }
  backup.option('--state-dir <dir>', 'where the agent keeps its state', defaultStateDir)
  backup
    .command('list')
    .description('newest first: id, time, mode, path')
    .argument('[path]', 'only what stood at this path')
    .action(async (path?: string) => {
      const { host, listBackups, renderBackup } = await open()
      for (const entry of listBackups(host, path)) console.log(renderBackup(entry))
    })
  backup
    .command('show')
    .description('print what was kept')
    .argument('<backup>', 'an id, or a path for the newest of it')
    .action(async (name: string) => {
      const { host, findBackup, contentOf } = await open()
      process.stdout.write(contentOf(host, findBackup(host, name)))
    })
  backup
    .command('diff')
    .description('compare what was kept with what stands there now')
    .argument('<backup>', 'an id, or a path for the newest of it')
    .action(async (name: string) => {
      const { host, findBackup, diffBackup } = await open()
      process.stdout.write(diffBackup(host, findBackup(host, name)) ?? '')
    })
  backup
    .command('restore')
    .description('put it back with its owner and mode; what stands there now is kept first')
    .argument('<backup>', 'an id, or a path for the newest of it')
    .option('--to <path>', 'put it there instead')
    .action(async (name: string, { to }: { to?: string }) => {
      const { host, findBackup, restoreBackup } = await open()
      console.log(`restored ${await restoreBackup(host, findBackup(host, name), to)}`)
    })
  backup
    .command('prune')
    .description('forget old backups, and free their space')
    .option('--older-than <days>', 'forget what is older than so many days', parseDays, 90)
    .option('--keep <number>', 'of each path the newest so many stay', parseDays, 1)
    .action(async ({ olderThan, keep }: { olderThan: number; keep: number }) => {
      const { host, pruneBackups } = await open()
      const gone = pruneBackups(host, { olderThan: Date.now() - olderThan * 86_400_000, keep })
      console.log(`forgot ${gone} backups`)
    })
}

interface FactsOptions {
  readonly json?: true
  readonly vitals?: true
  readonly stateDir: string
}

function addFacts(program: Command): void {
  program
    .command('facts')
    .description('print what this host says of itself')
    .argument('[key]', 'only this fact, such as os.release or packages.nginx')
    .option('--json', 'print JSON, as `rekindle compile --facts` takes it')
    .option('--vitals', 'print what changes by itself instead: uptime, load, free memory and space')
    .option('--state-dir <dir>', 'where the agent keeps its state', defaultStateDir)
    .action(printFacts)
}

async function printFacts(key: string | undefined, { json, vitals, stateDir }: FactsOptions): Promise<void> {
  const [{ collectFacts }, { createHost }, { createFactMemory }, { findFact, renderFact, renderFacts }] =
    await Promise.all([
      import('./facts/collect.ts'),
      import('./host/real-host.ts'),
      import('./daemon/state.ts'),
      import('./facts/render.ts'),
    ])
  const memory = createFactMemory(resolve(stateDir))
  // The agent's memory is the agent's: this command only looks.
  const host = createHost({ stateDir: resolve(stateDir) })
  const collected = await collectFacts(host, { load: memory.load, save: () => {} })
  for (const { fact, source, reason } of collected.problems) console.error(`${fact}: ${source}: ${reason}`)
  const all = vitals ? collected.vitals : { ...collected.facts, packages: { ...collected.packages } }
  if (key === undefined) return console.log(json ? JSON.stringify(all, null, 2) : renderFacts(all))
  const value = findFact(all, key)
  if (value === undefined) throw noFact(key)
  console.log(json ? JSON.stringify(value, null, 2) : renderFact(value))
}

function noFact(key: string): RekindleError {
  return new RekindleError({
    code: 'not-found',
    message: `Cannot find fact "${key}" on this host`,
    hint: 'rekindle facts lists them; rekindle facts packages those of packages',
  })
}

async function apply(path: string, options: ApplyOptions): Promise<void> {
  const { applyCatalog } = await import('./daemon/local.ts')
  const report = await applyCatalog(path, localOptions(options), {
    noop: options.noop === true,
    selection: selectionIn(options),
    signal: stopSignal(),
    onEvent: options.killAfter === undefined ? undefined : killAfter(options.killAfter),
  })
  await finish(report, options)
}

/** Ends this process as a power cut would, right after one of these was changed or refreshed, and says which. */
function killAfter(ids: readonly string[]): OnRunEvent {
  return (event) => {
    if (event.type !== 'resource-finished' || !ids.includes(event.outcome.id)) return
    const { id, outcome, refreshed } = event.outcome
    if (outcome !== 'changed' && refreshed === undefined) return
    writeSync(2, `killed after ${id}\n`)
    process.kill(process.pid, 'SIGKILL')
  }
}

async function showPlan(path: string, options: ApplyOptions): Promise<void> {
  const { planCatalog } = await import('./daemon/local.ts')
  const planned = await planCatalog(path, localOptions(options), selectionIn(options))
  if (options.json === true) return console.log(JSON.stringify(planned, null, 2))
  const { renderPlan } = await import('./engine/render-plan.ts')
  console.log(renderPlan(planned))
}

function localOptions({ blobs, stateDir }: ApplyOptions) {
  return { stateDir: resolve(stateDir), ...(blobs === undefined ? {} : { blobsDir: resolve(blobs) }) }
}

async function runOnce(options: OnceOptions): Promise<void> {
  const { runOnce: once } = await import('./daemon/once.ts')
  const report = await once(loadConfig(options.config), {
    noop: options.noop === true,
    selection: selectionIn(options),
    allowCached: options.cached,
    waitMs: (options.waitForLock ?? 0) * 1000,
    signal: stopSignal(),
    log: await stderrLog(),
  })
  await finish(report, options)
}

async function runAsDaemon(configPath: string): Promise<void> {
  const { startDaemon } = await import('./daemon/start.ts')
  await startDaemon(loadConfig(configPath), await stderrLog(), stopSignal())
}

async function finish(
  report: Report,
  { json, detailedExitcodes }: Pick<OnceOptions, 'json' | 'detailedExitcodes'>,
): Promise<void> {
  const { exitCodeOf } = await import('./engine/report.ts')
  if (json === true) console.log(JSON.stringify(report))
  else console.log((await import('./engine/render-outcome.ts')).renderReport(report))
  process.exitCode = exitCodeOf(report, { detailed: detailedExitcodes === true })
}

/** Aborts at the first SIGTERM or SIGINT, so that the resource at hand is finished; a second one ends the process. */
function stopSignal(): AbortSignal {
  const stop = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort())
  return stop.signal
}

async function stderrLog() {
  const { createLog } = await import('./daemon/log.ts')
  return createLog((line) => process.stderr.write(line))
}

/** The configured state folder; a host without a configuration has the usual one. */
function stateDirOf(configPath: string): string {
  try {
    return loadConfig(configPath).stateDir
  } catch (error) {
    if (!(error instanceof RekindleError) || existsSync(configPath)) throw error
    return defaultStateDir
  }
}

function parseDays(text: string): number {
  const days = Number(text)
  if (text.trim() === '' || !(days >= 0)) throw new InvalidArgumentError('wanted a number')
  return days
}

function parseTags(text: string): readonly string[] {
  const tags = text
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '')
  if (tags.length === 0) throw new InvalidArgumentError('wanted one or more tags, comma-separated')
  return tags
}

function selectionIn({ tags, skipTags }: Pick<ApplyOptions, 'tags' | 'skipTags'>) {
  if (tags === undefined && skipTags === undefined) return undefined
  return { ...(tags === undefined ? {} : { tags }), ...(skipTags === undefined ? {} : { skipTags }) }
}

function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (text.trim() === '' || !(seconds >= 0)) throw new InvalidArgumentError('wanted a number of seconds')
  return seconds
}
