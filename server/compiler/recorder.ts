/** Notes what a compile reads of its host, since that is exactly what its catalog depends on. Pure. */

/** One thing that was read. `keys`: which names an object has. `value`: what stands at the path. */
export interface Read {
  readonly kind: 'value' | 'keys'
  readonly path: readonly string[]
}

export interface Noted<Value> {
  /** Reads like the value, and cannot be changed. */
  readonly view: Value
  /** In the order of their first occurrence, each once. */
  readonly reads: readonly Read[]
  /** What was read since the last call, also what had been read before. */
  take(): TakenReads
}

export interface TakenReads {
  /** Positions in `reads`, ascending. */
  readonly own: readonly number[]
  /** How many reads there were by then. */
  readonly by: number
}

/** What a read sees, as text: equal texts lead to equal compiles. An object is only an object; its members are own reads. */
export function see(root: unknown, { kind, path }: Read): string {
  let value = root
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return 'nothing'
    value = Reflect.get(value, name)
  }
  if (!isBranch(value)) return JSON.stringify(value) ?? 'nothing'
  return kind === 'keys' ? `keys ${JSON.stringify(Object.keys(value).sort())}` : 'object'
}

export function note<Value extends object>(root: Value): Noted<Value> {
  const reads: Read[] = []
  const seen = new Map<string, number>()
  const recent = new Set<number>()
  const add = (kind: Read['kind'], path: readonly string[]) => {
    const key = `${kind}\0${path.join('\0')}`
    const position = seen.get(key) ?? reads.push({ kind, path }) - 1
    seen.set(key, position)
    recent.add(position)
  }
  const take = () => {
    const taken = [...recent].sort((a, b) => a - b)
    recent.clear()
    return { own: taken, by: reads.length }
  }
  return { view: viewOf(root, [], add), reads, take }
}

type Add = (kind: Read['kind'], path: readonly string[]) => void

function viewOf<Value extends object>(target: Value, path: readonly string[], add: Add): Value {
  const views = new Map<string, unknown>()
  const read = (key: string): unknown => {
    const at = [...path, key]
    add('value', at)
    if (views.has(key)) return views.get(key)
    const value: unknown = Object.hasOwn(target, key) ? Reflect.get(target, key) : undefined
    const view = isBranch(value) ? viewOf(value, at, add) : leaf(value)
    views.set(key, view)
    return view
  }
  const refuse = (_: Value, key: string | symbol): never => {
    const what = path[0] === 'data' ? 'data is' : 'facts are'
    throw new TypeError(`Cannot change "${[...path, String(key)].join('.')}": ${what} read-only`)
  }
  return new Proxy(target, {
    get(_, key, receiver) {
      // Methods that every object has are no facts.
      if (typeof key === 'symbol' || (!Object.hasOwn(target, key) && key in Object.prototype)) {
        return Reflect.get(target, key, receiver)
      }
      return read(key)
    },
    has(_, key) {
      if (typeof key === 'string') read(key)
      return Object.hasOwn(target, key)
    },
    ownKeys() {
      add('keys', path)
      // Sorted, since the order in which an agent sends them is none that a catalog may depend on.
      return Object.keys(target).sort()
    },
    getOwnPropertyDescriptor(_, key) {
      if (typeof key === 'symbol' || !Object.hasOwn(target, key)) {
        if (typeof key === 'string') read(key)
        return undefined
      }
      return { value: read(key), enumerable: true, configurable: true, writable: true }
    },
    set: refuse,
    defineProperty: refuse,
    deleteProperty: refuse,
  })
}

function isBranch(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Lists are read whole. */
function leaf(value: unknown): unknown {
  return Array.isArray(value) ? Object.freeze(structuredClone(value)) : value
}
