/**
 * The import rules of docs/architecture.md, each with its reason, held over every file of ours. A rule that names a
 * folder which is gone fails too, so that the list cannot rot.
 */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')

interface Import {
  readonly from: string
  readonly to: string
  readonly line: number
}

interface Rule {
  /** Path prefix of the importing files. */
  readonly from: string
  /** Prefixes that they may import, besides their own. */
  readonly to: readonly string[]
  /** Files that the rule leaves out. */
  readonly except?: readonly string[]
  readonly why: string
}

const sandbox = ['sandbox', 'sandbox-compile', 'sandbox-data'].map((name) => `server/compiler/${name}.ts`)

const rules: readonly Rule[] = [
  {
    from: 'schemas/',
    to: ['package.json'],
    why: 'the contract stands on nothing of ours, so both sides can trust it',
  },
  {
    from: 'catalogs/api/',
    to: ['schemas/'],
    why: 'what authors import must load in milliseconds and run in a sandbox',
  },
  {
    from: 'catalogs/module/',
    to: ['catalogs/api/', 'schemas/'],
    why: 'a module is made of what authors have, and runs in the sandbox',
  },
  { from: 'catalogs/example/', to: ['catalogs/api/'], why: 'the example is what an admin would write' },
  { from: 'catalogs/starter/', to: [], why: 'it is copied to where nothing else of ours is' },
  { from: 'agent/host/', to: ['schemas/'], why: 'ports know the machine, and nothing of resources' },
  { from: 'agent/facts/', to: ['schemas/', 'agent/host/'], why: 'facts are read, not decided' },
  {
    from: 'agent/resource/',
    to: ['schemas/', 'agent/host/'],
    why: 'a type knows its port, and nothing of the engine',
  },
  {
    from: 'agent/engine/',
    to: ['schemas/', 'agent/host/', 'agent/resource/resource-type.ts'],
    why: 'the engine never names a resource type',
  },
  {
    from: 'agent/link/',
    to: ['schemas/', 'agent/host/', 'agent/config.ts'],
    why: 'the link moves bytes and decides nothing',
  },
  { from: 'agent/spool/', to: ['schemas/', 'agent/host/'], why: 'a report is kept whoever made it' },
  { from: 'agent/', to: ['schemas/'], why: 'agents run on hosts; the server is not there' },
  {
    from: 'server/machine/',
    // Programs of the admin's own are run as those of sites are.
    to: ['schemas/', 'server/site/program.ts'],
    why: 'a driver makes machines and knows nothing of rebuilds',
  },
  { from: 'server/audit/', to: ['schemas/'], why: 'the chain is pure' },
  {
    from: 'server/compiler/',
    to: ['schemas/', 'server/http/view.ts'],
    except: sandbox,
    why: 'only the sandbox may load what authors import',
  },
  {
    from: 'server/',
    to: ['schemas/'],
    except: sandbox,
    why: 'the server never imports the agent',
  },
  { from: 'bin/', to: ['schemas/', 'agent/cli.ts', 'server/cli.ts'], why: 'the command line is thin' },
]

/** Files that may do I/O, besides every main.ts, cli.ts and config.ts. */
const ioPlaces: readonly string[] = [
  'agent/host/',
  'agent/facts/',
  'agent/link/',
  'agent/spool/',
  'agent/daemon/',
  'agent/package/',
  'server/store/',
  'server/http/',
  'server/machine/',
  'server/ca/',
  'bin/',
  'server/author/',
  'server/compiler/hermetic.ts',
  'server/compiler/locate.ts',
  'server/compiler/pool.ts',
  'server/compiler/resolve.ts',
  'server/compiler/sandbox.ts',
  'server/compiler/stage.ts',
  'server/plan/fleet.fixture.ts',
  'server/secret/',
  'server/site/',
  'server/rebuild/health.ts',
  'server/web/vite.config.ts',
  'catalogs/api/template.ts',
  'catalogs/api/data-file.ts',
  'catalogs/api/source.ts',
  'catalogs/api/testing-vitest.ts',
  'agent/resource/testing.ts',
  'schemas/generate.ts',
]
const pureModules = [
  'node:assert/strict',
  'node:crypto',
  'node:path',
  'node:path/posix',
  'node:url',
  'node:util',
  'node:async_hooks',
]

const files = globSync('{bin,schemas,catalogs,agent,server}/**/*.{ts,tsx}', { cwd: root }).filter(
  (path) => !path.includes('node_modules') && !path.includes('/dist/') && !path.endsWith('.d.ts'),
)
const sources = files.filter((path) => !/\.test\.tsx?$/.test(path) && !path.includes('schemas/generated/'))

function importsOf(path: string): readonly { spec: string; line: number }[] {
  return readFileSync(join(root, path), 'utf8')
    .split('\n')
    .flatMap((text, index) =>
      [...text.matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)].map((match) => ({
        spec: match[1] ?? '',
        line: index + 1,
      })),
    )
}

function ownImports(paths: readonly string[]): readonly Import[] {
  return paths.flatMap((from) =>
    importsOf(from)
      .filter(({ spec }) => spec.startsWith('.'))
      .map(({ spec, line }) => ({ from, to: relative(root, join(root, dirname(from), spec)), line })),
  )
}

describe('imports', () => {
  const all = ownImports(sources)

  it.each(rules)('$from: $why', (rule) => {
    expect(existsSync(join(root, rule.from)), `${rule.from} is gone`).toBe(true)
    const allowed = [rule.from, ...rule.to]
    const broken = all
      .filter(({ from }) => from.startsWith(rule.from) && !rule.except?.includes(from))
      .filter(({ to }) => !allowed.some((prefix) => to === prefix || to.startsWith(prefix)))
      .map(({ from, to, line }) => `${from}:${line} imports ${to}`)
    expect(broken).toEqual([])
  })

  it('has no cycles', () => {
    const graph = Map.groupBy(all, ({ from }) => from)
    expect(findCycle(new Map([...graph].map(([from, list]) => [from, list.map(({ to }) => to)])))).toEqual([])
  })
})

it('keeps I/O in the places that are for it', () => {
  const broken = sources
    .filter(
      (path) =>
        !/(?:^|\/)(?:main|cli|config)\.ts$/.test(path) && !ioPlaces.some((place) => path.startsWith(place)),
    )
    .filter((path) => !path.startsWith('server/web/'))
    .flatMap((path) =>
      importsOf(path)
        .filter(({ spec }) => /^node:[a-z/_]+$/.test(spec) && !pureModules.includes(spec))
        .map(({ spec, line }) => `${path}:${line} imports ${spec}`),
    )
  expect(broken).toEqual([])
})

it('names every place for I/O that exists', () => {
  expect(ioPlaces.filter((place) => !existsSync(join(root, place)))).toEqual([])
})

/** The first cycle found, as the files along it; empty when there is none. */
function findCycle(graph: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const done = new Set<string>()
  const visit = (node: string, path: readonly string[]): readonly string[] => {
    const at = path.indexOf(node)
    if (at >= 0) return [...path.slice(at), node]
    if (done.has(node)) return []
    for (const next of graph.get(node) ?? []) {
      const cycle = visit(next, [...path, node])
      if (cycle.length > 0) return cycle
    }
    done.add(node)
    return []
  }
  for (const node of graph.keys()) {
    const cycle = visit(node, [])
    if (cycle.length > 0) return cycle
  }
  return []
}

it('findCycle() finds a loop, and none in a tree', () => {
  expect(
    findCycle(
      new Map([
        ['a', ['b']],
        ['b', ['c']],
        ['c', ['b']],
      ]),
    ),
  ).toEqual(['b', 'c', 'b'])
  expect(
    findCycle(
      new Map([
        ['a', ['b', 'c']],
        ['b', ['c']],
      ]),
    ),
  ).toEqual([])
})
