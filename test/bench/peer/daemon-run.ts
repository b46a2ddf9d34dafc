/** Runs inside a host: the converge of a daemon that has nothing to do, again and again; prints each one's milliseconds. */
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { converge } from '../../../agent/engine/converge.ts'
import { emptyMemory } from '../../../agent/engine/memory.ts'
import { prepare } from '../../../agent/engine/prepare.ts'
import { createHost } from '../../../agent/host/real-host.ts'
import { resourceTypes } from '../../../agent/resource/registry.ts'
import type { Catalog } from '../../../schemas/generated/types.ts'

const [path = '', rounds = '9'] = process.argv.slice(2)
const catalog = JSON.parse(readFileSync(path, 'utf8')) as Catalog
const host = createHost({ stateDir: '/var/lib/rekindle-bench-daemon' })
const prepared = prepare(catalog, 'bench', { registry: resourceTypes })
const memory = { load: () => emptyMemory, save: () => {} }

async function once(): Promise<number> {
  const start = performance.now()
  const { outcomes } = await converge(prepared, { host, memory, noop: false, now: Date.now })
  if (outcomes.length > 0)
    throw new Error(`${outcomes.length} resources are off: ${JSON.stringify(outcomes[0])}`)
  return performance.now() - start
}

// A hash is trusted once the file is older than its clock's tick; what follows is what a daemon that runs on does.
await once()
await delay(2500)
await once()
for (let round = 0; round < Number(rounds); round++) console.log(await once())
