/** `rekindle test` and `rekindle prove`: a role on throwaway hosts, for people at work and for CI. */
import { randomInt } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { RekindleError } from '../../schemas/errors.ts'
import type { HostRule, NspawnSettings, SiteManifest } from '../../schemas/generated/types.ts'
import { hostLike, roleName, ruleFor } from '../../schemas/host-rule.ts'
import { validate } from '../../schemas/validate.ts'
import { type CheckResult, type Compiler, createCompiler } from '../compiler/compiler.ts'
import type { CompileResult } from '../compiler/prepare.ts'
import { openThrowawayHosts, type ThrowawayHosts } from '../machine/throwaway.ts'
import { checkHealth } from '../rebuild/health.ts'
import { acceptFacts } from '../site/facts.ts'
import { createInstaller } from '../site/packages.ts'
import { renderJunit } from './junit.ts'
import { drawsOf } from './order.ts'
import { runProof } from './prove.ts'
import { renderCase, renderSum } from './render.ts'
import { runTrial, type TrialCase } from './trial.ts'

interface HostOptions {
  readonly host?: string
  readonly role?: string
  readonly machines: string
  readonly junit?: string
}

interface TestOptions extends HostOptions {
  readonly shuffle?: true
  readonly kill?: true
  readonly orders: number
  readonly seed?: number
}

const about = `
Exit codes: 0, or 1 when a case failed or could not be tried.
It needs root, and systemd-nspawn with an image that has the agent's package.`

export function addTrial(program: Command): void {
  withHostOptions(program.command('test'))
    .description('apply a role on throwaway hosts: twice, in other valid orders, with kills')
    .option('--shuffle', 'in other valid orders too, sampled by a seed')
    .option('--kill', 'in each order also with the agent killed after each resource')
    .option('--orders <n>', 'with --shuffle: how many orders besides the declared one', wholeNumber, 5)
    .option(
      '--seed <n>',
      'with --shuffle: the orders of a run before (default: others each time)',
      wholeNumber,
    )
    .action(test)
  withHostOptions(program.command('prove'))
    .description('prove a role on a throwaway host: from bare, again, and again after a reboot')
    .action(prove)
}

function withHostOptions(command: Command): Command {
  return command
    .argument('<site>', 'folder of the site')
    .option('--host <name>', 'the host to be: the site’s rules say its roles')
    .option('--role <role>', 'in place of --host: one to which a rule gives that role')
    .option('--machines <file>', 'how machines are made', '/etc/rekindle/machines.json')
    .option('--junit <file>', 'write JUnit XML there; - for the standard output, and then nothing else')
    .addHelpText('after', about)
}

async function test(site: string, options: TestOptions): Promise<void> {
  const { shuffle = false, kill = false, seed = randomInt(2 ** 31) } = options
  const orders = shuffle ? options.orders : 0
  await onHosts(
    'test',
    { ...options, site, properties: shuffle ? { seed: `${seed}` } : {} },
    async (scene) => {
      const { compiled, ...ports } = scene
      return runTrial({ ...compiled, orders, draw: drawsOf(seed), kill }, ports)
    },
  )
}

async function prove(site: string, options: HostOptions): Promise<void> {
  await onHosts(
    'prove',
    { ...options, site, properties: {} },
    async ({ compiled, manifest, signal, ...ports }) => {
      const { health = [] } = manifest.pools.find(({ name }) => name === compiled.pool) ?? {}
      const check = (address: string, one: (typeof health)[number]) => checkHealth(address, one, signal)
      return runProof({ ...compiled, health }, { ...ports, checkHealth: check })
    },
  )
}

interface Scene extends Pick<ThrowawayHosts, 'withHost'> {
  readonly compiled: CompileResult
  readonly manifest: SiteManifest
  readonly signal: AbortSignal
  now(): number
  onCase(done: TrialCase): void
}

interface Asked extends HostOptions {
  readonly site: string
  /** What it takes to do the same again. */
  readonly properties: Readonly<Record<string, string>>
}

/** Compiles for the host, with facts that a throwaway one says of itself, hands `work` what it needs, and prints. */
async function onHosts(
  command: 'test' | 'prove',
  { site, properties, junit, ...options }: Asked,
  work: (scene: Scene) => Promise<readonly TrialCase[]>,
): Promise<void> {
  const say = (line: string) => (junit === '-' ? console.error(line) : console.log(line))
  const settings = loadMachines(options.machines)
  const signal = stopSignal()
  await using undo = new AsyncDisposableStack()
  const stageDir = mkdtempSync(join(tmpdir(), 'rekindle-trial-'))
  undo.defer(() => rmSync(stageDir, { recursive: true, force: true }))
  const compiler = createCompiler({ stageDir, install: createInstaller({}) })
  undo.defer(() => compiler.close())
  const manifest = manifestOf(await compiler.check(resolve(site)))
  const host = hostOf(manifest, options)
  const hosts = await openThrowawayHosts(settings, signal)
  undo.defer(() => hosts.close())
  const compiled = await compileFor(host, compiler, hosts)
  const { role, catalog } = compiled
  const told = Object.entries(properties).map(([name, value]) => `, ${name} ${value}`)
  say(
    `${host}, role ${role}, ${catalog.resources.length} resources, revision ${catalog.revision}${told.join('')}`,
  )
  const cases = await work({
    ...{ compiled, manifest, signal, withHost: hosts.withHost },
    now: () => performance.now(),
    onCase: (done) => say(renderCase(done)),
  })
  say(renderSum(cases))
  if (junit !== undefined) {
    const known = { host, role, revision: catalog.revision, ...properties }
    const xml = renderJunit({ name: `rekindle ${command} ${host}`, properties: known, cases })
    if (junit === '-') process.stdout.write(xml)
    else writeFileSync(junit, xml)
  }
  if (cases.some(({ failure }) => failure !== undefined)) process.exitCode = 1
}

async function compileFor(host: string, compiler: Compiler, hosts: ThrowawayHosts): Promise<CompileResult> {
  const facts = await hosts.withHost(host, async ({ run }) => {
    const { code, stdout, stderr } = await run(['rekindle', 'facts', '--json'])
    if (code === 0) return acceptFacts(JSON.parse(stdout))
    throw new RekindleError({
      code: 'machine-failed',
      message: `Cannot collect facts on a throwaway host: ${stderr.trim()}`,
    })
  })
  return compiler.compile(host, facts)
}

/** @throws RekindleError `config-invalid` */
function loadMachines(path: string): NspawnSettings {
  try {
    return validate('config/nspawn', JSON.parse(readFileSync(path, 'utf8')), `"${path}"`, 'config-invalid')
  } catch (cause) {
    throw new RekindleError({
      code: 'config-invalid',
      message: `Cannot read how machines are made from "${path}"`,
      hint: 'The fields are in schemas/config/nspawn.json; name another file with --machines FILE',
      cause,
    })
  }
}

/** @throws RekindleError `site-invalid` */
function manifestOf(checked: CheckResult): SiteManifest {
  if (checked.ok) return checked.manifest
  const [first] = checked.problems
  throw new RekindleError({
    code: 'site-invalid',
    message: `Cannot test the site: ${checked.problems.map(({ message }) => message).join('; ')}`,
    where: first?.where ?? undefined,
    hint: first?.hint ?? undefined,
  })
}

/** @throws RekindleError `bad-request`, `not-found` */
function hostOf({ hosts: rules }: SiteManifest, { host, role }: Pick<HostOptions, 'host' | 'role'>): string {
  if (host !== undefined && role === undefined) return host
  if (host !== undefined || role === undefined) {
    throw new RekindleError({
      code: 'bad-request',
      message: 'Cannot tell what to test: wanted either --host or --role',
    })
  }
  const found = rules.filter(({ roles }) => roles.includes(role) || roleName(roles) === role)
  const like = found.flatMap((rule) => sampleHost(rules, rule))[0]
  if (like !== undefined) return like
  throw new RekindleError({
    code: 'not-found',
    message:
      found.length === 0
        ? `Cannot test role "${role}": no rule of the site gives it to a host`
        : `Cannot test role "${role}": which host gets it, its name alone does not tell`,
    where: found[0]?.where,
    hint: 'Name a host: --host NAME',
  })
}

/** A name for which that rule is the one, if its name alone decides. */
function sampleHost(rules: readonly HostRule[], rule: HostRule): readonly string[] {
  return rule.match
    .map(hostLike)
    .filter((host) => ruleFor(rules, host, () => ({ facts: {}, attributes: {} })) === rule)
}

/** Aborts at SIGINT and SIGTERM: the host at hand is destroyed, and the command ends with an error. */
function stopSignal(): AbortSignal {
  const stop = new AbortController()
  const reason = new RekindleError({
    code: 'run-stopped',
    message: 'Cannot finish the test: it was interrupted',
    kept: 'nothing; its throwaway host is destroyed',
  })
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort(reason))
  return stop.signal
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value < 2 ** 32) return value
  throw new InvalidArgumentError('it is no whole number.')
}
