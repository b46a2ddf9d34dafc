import { canonical } from '../../schemas/canonical.ts'

/**
 * A copy of a value as plain objects and lists, so that a later change by the author, or an object that notes its reads,
 * does not reach the catalog. What JSON cannot hold is left as it is, for the schema to refuse. Pure.
 */
export interface Foreign {
  /** `content`, `sections.Service`. */
  readonly path: string
  /** `a Promise`, `a function`. */
  readonly found: string
}

/** Everything in a value that is no data: functions, and objects with more to them than their members. */
export function findForeign(value: unknown, path: string): readonly Foreign[] {
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint')
    return [{ path, found: `a ${typeof value}` }]
  if (typeof value !== 'object' || value === null) return []
  if (!Array.isArray(value) && !isPlain(value))
    return [{ path, found: `a ${Object.prototype.toString.call(value).slice(8, -1)}` }]
  return Object.entries(value).flatMap(([name, member]) => findForeign(member, `${path}.${name}`))
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  // A Date or a Map has no parameters in it; its name says more than an empty object would.
  if (!isPlain(value)) return Object.prototype.toString.call(value)
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [name, plain(member)]),
  )
}

/** Whether JSON can hold a value as it is. */
export function isJson(value: unknown): boolean {
  try {
    canonical(value)
    return true
  } catch {
    return false
  }
}

/** Makes a value of one's own unchangeable, at any depth. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const member of Object.values(value)) deepFreeze(member)
  }
  return value
}
