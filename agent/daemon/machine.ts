/** This machine's ports, put together: the only place where the daemon meets the real host and the list of types. */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { collectFacts } from '../facts/collect.ts'
import { createHost } from '../host/real-host.ts'
import type { Client } from '../link/client.ts'
import type { Identity } from '../link/identity.ts'
import { resourceTypes } from '../resource/registry.ts'
import { createSpool } from '../spool/spool.ts'
import type { Log } from './log.ts'
import { createRunner, type Runner } from './run.ts'
import { createCatalogStore, createFactMemory, createMemoryStore, loadIdentity } from './state.ts'

/** A runner on the real host. `client` gives the present one, since a renewed certificate brings another. */
export function createMachineRunner(
  config: Config,
  log: Log,
  identity: Identity,
  client: () => Client,
): Runner {
  const { stateDir, server } = config
  const fetchBlob = (sha256: string) => client().fetchBlob(sha256)
  const host = createHost({ stateDir, fetchBlob, issue: (request) => client().issue(request), server })
  const factMemory = createFactMemory(stateDir)
  return createRunner({
    hostName: identity.host,
    client: {
      fetchCatalog: (word, known, signal) => client().fetchCatalog(word, known, signal),
      fetchBlob,
      sendReport: (report) => client().sendReport(report),
    },
    host,
    blobs: host.blobs,
    registry: resourceTypes,
    memory: createMemoryStore(stateDir),
    catalogs: createCatalogStore(stateDir, identity),
    keys() {
      // A renewal, of this process or of another one, writes it anew.
      const { key, formerKey } = loadIdentity(stateDir) ?? identity
      return formerKey === undefined ? [key] : [key, formerKey]
    },
    spool: createSpool(join(stateDir, 'spool')),
    collectFacts: () => collectFacts(host, factMemory),
    now: () => performance.timeOrigin + performance.now(),
    newId: randomUUID,
    log,
  })
}
