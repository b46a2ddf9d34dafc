/** `rekindle explain` and `rekindle affected`: what catalogs in service depend on, and which depend on something. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import type { ExplainedKey } from '../../schemas/data-layers.ts'
import { RekindleError } from '../../schemas/errors.ts'
import type { Catalog, Facts } from '../../schemas/generated/types.ts'
import { lookUp } from '../compiler/lookup.ts'
import { normalFile } from '../compiler/uses.ts'
import { loadConfig } from '../config.ts'
import { acceptFacts, withPackages } from '../site/facts.ts'
import { findEnvelope } from '../store/catalog.ts'
import { type Db, openDatabase } from '../store/db.ts'
import { attributesOf, findIncarnation } from '../store/incarnation.ts'
import { findServedCatalog, findUses, listServedCatalogs, type ServedCatalog } from '../store/uses.ts'
import { type HostUses, type Query, whyAffected } from './affected.ts'
import { explainHost, explainResource } from './explain.ts'
import { type LookedUp, renderHost, renderResource } from './render.ts'

interface WithConfig {
  readonly config: string
  readonly json?: true
}

const configOption = () =>
  new Option('--config <file>', 'the server’s configuration').default('/etc/rekindle/server.json')

export function addExplain(program: Command): void {
  program
    .command('explain')
    .argument('<host>')
    .argument('[resource]', 'its id, such as file:/etc/motd')
    .description('print what a host’s catalog depends on, or why one of its resources is as it is')
    .addOption(configOption())
    .option('--json', 'print JSON')
    .action((host: string, resource: string | undefined, options: WithConfig) =>
      withStore(options, (store) => explain(store, { host, resource, json: options.json === true })),
    )
}

interface AffectedOptions extends WithConfig {
  readonly fact?: string
  readonly attribute?: string
  readonly data?: string
  readonly secret?: string
  readonly file?: string
}

export function addAffected(program: Command): void {
  program
    .command('affected')
    .description('name the hosts whose catalogs would change with one of these, without compiling')
    .option('--fact <name>', 'something that hosts say of themselves, such as os.release')
    .option('--attribute <name>', 'something that the server knows of hosts')
    .option('--data <key>', 'a key of the site’s data, such as nginx.workers')
    .option('--secret <name>', 'a secret, or the first parts of several: db for db/password')
    .option(
      '--file <path>',
      'a file of the site, by its path there: code, a template, a source, a layer of data',
    )
    .addOption(configOption())
    .option('--json', 'print JSON')
    .action((options: AffectedOptions) => withStore(options, async ({ db }) => affected(db, options)))
}

interface Store {
  readonly db: Db
  readonly dataDir: string
}

async function withStore({ config }: WithConfig, work: (store: Store) => Promise<void>): Promise<void> {
  const { dataDir } = loadConfig(config)
  const path = join(dataDir, 'rekindle.db')
  if (!existsSync(path)) {
    throw new RekindleError({
      code: 'not-found',
      message: `Cannot look: there is no server's database in "${dataDir}"`,
      hint: 'Run it on the server’s machine, with its configuration: --config FILE',
    })
  }
  const db = openDatabase(path)
  try {
    await work({ db, dataDir })
  } finally {
    db.close()
  }
}

interface Asked {
  readonly host: string
  readonly resource: string | undefined
  readonly json: boolean
}

async function explain({ db, dataDir }: Store, { host, resource, json }: Asked): Promise<void> {
  const served = findServedCatalog(db, host)
  const known = served === undefined ? undefined : usesOf(db, served)
  const catalog = catalogOf(db, served?.catalogHash ?? null)
  if (served === undefined || known === undefined || catalog === undefined) throw nothingServed(host)
  const facts = factsOf(db, served)
  const trusted = {
    incarnation: findIncarnation(db, served.incarnation)?.number,
    pool: known.uses.pool,
    attributes: attributesOf(db, served.incarnation),
  }
  const input = { host, facts, trusted }
  const all = { ...known, input, catalog }
  const explained = resource === undefined ? explainHost(all) : explainResource(all, resource)
  if (explained === undefined) throw noResource(catalog, resource ?? '')
  if (json) return console.log(JSON.stringify(explained))
  const siteDir = join(dataDir, 'site', catalog.revision)
  const keys = known.uses.layers.length === 0 ? new Map() : await lookUpAll(siteDir, host, facts)
  console.log('where' in explained ? renderResource(explained, keys) : renderHost(explained, keys))
}

/** Empty when the revision is not there any more. */
async function lookUpAll(siteDir: string, host: string, facts: Facts): Promise<LookedUp> {
  if (!existsSync(siteDir)) return new Map()
  const stageDir = mkdtempSync(join(tmpdir(), 'rekindle-explain-'))
  try {
    const keys = await lookUp({ siteDir, key: '', host, facts }, { stageDir })
    return new Map(keys.map((key: ExplainedKey) => [key.key, key]))
  } finally {
    rmSync(stageDir, { recursive: true, force: true })
  }
}

function usesOf(db: Db, { host, role, facts, usesHash }: ServedCatalog): HostUses | undefined {
  const uses = usesHash === null ? undefined : findUses(db, usesHash)
  if (uses === undefined || role === null) return undefined
  return { host, role, uses, facts: facts === null ? {} : JSON.parse(facts) }
}

function factsOf(db: Db, { facts, incarnation }: ServedCatalog): Facts {
  return withPackages(db, incarnation, acceptFacts(JSON.parse(facts ?? '{}')))
}

/** The server's own envelope: what it sealed needs no second check. */
function catalogOf(db: Db, hash: string | null): Catalog | undefined {
  const envelope = hash === null ? undefined : findEnvelope(db, hash)
  if (envelope === undefined) return undefined
  const { payload } = JSON.parse(envelope) as { payload: string }
  return JSON.parse(payload) as Catalog
}

function nothingServed(host: string): RekindleError {
  return new RekindleError({
    code: 'not-found',
    message: `Cannot explain host "${host}": it was handed no catalog by this version of the server`,
    hint: 'Its agent asks for one at its next poll',
  })
}

function noResource({ host, resources }: Catalog, id: string): RekindleError {
  const near = resources.filter((one) => one.id.includes(id) || one.title === id).slice(0, 5)
  return new RekindleError({
    code: 'not-found',
    message: `Cannot explain "${id}": the catalog of host "${host}" has no such resource`,
    ...(near.length === 0 ? {} : { hint: `It has ${near.map((one) => one.id).join(', ')}` }),
  })
}

interface Affected {
  readonly host: string
  readonly why: string
}

function affected(db: Db, options: AffectedOptions): void {
  const query = queryOf(options)
  const uses = new Map<string, HostUses['uses'] | undefined>()
  const found: Affected[] = []
  const unknown: string[] = []
  for (const served of listServedCatalogs(db)) {
    const { host, role, facts, usesHash } = served
    if (usesHash !== null && !uses.has(usesHash)) uses.set(usesHash, findUses(db, usesHash))
    const known = usesHash === null ? undefined : uses.get(usesHash)
    if (known === undefined || role === null) {
      unknown.push(host)
      continue
    }
    const why = whyAffected({ host, role, uses: known, facts: JSON.parse(facts ?? '{}') }, query)
    if (why !== undefined) found.push({ host, why })
  }
  if (options.json === true) console.log(JSON.stringify({ affected: found, unknown }))
  else printAffected(found, unknown)
}

function printAffected(found: readonly Affected[], unknown: readonly string[]): void {
  for (const { host, why } of found) console.log(`${host}  ${why}`)
  if (found.length === 0) console.error('no host')
  if (unknown.length > 0)
    console.error(`not known, since they were handed no catalog yet: ${unknown.join(', ')}`)
}

function queryOf({ fact, attribute, data, secret, file }: AffectedOptions): Query {
  const queries: readonly Query[] = [
    ...(fact === undefined ? [] : [{ kind: 'fact' as const, name: fact }]),
    ...(attribute === undefined ? [] : [{ kind: 'attribute' as const, name: attribute }]),
    ...(data === undefined ? [] : [{ kind: 'data' as const, name: data }]),
    ...(secret === undefined ? [] : [{ kind: 'secret' as const, name: secret }]),
    ...(file === undefined ? [] : [{ kind: 'file' as const, path: normalFile(file) }]),
  ]
  const [query, second] = queries
  if (query !== undefined && second === undefined) return query
  throw new RekindleError({
    code: 'bad-request',
    message: 'Cannot tell what is affected: wanted one of --fact, --attribute, --data, --secret and --file',
    hint: 'rekindle affected --help',
  })
}
