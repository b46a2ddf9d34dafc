/** Facts for property tests: any that the schema of facts allows, made with the fast-check that the site has. Pure. */

import type { Facts } from '../../schemas/generated/types.ts'
import factsSchema from '../../schemas/protocol/facts.json' with { type: 'json' }
import { sampleFacts } from './sample.ts'

interface FactSchema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, FactSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | FactSchema
  readonly items?: FactSchema
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly FactSchema[]
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
}

/** The part of fast-check that is used, so that only those need it who test with it. */
export interface FastCheck {
  constantFrom(...values: unknown[]): unknown
  boolean(): unknown
  integer(limits: { min: number; max: number }): unknown
  double(limits: { min: number; max: number; noNaN: boolean }): unknown
  string(limits: { minLength: number; maxLength: number }): unknown
  stringMatching(pattern: RegExp): unknown
  array(item: never, limits: { maxLength: number }): unknown
  dictionary(key: never, value: never, limits: { maxKeys: number }): unknown
  record(members: never, options: never): unknown
  oneof(...choices: never[]): unknown
  property(facts: never, holds: (facts: never) => void): unknown
  assert(property: never, options: never): void
}

export interface AnyFactsOptions {
  /** Arbitraries for facts that matter, as `{ os: { family: fc.constantFrom('debian', 'alpine') } }`. */
  readonly chosen?: { readonly [Name in keyof Facts]?: unknown }
  /** Default 100. */
  readonly numRuns?: number
  /** To do again what fast-check printed. */
  readonly seed?: number
}

/**
 * Holds for any facts: those of usual hosts, and whatever else their schema allows, such as an empty address or no interface.
 *
 * @throws what `holds` throws, with the smallest facts found for which it does
 * @example
 * forAnyFacts(fc, (facts) => {
 *   expect(compile(site, { host: 'web-1', facts })).toDeclare('service', 'nginx', { enable: true })
 * })
 */
export function forAnyFacts(
  fc: FastCheck,
  holds: (facts: Facts) => void,
  { chosen, ...options }: AnyFactsOptions = {},
): void {
  const facts = arbitraryOf(fc, factsSchema, { usual: sampleFacts('host-1'), chosen })
  // What a predicate gives back would count, and `expect` gives something.
  const property = fc.property(facts as never, (any: Facts) => {
    holds(any)
  })
  fc.assert(property as never, options as never)
}

interface Leaning {
  /** What stands here on a usual host. */
  readonly usual: unknown
  /** An arbitrary, or an object of them; undefined where the schema decides. */
  readonly chosen: unknown
}

function arbitraryOf(fc: FastCheck, schema: FactSchema, { usual, chosen }: Leaning): unknown {
  if (isArbitrary(chosen)) return chosen
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  if (schema.const !== undefined) return fc.constantFrom(schema.const)
  if (schema.anyOf !== undefined)
    return fc.oneof(...(schema.anyOf.map((one) => arbitraryOf(fc, one, { usual, chosen })) as never[]))
  switch (schema.type) {
    case 'object':
      return objectOf(fc, schema, { usual, chosen })
    case 'array':
      return fc.array(arbitraryOf(fc, schema.items ?? {}, nothing) as never, { maxLength: 4 })
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return fc.integer(limitsOf(schema))
    case 'number':
      return fc.double({ ...limitsOf(schema), noNaN: true })
    default:
      return textOf(fc, schema, usual)
  }
}

const nothing: Leaning = { usual: undefined, chosen: undefined }

function objectOf(fc: FastCheck, schema: FactSchema, { usual, chosen }: Leaning): unknown {
  const { properties, additionalProperties, required = [] } = schema
  if (properties === undefined) {
    const value = typeof additionalProperties === 'object' ? additionalProperties : {}
    const [key, member] = [fc.string({ minLength: 1, maxLength: 8 }), arbitraryOf(fc, value, nothing)]
    return fc.dictionary(key as never, member as never, { maxKeys: 4 })
  }
  const members = Object.entries(properties).map(([name, property]) => {
    const leaning = { usual: memberOf(usual, name), chosen: memberOf(chosen, name) }
    return [name, arbitraryOf(fc, property, leaning)]
  })
  return fc.record(Object.fromEntries(members) as never, { requiredKeys: [...required] } as never)
}

function textOf(fc: FastCheck, schema: FactSchema, usual: unknown): unknown {
  const { pattern, minLength = 0, maxLength = 40 } = schema
  const any =
    pattern === undefined ? fc.string({ minLength, maxLength }) : fc.stringMatching(new RegExp(pattern))
  return typeof usual === 'string' ? fc.oneof(fc.constantFrom(usual) as never, any as never) : any
}

function limitsOf({ minimum = 0, maximum = 2 ** 31 - 1 }: FactSchema): { min: number; max: number } {
  return { min: minimum, max: maximum }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function isArbitrary(value: unknown): boolean {
  return typeof memberOf(value, 'generate') === 'function'
}
