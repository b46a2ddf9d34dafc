/** The server's side of the command line. Each command prints for people on stdout; `check` and `plan` set an exit code. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { canonical } from '../schemas/canonical.ts'
import type { DescribedSchema } from '../schemas/describe.ts'
import { RekindleError } from '../schemas/errors.ts'
import type { Facts } from '../schemas/generated/types.ts'
import { sampleFacts } from '../schemas/sample-facts.ts'
import type { Attributes } from '../schemas/trusted.ts'
import { addAuthoring } from './author/cli.ts'
import { mintJoinToken } from './ca/join.ts'
import { type Compiler, createCompiler } from './compiler/compiler.ts'
import { loadConfig } from './config.ts'
import type { Context } from './context.ts'
import { addAffected, addExplain } from './explain/cli.ts'
import type { Role, SiteProblem } from './http/view.ts'
import { addLookup } from './lookup/cli.ts'
import { createApiToken, ensureAdmin, setPerson } from './people.ts'
import { addPlan } from './plan/cli.ts'
import { addSecret } from './secret/cli.ts'
import { addApprove } from './site/cli.ts'
import { acceptFacts } from './site/facts.ts'
import { createInstaller } from './site/packages.ts'
import { openDatabase } from './store/db.ts'
import { addTrial } from './trial/cli.ts'

/** `argv`: the command's name first, as in `['check', 'site/']`. */
export async function run(argv: readonly string[]): Promise<void> {
  const program = new Command('rekindle').exitOverride().configureOutput({ writeErr: () => {} })
  addServer(program)
  addToken(program)
  addApprove(program, withDatabase)
  addCompile(program)
  addCheck(program)
  addLookup(program, factsOf)
  addPlan(program)
  addExplain(program)
  addAffected(program)
  addSecret(program)
  addDescribe(program)
  addAuthoring(program)
  addTrial(program)
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (isHelp(error)) return
    throw error instanceof Error && 'exitCode' in error
      ? new RekindleError({
          code: 'bad-request',
          message: `Cannot run "rekindle ${argv.join(' ')}": ${error.message.replace(/^error: /, '')}`,
          hint: `rekindle ${argv[0]} --help`,
        })
      : error
  }
}

function isHelp(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('commander.help')
}

const configOption = () =>
  new Option('--config <file>', 'the server’s configuration').default('/etc/rekindle/server.json')

const attributeOption = () =>
  new Option(
    '--attribute <name=value>',
    'what the server knows of the host; a role reads it as host.attributes; may be given again',
  ).argParser(addAttribute)

function addAttribute(text: string, attributes: Attributes = {}): Attributes {
  const equals = text.indexOf('=')
  if (equals < 1) throw new InvalidArgumentError('it is no name=value.')
  return { ...attributes, [text.slice(0, equals)]: text.slice(equals + 1) }
}

/** The program's own --config stands before or after the subcommand. */
interface WithConfig {
  readonly config: string
}

function addServer(program: Command): void {
  const server = program
    .command('server')
    .description('serve catalogs, take reports, rebuild hosts, show the page')
    .addOption(configOption())
    .action((options: WithConfig) => serve(options.config))
  server
    .command('setup')
    .description('make the first admin and print the password, once')
    .action((_options: object, command: Command) =>
      withDatabase(command.optsWithGlobals<WithConfig>(), async (tools) => {
        const password = await ensureAdmin(tools)
        console.log(password === undefined ? 'There is an admin already.' : renderPassword('admin', password))
      }),
    )
  server
    .command('person')
    .argument('<name>')
    .description('make a person, or set a new role and password, and print the password, once')
    .addOption(new Option('--role <role>').choices(['viewer', 'operator', 'admin']).makeOptionMandatory())
    .action((name: string, options: { role: Role }, command: Command) =>
      withDatabase(command.optsWithGlobals<WithConfig>(), async (tools) => {
        const password = await setPerson(tools, { name, role: options.role, by: 'command-line' })
        console.log(renderPassword(name, password))
      }),
    )
  server
    .command('api-token')
    .argument('<name>')
    .description('make a token with which a program acts as a person, and print it, once')
    .option('--days <n>', 'how long it holds', positive, 90)
    .action((person: string, options: { days: number }, command: Command) =>
      withDatabase(command.optsWithGlobals<WithConfig>(), (tools) => {
        const ttlMs = options.days * 86_400_000
        console.log(createApiToken(tools, { person, ttlMs, by: 'command-line' }))
      }),
    )
}

function addToken(program: Command): void {
  program
    .command('token')
    .description('join tokens for hosts that Rekindle did not make')
    .command('create')
    .description('make a token with which one machine enrols, once')
    .requiredOption('--host <name>')
    .option('--ttl <seconds>', 'how long it holds', positive, 3600)
    .addOption(attributeOption())
    .addOption(configOption())
    .action((options: WithConfig & { host: string; ttl: number; attribute?: Attributes }) =>
      withDatabase(options, (tools) => {
        const { host, ttl, attribute: attributes } = options
        if (!/^[a-z0-9]([a-z0-9.-]{0,50}[a-z0-9])?$/.test(host)) {
          const wanted = 'lower-case letters, digits, dots and hyphens'
          throw new RekindleError({
            code: 'bad-request',
            message: `Cannot make a token for "${host}"`,
            wanted,
          })
        }
        console.log(mintJoinToken(tools, { host, ttlSeconds: ttl, attributes, by: 'command-line' }).token)
      }),
    )
}

function addCompile(program: Command): void {
  program
    .command('compile')
    .argument('<site>', 'folder of the site')
    .description('compile one host’s catalog and print it as canonical JSON')
    .requiredOption('--host <name>')
    .option('--facts <file>', 'JSON as `rekindle facts --json` prints it; a small Debian 12 host when absent')
    .addOption(attributeOption())
    .option('--out <file>', 'write the catalog there')
    .option('--blobs <dir>', 'write the contents of files there, each named by its SHA-256')
    .action((site: string, options: CompileOptions) => compile(site, options))
}

function addCheck(program: Command): void {
  program
    .command('check')
    .argument('<site>', 'folder of the site')
    .description('check a site and print what is wrong, with file and line; exit code 1 when something is')
    .option('--json', 'print the problems as JSON')
    .action((site: string, options: { json?: true }) => check(site, options))
}

function addDescribe(program: Command): void {
  program
    .command('describe')
    .argument('[type]', 'a resource type, such as file')
    .description('print what a resource type is and what its parameters mean; without a type, list them all')
    .action(async (type?: string) => {
      const { renderType, renderTypeList } = await import('../schemas/describe.ts')
      const schemas = readResourceSchemas()
      if (type === undefined) return console.log(renderTypeList(schemas))
      const schema = schemas.find(({ $id }) => $id === `resource/${type}`)
      if (schema !== undefined) return console.log(renderType(schema))
      throw new RekindleError({
        code: 'bad-request',
        message: `Cannot describe "${type}": there is no such type`,
        hint: 'rekindle describe lists them',
      })
    })
}

function readResourceSchemas(): readonly DescribedSchema[] {
  const folder = join(import.meta.dirname, '..', 'schemas', 'resource')
  return readdirSync(folder)
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as DescribedSchema)
}

async function serve(configPath: string): Promise<void> {
  const config = loadConfig(configPath)
  // Loaded here alone: the other commands do not wait for the HTTP servers' code.
  const { startServer } = await import('./main.ts')
  const server = await startServer(config)
  if (server.initialPassword !== undefined) console.log(renderPassword('admin', server.initialPassword))
  console.log(`Agents: ${server.agentUrl}  authority ${server.caFingerprint}`)
  console.log(`Page:   ${server.pageUrl}`)
  await new Promise<void>((done) => {
    process.once('SIGINT', () => done())
    process.once('SIGTERM', () => done())
  })
  await server.close()
}

function renderPassword(name: string, password: string): string {
  return `Login of "${name}": ${password}\nIt is shown this once.`
}

/** Works on the database directly; a server that runs on it at the same time sees the result. */
async function withDatabase(
  { config: path }: WithConfig,
  work: (tools: Pick<Context, 'db' | 'now' | 'random'>) => void | Promise<void>,
): Promise<void> {
  const { dataDir } = loadConfig(path)
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const db = openDatabase(join(dataDir, 'rekindle.db'))
  try {
    await work({ db, now: Date.now, random: randomBytes })
  } finally {
    db.close()
  }
}

interface CompileOptions {
  readonly host: string
  readonly facts?: string
  readonly attribute?: Attributes
  readonly out?: string
  readonly blobs?: string
}

async function compile(site: string, options: CompileOptions): Promise<void> {
  const facts = factsOf(options)
  await withCompiler(async (compiler) => {
    const checked = await compiler.check(resolve(site))
    if (!checked.ok) throw siteInvalid(checked.problems)
    const { catalog, blobs, warnings } = await compiler.compile(options.host, facts, {
      life: { incarnation: 1, attributes: options.attribute ?? {} },
    })
    for (const warning of warnings) console.error(renderWarning(warning))
    if (options.blobs !== undefined) {
      mkdirSync(options.blobs, { recursive: true })
      for (const [sha256, bytes] of blobs) writeFileSync(join(options.blobs, sha256), bytes)
    }
    if (options.out === undefined) console.log(canonical(catalog))
    else writeFileSync(options.out, canonical(catalog))
  })
}

async function check(site: string, { json }: { readonly json?: true }): Promise<void> {
  await withCompiler(async (compiler) => {
    const result = await compiler.check(resolve(site))
    const problems = result.ok ? [] : result.problems
    const warnings = result.ok ? result.warnings : []
    if (json) console.log(JSON.stringify({ revision: result.revision, problems, warnings }))
    else if (result.ok)
      console.log(`${site} is good: ${result.manifest.roles.length} roles, revision ${result.revision}`)
    else console.log(problems.map(renderProblem).join('\n'))
    if (!json && warnings.length > 0) console.error(warnings.map(renderWarning).join('\n'))
    if (!result.ok) process.exitCode = 1
  })
}

function renderProblem({ where, message, hint }: SiteProblem): string {
  const first = where === null ? message : `${where}: ${message}`
  return hint === null ? first : `${first}\n  do: ${hint}`
}

function renderWarning(warning: SiteProblem): string {
  return `warning: ${renderProblem(warning)}`
}

function siteInvalid(problems: readonly SiteProblem[]): RekindleError {
  const [first] = problems
  return new RekindleError({
    code: 'site-invalid',
    message: `Cannot compile: ${problems.map(({ message }) => message).join('; ')}`,
    where: first?.where ?? undefined,
    hint: first?.hint ?? undefined,
  })
}

async function withCompiler(work: (compiler: Compiler) => Promise<void>): Promise<void> {
  const stageDir = mkdtempSync(join(tmpdir(), 'rekindle-site-'))
  const compiler = createCompiler({ stageDir, install: createInstaller({}) })
  try {
    await work(compiler)
  } finally {
    await compiler.close()
    rmSync(stageDir, { recursive: true, force: true })
  }
}

function factsOf({ host, facts }: { readonly host: string; readonly facts?: string }): Facts {
  return facts === undefined ? sampleFacts(host) : loadFacts(facts)
}

function loadFacts(path: string): Facts {
  try {
    return acceptFacts(JSON.parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    throw new RekindleError({ code: 'bad-request', message: `Cannot read facts from "${path}"`, cause })
  }
}

function positive(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('it is no whole number above 0.')
  return value
}
