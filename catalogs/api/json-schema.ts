/** Types only: what a value of a JSON Schema is, for the words that describe shapes; anything else is `unknown`. */

type TypeName = 'string' | 'number' | 'integer' | 'boolean' | 'null' | 'array' | 'object'

/** A JSON Schema, whose `type` completes in an editor. */
export interface JsonSchema {
  readonly type?: TypeName | readonly TypeName[]
  readonly properties?: { readonly [name: string]: JsonSchema }
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | JsonSchema
  readonly items?: JsonSchema
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly [word: string]: unknown
}

export type FromSchema<Schema> = Schema extends { readonly const: infer Value }
  ? Value
  : Schema extends { readonly enum: readonly (infer Value)[] }
    ? Value
    : Schema extends { readonly type: infer Type }
      ? OfType<Type extends readonly (infer One)[] ? One : Type, Schema>
      : unknown

type OfType<Type, Schema> = Type extends 'string'
  ? string
  : Type extends 'number' | 'integer'
    ? number
    : Type extends 'boolean'
      ? boolean
      : Type extends 'null'
        ? null
        : Type extends 'array'
          ? readonly (Schema extends { readonly items: infer Item } ? FromSchema<Item> : unknown)[]
          : Type extends 'object'
            ? OfObject<Schema>
            : unknown

type OfObject<Schema> = Schema extends { readonly properties: infer Members }
  ? {
      readonly [Name in keyof Members as Name extends Required<Schema> ? Name : never]: FromSchema<
        Members[Name]
      >
    } & {
      readonly [Name in keyof Members as Name extends Required<Schema> ? never : Name]?: FromSchema<
        Members[Name]
      >
    }
  : {
      readonly [name: string]: Schema extends { readonly additionalProperties: infer Value }
        ? FromSchema<Value> | undefined
        : unknown
    }

type Required<Schema> = Schema extends { readonly required: readonly (infer Name)[] } ? Name : never
