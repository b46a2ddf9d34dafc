/** A host that is a Map, a type over it, and a memory store, for tests of the engine. */
import type { Catalog, CatalogResource, Change } from '../../../schemas/generated/types.ts'
import type { ResourceId } from '../../../schemas/resource-id.ts'
import type { Host } from '../../host/host.ts'
import { type ConvergeContext, converge } from '../converge.ts'
import { emptyMemory, type Memory, type MemoryStore } from '../memory.ts'
import { type AnyResourceType, type Prepared, prepare } from '../prepare.ts'
import type { Convergence } from '../report.ts'

export interface FakeParams {
  readonly value?: string
  /** A second property; compared once the machine has one. */
  readonly colour?: string
  readonly unguarded?: boolean
}

/** What tests make a resource do. */
export type Fault = 'apply' | 'apply-halfway' | 'refresh' | 'read' | 'does-not-hold'

export interface FakeMachine {
  /** Values by resource title. */
  readonly values: Map<string, string>
  readonly colours: Map<string, string>
  /** What was done, in order: `apply a`, `refresh a`. */
  readonly done: string[]
  readonly faults: Map<string, Fault>
  /** Awaited before each `apply` and `refresh`, as `apply a`. */
  onAct: (act: string) => void | Promise<void>
  reads: number
  /** Whether a change tells output for the report. */
  tells: boolean
}

export function fakeMachine(): FakeMachine {
  return {
    values: new Map(),
    colours: new Map(),
    done: [],
    faults: new Map(),
    onAct: () => {},
    reads: 0,
    tells: false,
  }
}

/** A fake type that can change several at once; told as `together a b`. A fault of one ends it before the next. */
export function fakeManyType(machine: FakeMachine): AnyResourceType {
  const single = fakeType(machine, 'many')
  return {
    ...single,
    async applyMany(host, steps) {
      machine.done.push(`together ${steps.map(({ wanted }) => wanted.title).join(' ')}`)
      for (const { wanted, actual, changes } of steps) await single.apply(host, wanted, actual, changes)
    },
  }
}

export function fakeType(machine: FakeMachine, name = 'fake'): AnyResourceType {
  const paramsOf = (params: unknown) => params as FakeParams
  return {
    name,
    read(_host, wanted) {
      machine.reads++
      return new Map(
        wanted.map(({ id, title }) => [
          id,
          machine.faults.get(title) === 'read'
            ? new Error('no answer')
            : { value: machine.values.get(title) },
        ]),
      )
    },
    diff({ params, title }, actual) {
      const { value } = actual as { value: string | undefined }
      const { value: wanted, unguarded, colour } = paramsOf(params)
      const found = machine.colours.get(title)
      const colours: Change[] =
        colour === undefined || found === undefined || found === colour
          ? []
          : [{ property: 'colour', from: found, to: colour }]
      // Without `value`, as when it is only audited, nothing is wanted of it.
      if (wanted === undefined || (value === wanted && unguarded !== true)) return colours
      return [{ property: `value of ${title}`, from: value ?? null, to: wanted }, ...colours]
    },
    async apply(_host, { params, title }) {
      await machine.onAct(`apply ${title}`)
      const fault = machine.faults.get(title)
      if (fault === 'apply') throw new Error('the tool said no')
      if (fault === 'apply-halfway') {
        machine.values.set(title, 'half')
        throw new Error('the tool died')
      }
      const { value, colour } = paramsOf(params)
      if (value !== undefined) machine.values.set(title, fault === 'does-not-hold' ? 'other' : value)
      if (colour !== undefined) machine.colours.set(title, colour)
      machine.done.push(`apply ${title}`)
      return machine.tells ? { output: `applied ${title}` } : undefined
    },
    async refresh(_host, { title }) {
      await machine.onAct(`refresh ${title}`)
      if (machine.faults.get(title) === 'refresh') throw new Error('it did not come up')
      machine.done.push(`refresh ${title}`)
      return machine.tells ? { output: `refreshed ${title}` } : undefined
    },
    canDrift: ({ params }) => paramsOf(params).unguarded !== true,
  }
}

export interface FakeStore extends MemoryStore {
  /** How often it was written. */
  saves: number
  memory: Memory
}

export function fakeStore(): FakeStore {
  const store: FakeStore = {
    saves: 0,
    memory: emptyMemory,
    load: () => store.memory,
    save(memory) {
      store.saves++
      store.memory = memory
    },
  }
  return store
}

type Metaparam = 'require' | 'notify' | 'noop' | 'schedule' | 'audit' | 'tags'
type Spec = Partial<Pick<CatalogResource, Metaparam>> & FakeParams & { readonly type?: 'many' }

/** Resources by title; `require` and `notify` name titles. */
export function fakeCatalog(
  specs: Readonly<Record<string, Spec>>,
  drift: Catalog['drift'] = 'correct',
): Catalog {
  const id = (title: string): ResourceId => `${specs[title]?.type ?? 'fake'}:${title}`
  const resources = Object.entries(specs).map(
    (
      [title, { require = [], notify = [], type = 'fake', value = 'on', unguarded, colour, ...more }],
      index,
    ) => ({
      id: id(title),
      type,
      title,
      params: {
        value,
        ...(unguarded === undefined ? {} : { unguarded }),
        ...(colour === undefined ? {} : { colour }),
      },
      require: require.map(id),
      notify: notify.map(id),
      ...more,
      where: `roles/test.ts:${index + 1}`,
    }),
  )
  return { version: 1, host: 'test-1', role: 'test', revision: 'r1', drift, resources }
}

/** No test of the engine's touches a host: the fake type keeps its own. */
export const noHost = { asides: { note() {}, forget() {}, clear: async () => {} } } as Partial<Host> as Host

export interface Bench {
  readonly machine: FakeMachine
  readonly store: FakeStore
  prepare(catalog: Catalog): Prepared
  run(catalog: Catalog, options?: Partial<ConvergeContext>): Promise<Convergence>
}

export function bench(): Bench {
  const machine = fakeMachine()
  const store = fakeStore()
  const registry = new Map([
    ['fake', fakeType(machine)],
    ['many', fakeManyType(machine)],
  ])
  const prepareHere = (catalog: Catalog) =>
    prepare(catalog, JSON.stringify(catalog), { registry, diagnoseParams: () => [] })
  return {
    machine,
    store,
    prepare: prepareHere,
    run: (catalog, options = {}) =>
      converge(prepareHere(catalog), { host: noHost, memory: store, noop: false, now: () => 0, ...options }),
  }
}

/** Outcomes as `title: outcome cause`, for comparing at a glance. */
export function summary({ outcomes }: Convergence): readonly string[] {
  return outcomes.map(({ id, outcome, cause }) =>
    [`${id.slice(id.indexOf(':') + 1)}:`, outcome, cause ?? ''].join(' ').trimEnd(),
  )
}
