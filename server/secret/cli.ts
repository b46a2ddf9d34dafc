/** `rekindle secret check`: which secrets of a site cannot be resolved with a server's sources. Values are never printed. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { errorShape, RekindleError } from '../../schemas/errors.ts'
import type { ServerConfig } from '../../schemas/generated/types.ts'
import { createCompiler } from '../compiler/compiler.ts'
import { loadConfig } from '../config.ts'
import { createInstaller } from '../site/packages.ts'
import { openDatabase } from '../store/db.ts'
import { findUses, listServedCatalogs } from '../store/uses.ts'
import { loadDigestKey } from './digest-key.ts'
import { createSecrets } from './secrets.ts'

interface CheckOptions {
  readonly config: string
  readonly json?: true
}

/** What became of one name. */
interface Tried {
  readonly secret: string
  /** Null: it was resolved. */
  readonly problem: string | null
}

export function addSecret(program: Command): void {
  const secret = program.command('secret').description('secrets of a site, without their values')
  secret
    .command('check')
    .argument('<site>', 'folder of the site')
    .description('say which secrets that the site uses cannot be resolved; ends with 1 when there are such')
    .addOption(
      new Option('--config <file>', 'the server’s configuration').default('/etc/rekindle/server.json'),
    )
    .option('--json', 'print JSON')
    .action(check)
}

async function check(site: string, { config: path, json }: CheckOptions): Promise<void> {
  const config = loadConfig(path)
  const stageDir = mkdtempSync(join(tmpdir(), 'rekindle-secret-'))
  try {
    const { revision, names } = await namesIn(resolve(site), stageDir, config)
    const tried = await tryAll([...new Set([...names, ...namesServed(config)])].sort(), {
      ...{ config, siteDir: stageDir, revision },
    })
    print(tried, json === true)
  } finally {
    rmSync(stageDir, { recursive: true, force: true })
  }
}

/** Those that its roles use on sample hosts; a role that branches by facts may use others. */
async function namesIn(site: string, stageDir: string, { dataDir }: ServerConfig) {
  const install = createInstaller({ cacheDir: join(dataDir, 'npm-cache') })
  const compiler = createCompiler({ stageDir, install })
  try {
    const checked = await compiler.check(site)
    if (checked.ok) return { revision: checked.revision, names: checked.secrets }
    const [problem] = checked.problems
    throw new RekindleError({
      code: 'site-invalid',
      message: problem?.message ?? `Cannot read the site "${site}"`,
      where: problem?.where ?? undefined,
      hint: 'See all that is wrong with it: rekindle check DIR',
    })
  } finally {
    await compiler.close()
  }
}

/** Those in catalogs that hosts have now. */
function namesServed({ dataDir }: ServerConfig): readonly string[] {
  const path = join(dataDir, 'rekindle.db')
  if (!existsSync(path)) return []
  const db = openDatabase(path)
  try {
    const hashes = new Set(listServedCatalogs(db).flatMap(({ usesHash }) => usesHash ?? []))
    return [...hashes].flatMap((hash) => findUses(db, hash)?.secrets ?? [])
  } finally {
    db.close()
  }
}

interface Where {
  readonly config: ServerConfig
  readonly siteDir: string
  readonly revision: string
}

async function tryAll(
  names: readonly string[],
  { config, siteDir, revision }: Where,
): Promise<readonly Tried[]> {
  const secrets = createSecrets({
    sources: config.secrets ?? [],
    key: loadDigestKey(siteDir, (bytes) => Buffer.alloc(bytes)),
    siteDir,
    environment: process.env,
    now: Date.now,
  })
  return Promise.all(
    names.map(async (secret): Promise<Tried> => {
      try {
        await secrets.resolve([secret], revision)
        return { secret, problem: null }
      } catch (error) {
        return { secret, problem: errorShape(error).message }
      }
    }),
  )
}

function print(tried: readonly Tried[], json: boolean): void {
  const missing = tried.filter(({ problem }) => problem !== null)
  if (missing.length > 0) process.exitCode = 1
  const count = `${tried.length - missing.length} of ${tried.length} secrets can be resolved`
  const lines = [...missing.map(({ problem }) => problem), count]
  console.log(json ? JSON.stringify(tried) : lines.join('\n'))
}
