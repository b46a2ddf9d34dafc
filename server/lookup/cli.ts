/** `rekindle lookup`: what a role would read of a site's data on one host, and why. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import type { ExplainedKey } from '../../schemas/data-layers.ts'
import { RekindleError } from '../../schemas/errors.ts'
import type { Facts } from '../../schemas/generated/types.ts'
import type { Attributes } from '../../schemas/trusted.ts'
import { lookUp } from '../compiler/lookup.ts'
import { loadConfig } from '../config.ts'
import { acceptFacts, withPackages } from '../site/facts.ts'
import { openDatabase } from '../store/db.ts'
import { attributesOf, currentIncarnation } from '../store/incarnation.ts'

interface LookupOptions {
  readonly host: string
  readonly facts?: string
  readonly site?: string
  readonly config?: string
  readonly explain?: true
  readonly json?: true
}

/** Facts of a file; without one, those of an example host. */
export type FactsOf = (options: { readonly host: string; readonly facts?: string }) => Facts

export function addLookup(program: Command, factsOf: FactsOf): void {
  program
    .command('lookup')
    .argument('[key]', 'a key or section of the data, such as nginx.workers; all of it when absent')
    .description('print what a role would read of a site’s data on one host')
    .requiredOption('--host <name>')
    .option('--explain', 'print what each layer has, and which won or how they were merged')
    .option('--facts <file>', 'JSON as `rekindle facts` prints it; a small Debian 12 host when absent')
    .option('--site <dir>', 'folder of the site (default: this one, or the server’s)')
    .option('--config <file>', 'a server’s configuration: take its site, and the facts it knows of the host')
    .option('--json', 'print JSON instead of YAML or text')
    .action((key: string | undefined, options: LookupOptions) => lookup(key ?? '', options, factsOf))
}

async function lookup(key: string, options: LookupOptions, factsOf: FactsOf): Promise<void> {
  const { siteDir, facts, attributes } = sourceOf(options, factsOf)
  const keys = await withFolder((stageDir) =>
    lookUp({ siteDir: resolve(siteDir), key, host: options.host, facts, attributes }, { stageDir }),
  )
  const { renderExplained, renderValue, valueOfKeys } = await import('./render.ts')
  if (options.explain) console.log(options.json ? JSON.stringify(keys) : renderExplained(keys))
  const value = valueOfKeys(keys, key)
  if (!options.explain && value !== undefined)
    console.log(options.json ? JSON.stringify(value) : renderValue(value))
  assertUsable(keys)
}

interface LookupSource {
  readonly siteDir: string
  readonly facts: Facts
  readonly attributes: Attributes
}

function sourceOf(options: LookupOptions, factsOf: FactsOf): LookupSource {
  if (options.config === undefined)
    return { siteDir: options.site ?? '.', facts: factsOf(options), attributes: {} }
  const { dataDir, site } = loadConfig(options.config)
  const known =
    options.facts === undefined
      ? knownHost(dataDir, options.host)
      : { facts: factsOf(options), attributes: {} }
  if (options.site === undefined && typeof site !== 'string') throw noFolder(options.config)
  return { siteDir: options.site ?? String(site), ...known }
}

function noFolder(config: string): RekindleError {
  return new RekindleError({
    code: 'bad-request',
    message: `Cannot look data up: the site of "${config}" is a repository, not a folder`,
    hint: 'Name a clone of it: --site DIR',
  })
}

/** Facts as the host sent them last. */
function knownHost(dataDir: string, host: string): Omit<LookupSource, 'siteDir'> {
  const db = openDatabase(join(dataDir, 'rekindle.db'))
  try {
    const known = currentIncarnation(db, host)
    if (known?.facts != null) {
      const facts = withPackages(db, known.id, acceptFacts(JSON.parse(known.facts)))
      return { facts, attributes: attributesOf(db, known.id) }
    }
  } finally {
    db.close()
  }
  throw new RekindleError({
    code: 'not-found',
    message: `Cannot look data up for host "${host}": the server knows no facts of it`,
    hint: 'Give them: --facts FILE',
  })
}

function assertUsable(keys: readonly ExplainedKey[]): void {
  const problems = keys.flatMap(({ problem }) => problem ?? [])
  if (problems.length === 0) return
  throw new RekindleError({
    code: 'compile-failed',
    message: problems.map(({ message }) => message).join('; '),
    hint: problems[0]?.hint ?? undefined,
  })
}

async function withFolder<Result>(work: (dir: string) => Promise<Result>): Promise<Result> {
  const dir = mkdtempSync(join(tmpdir(), 'rekindle-lookup-'))
  try {
    return await work(dir)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
