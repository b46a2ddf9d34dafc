/** A runner over real state files and a host that is a Map of paths to contents, for tests of the daemon. */
import { join } from 'node:path'
import { seal } from '../../../schemas/envelope.ts'
import type { Catalog, Envelope } from '../../../schemas/generated/types.ts'
import type { AnyResourceType } from '../../engine/prepare.ts'
import { noHost } from '../../engine/testing/fake.ts'
import { builtInFacts, readVitals } from '../../facts/built-in.ts'
import { catalogKeys } from '../../link/testing/server.ts'
import { createSpool } from '../../spool/spool.ts'
import { createLog } from '../log.ts'
import type { RunPorts } from '../run.ts'
import { createCatalogStore, createMemoryStore } from '../state.ts'

/** `file` as the schema has it, with `content` alone, over a Map. */
export function mapFileType(files: Map<string, string>): AnyResourceType {
  const contentOf = (params: unknown) => (params as { content: string }).content
  return {
    name: 'file',
    read: (_host, wanted) =>
      new Map(wanted.map(({ id, title }) => [id, { content: files.get(title) ?? null }])),
    diff({ params }, actual) {
      const { content } = actual as { content: string | null }
      const wanted = contentOf(params)
      return content === wanted ? [] : [{ property: 'content', from: content, to: wanted }]
    },
    async apply(_host, { title, params }) {
      files.set(title, contentOf(params))
    },
    watch: () => ['/watched'],
  }
}

export const keys = catalogKeys()

export function catalogOf(contents: Readonly<Record<string, string>>, more: Partial<Catalog> = {}): Catalog {
  const resources = Object.entries(contents).map(([title, content]) => ({
    id: `file:${title}`,
    type: 'file',
    title,
    params: { content },
    where: 'site.ts:1',
  }))
  return { version: 1, host: 'web-1', role: 'web', revision: 'r1', drift: 'correct', resources, ...more }
}

export function sealed(catalog: Catalog): Envelope {
  return seal(catalog, keys.privateKey)
}

export interface TestMachine {
  readonly files: Map<string, string>
  readonly blobs: Map<string, Uint8Array>
  readonly logged: string[]
  /** Called with each line that is logged. */
  readonly onLog: ((line: string) => void)[]
  readonly ports: Omit<RunPorts, 'client'>
}

export function testMachine(stateDir: string): TestMachine {
  const files = new Map<string, string>()
  const blobs = new Map<string, Uint8Array>()
  const logged: string[] = []
  const onLog: TestMachine['onLog'] = []
  let ids = 0
  const ports: TestMachine['ports'] = {
    hostName: 'web-1',
    host: noHost,
    blobs: {
      has: (name) => blobs.has(name),
      async put(name, pieces) {
        blobs.set(name, Buffer.concat(await Array.fromAsync(pieces)))
      },
      prune(keep) {
        for (const name of blobs.keys()) if (!keep.has(name)) blobs.delete(name)
      },
      hold() {},
    },
    registry: new Map([['file', mapFileType(files)]]),
    memory: createMemoryStore(stateDir),
    catalogs: createCatalogStore(stateDir, { host: 'web-1', catalogKey: keys.publicPem }),
    spool: createSpool(join(stateDir, 'spool')),
    collectFacts: async () => ({
      facts: builtInFacts(),
      packages: {},
      vitals: readVitals(),
      problems: [],
    }),
    now: () => performance.timeOrigin + performance.now(),
    newId: () => `report-${process.pid}-${ids++}`,
    log: createLog((line) => {
      logged.push(line)
      for (const listener of onLog) listener(line)
    }),
  }
  return { files, blobs, logged, onLog, ports }
}
