/** What a run costs that has nothing to do, over 1,000 small files: as a whole process, and in the running daemon. */
import { spawnSync } from 'node:child_process'
import { lstatSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { converge } from '../../agent/engine/converge.ts'
import { emptyMemory, type MemoryStore } from '../../agent/engine/memory.ts'
import { prepare } from '../../agent/engine/prepare.ts'
import { createHost } from '../../agent/host/real-host.ts'
import { resourceTypes } from '../../agent/resource/registry.ts'
import { canonical } from '../../schemas/canonical.ts'
import type { Catalog } from '../../schemas/generated/types.ts'
import { hashOf, sha256 } from '../../schemas/hash.ts'
import { alternate, type Bench, type Figure, figure } from './figure.ts'

const rounds = 9
const count = 1000
const launcher = join(import.meta.dirname, '..', '..', 'bin', 'rekindle')

/** The floor: the same reading with nothing around it. */
const bareScript = `
import { lstatSync, readFileSync } from 'node:fs'
import { hash } from 'node:crypto'
for (const path of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  lstatSync(path)
  hash('sha256', readFileSync(path), 'hex')
}`

interface Place {
  readonly dir: string
  readonly catalog: Catalog
  readonly paths: readonly string[]
}

function makePlace(): Place {
  const dir = mkdtempSync(join(tmpdir(), 'rekindle-bench-'))
  const bodies = Array.from({ length: count }, (_, index) => `setting = ${index}\n`.repeat(20))
  const paths = bodies.map((_, index) => join(dir, `file-${index}`))
  bodies.forEach((body, index) => {
    writeFileSync(paths[index] ?? '', body, { mode: 0o644 })
  })
  const resources = bodies.map((body, index) => {
    const title = paths[index] ?? ''
    const blob = { sha256: sha256(body), size: Buffer.byteLength(body) }
    return {
      id: `file:${title}`,
      type: 'file',
      title,
      params: { blob, mode: '0644', owner: 'root' },
      where: `site.ts:${index + 1}`,
    }
  })
  const catalog: Catalog = {
    version: 1,
    host: 'bench',
    role: 'bench',
    revision: 'bench',
    drift: 'correct',
    resources,
  }
  writeFileSync(join(dir, 'catalog.json'), canonical(catalog))
  writeFileSync(join(dir, 'paths.json'), JSON.stringify(paths))
  writeFileSync(join(dir, 'bare.mjs'), bareScript)
  return { dir, catalog, paths }
}

function timeProcess(command: string, args: readonly string[]): number {
  const start = performance.now()
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  const elapsed = performance.now() - start
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} exited ${status}: ${stderr}`)
  return elapsed
}

async function wholeProcess({ dir }: Place): Promise<Figure> {
  const apply = [
    'apply',
    join(dir, 'catalog.json'),
    '--state-dir',
    join(dir, 'state'),
    '--detailed-exitcodes',
  ]
  const { a, b } = await alternate(
    rounds,
    () => timeProcess(launcher, apply),
    () => timeProcess(process.execPath, [join(dir, 'bare.mjs'), join(dir, 'paths.json')]),
  )
  return figure({
    id: 'agent.noop.files1000',
    unit: 'ms',
    reference: 'bare Node: lstat, read, hash',
    samples: a,
    referenceSamples: b,
  })
}

async function insideDaemon({ dir, catalog, paths }: Place): Promise<Figure> {
  const host = createHost({ stateDir: join(dir, 'daemon-state') })
  const memory: MemoryStore = { load: () => emptyMemory, save: () => {} }
  const prepared = prepare(catalog, hashOf(catalog), { registry: resourceTypes })
  const run = async () => {
    const start = performance.now()
    const { outcomes } = await converge(prepared, {
      host,
      memory,
      noop: false,
      now: performance.now.bind(performance),
    })
    const elapsed = performance.now() - start
    if (outcomes.length > 0) throw new Error(`a no-op run found ${outcomes.length} resources off`)
    return elapsed
  }
  const bare = () => {
    const start = performance.now()
    for (const path of paths) lstatSync(path)
    return performance.now() - start
  }
  // The daemon trusts a hash once the file is older than its clock's granularity; then only lstat is left.
  await run()
  await new Promise((resolve) => setTimeout(resolve, 2500))
  await run()
  const { a, b } = await alternate(rounds * 3, run, bare)
  return figure({
    id: 'agent.daemon.noop.files1000',
    unit: 'ms',
    reference: 'bare Node: lstat',
    samples: a,
    referenceSamples: b,
  })
}

export const agentNoop: Bench = {
  ids: ['agent.noop.files1000', 'agent.daemon.noop.files1000'],
  about: 'a run with nothing to do over 1,000 small files',
  async run() {
    const place = makePlace()
    try {
      return [await wholeProcess(place), await insideDaemon(place)]
    } finally {
      rmSync(place.dir, { recursive: true, force: true })
    }
  },
}
