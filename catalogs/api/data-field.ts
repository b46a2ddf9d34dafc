/** Fields of which a site builds the schema of its data: each is a JSON Schema, and the static type of what it lets in. Pure. */
import type { DataSchema, Removal } from '../../schemas/data-merge.ts'
import { plain } from './plain.ts'

declare const held: unique symbol

/** One key of the data, or one part of a list or map. */
export class Field<Value> {
  readonly schema: DataSchema
  readonly isOptional: boolean
  /** Of the type alone; there is no such property. */
  declare readonly [held]: Value

  constructor(schema: DataSchema, { optional, ...others }: Options = {}) {
    // What the author changes later does not reach the schema.
    this.schema = Object(plain({ ...schema, ...others }))
    this.isOptional = optional === true
  }
}

/** Fields by name; an object among them is a section, which only groups them. */
export interface Shape {
  readonly [name: string]: Field<unknown> | Shape
}

/** What a field or section gives. */
export type ValueOf<Of> =
  Of extends Field<infer Value> ? Value : { readonly [Name in keyof Of]: ValueOf<Of[Name]> }

interface Options {
  readonly description?: string
  /** The value may be absent: `undefined`. */
  readonly optional?: boolean
  readonly [keyword: string]: unknown
}

interface FieldOptions<Value> {
  /** Shown by the editor to those who write layers. */
  readonly description?: string
  /** The value where no layer has one. */
  readonly default?: Value
  /** No layer has to have it: its value may be undefined. */
  readonly optional?: boolean
}

export interface TextOptions extends FieldOptions<string> {
  /** A regular expression that the text matches somewhere. */
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
}

export interface NumberOptions extends FieldOptions<number> {
  readonly minimum?: number
  readonly maximum?: number
}

export interface ListOptions<Item> extends FieldOptions<readonly Item[]> {
  /** Default `first`: the highest layer's list. `unique`: the elements of all layers, highest first, each once. */
  readonly merge?: 'first' | 'unique'
  readonly minItems?: number
  readonly maxItems?: number
}

export interface ObjectOptions<Value> extends FieldOptions<Value> {
  /** Default `first`: the highest layer's, whole. `deep`: the members of all layers, objects in them merged too. */
  readonly merge?: 'first' | 'deep'
}

/** A field as `Given` says: one that is optional may be undefined. */
type Given<Value, Of> = Field<Of extends { readonly optional: true } ? Value | undefined : Value>

type Readable<Of> = Of extends Field<infer Value> ? Value : { readonly [Name in keyof Of]: ValueOf<Of[Name]> }

/**
 * Kinds of fields.
 *
 * @example
 * layers({
 *   hierarchy: ['host/{host}', 'site'],
 *   schema: {
 *     nginx: { workers: field.integer({ minimum: 1, default: 2 }) },
 *     users: field.map({ uid: field.integer(), shell: field.text({ optional: true }) }, { merge: 'deep' }),
 *   },
 * })
 */
export const field = {
  text: <const Of extends TextOptions>(options?: Of) =>
    new Field({ type: 'string' }, { ...options }) as Given<string, Of>,

  integer: <const Of extends NumberOptions>(options?: Of) =>
    new Field({ type: 'integer' }, { ...options }) as Given<number, Of>,

  number: <const Of extends NumberOptions>(options?: Of) =>
    new Field({ type: 'number' }, { ...options }) as Given<number, Of>,

  boolean: <const Of extends FieldOptions<boolean>>(options?: Of) =>
    new Field({ type: 'boolean' }, { ...options }) as Given<boolean, Of>,

  /** One of these values. */
  choice: <const Value extends string | number, const Of extends FieldOptions<Value>>(
    values: readonly Value[],
    options?: Of,
  ) => new Field({ enum: values }, { ...options }) as Given<Value, Of>,

  list: <const Item extends Field<unknown> | Shape, const Of extends ListOptions<Readable<Item>>>(
    item: Item,
    options?: Of,
  ) =>
    new Field({ type: 'array', items: schemaOf(item) }, { ...options }) as Given<
      readonly Readable<Item>[],
      Of
    >,

  /** An object of any names, with values of one kind. */
  map: <
    const Item extends Field<unknown> | Shape,
    const Of extends ObjectOptions<Readonly<Record<string, Readable<Item>>>>,
  >(
    item: Item,
    options?: Of,
  ) =>
    new Field({ type: 'object', additionalProperties: schemaOf(item) }, { ...options }) as Given<
      Readonly<Record<string, Readable<Item>>>,
      Of
    >,

  /** An object that is one value: unlike a section's, its members are not looked up one by one. */
  object: <const Of extends Shape, const Options extends ObjectOptions<ValueOf<Of>>>(
    shape: Of,
    options?: Options,
  ) => new Field(schemaOf(shape), { ...options }) as Given<ValueOf<Of>, Options>,

  /** Whatever a JSON Schema says; the type is the author's word. It may name a strategy: `merge: 'deep'`. */
  json: <Value>(schema: DataSchema, options?: FieldOptions<Value>) =>
    new Field<Value>(schema, { ...options }),
}

/** As one schema: a section or an item's members are all there is, and needed unless optional or with a default. */
function schemaOf(of: Field<unknown> | Shape): DataSchema {
  if (of instanceof Field) return of.schema
  const entries = Object.entries(of)
  return {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(entries.map(([name, member]) => [name, schemaOf(member)])),
    required: entries.filter(([, member]) => isNeeded(member)).map(([name]) => name),
  }
}

function isNeeded(member: Field<unknown> | Shape): boolean {
  if (!(member instanceof Field)) return Object.values(member).some(isNeeded)
  return !member.isOptional && member.schema.default === undefined
}

/** What a layer may say of a value: a part of it, or that lower layers' is taken away. */
type LayerValue<Value> = Value extends readonly (infer Item)[]
  ? readonly (Item | Removal<Item>)[] | Removal
  : Value extends object
    ? { readonly [Name in keyof Value]?: LayerValue<Value[Name]> | Removal } | Removal
    : Value | Removal

/** What a layer has at most: any part of the shape. */
export type LayerOf<Of> = {
  readonly [Name in keyof Of]?: Of[Name] extends Field<infer Value>
    ? LayerValue<Exclude<Value, undefined>>
    : LayerOf<Of[Name]>
}
