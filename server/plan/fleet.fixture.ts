/** For tests and benches: a server's data folder with a site in service and hosts that sent facts, without a server. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { canonical } from '../../schemas/canonical.ts'
import type { Facts } from '../../schemas/generated/types.ts'
import { createCompiler } from '../compiler/compiler.ts'
import { openDatabase } from '../store/db.ts'
import { ensureHost } from '../store/host.ts'
import { createIncarnation, saveFacts, takeOver } from '../store/incarnation.ts'
import { saveSeenSite } from '../store/site.ts'
import { transact } from '../store/statement.ts'

export type SiteFiles = Readonly<Record<string, string>>

export function writeSite(dir: string, files: SiteFiles): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
  return dir
}

export interface FixtureHost {
  readonly name: string
  /** Undefined: it has sent none. */
  readonly facts: Facts | undefined
}

/** Gives the path of the server's configuration. */
export async function makeFleet(
  dir: string,
  { site, hosts }: { readonly site: string; readonly hosts: readonly FixtureHost[] },
): Promise<string> {
  const dataDir = join(dir, 'data')
  mkdirSync(dataDir)
  const compiler = createCompiler({ stageDir: join(dataDir, 'site') })
  const checked = await compiler.check(site)
  await compiler.close()
  if (!checked.ok) throw new Error(JSON.stringify(checked.problems))
  const db = openDatabase(join(dataDir, 'rekindle.db'))
  saveSeenSite(db, { revision: checked.revision, environment: '', problems: [], commit: undefined }, 1)
  transact(db, () => {
    for (const { name, facts } of hosts) {
      ensureHost(db, { name, managed: false }, 1)
      if (facts === undefined) continue
      const { id } = createIncarnation(db, name, 1)
      takeOver(db, id, 1)
      saveFacts(db, id, canonical(facts), 1)
    }
  })
  db.close()
  const config = join(dir, 'server.json')
  const listen = { agentListen: '127.0.0.1:0', pageListen: '127.0.0.1:0' }
  writeFileSync(config, JSON.stringify({ dataDir, site, ...listen }))
  return config
}
