/** What every module does: checks its options at its author's line, and declares what it is made of as one container. */
import * as validators from '../../../schemas/generated/module-validators.js'
import type { SchemaTypes } from '../../../schemas/generated/types.ts'
import { toDiagnostics } from '../../../schemas/validate.ts'
import { contain } from '../../api/contain.ts'
import { currentCompile, noteMistake } from '../../api/context.ts'
import type { Metaparams } from '../../api/declare.ts'
import { plain } from '../../api/plain.ts'
import type { Container } from '../../api/reference.ts'

type Schema = Extract<keyof SchemaTypes, `module/${string}`>

/** Options as an author may write them: lists, at any depth, may be read-only. */
type Authored<Value> = Value extends readonly (infer Item)[]
  ? readonly Authored<Item>[]
  : Value extends object
    ? { readonly [Name in keyof Value]: Authored<Value[Name]> }
    : Value

/** Options of a module, and the metaparameters of the container that it gives. */
export type ModuleOptions<Name extends Schema> = Authored<SchemaTypes[Name]> & Metaparams

/** Options that have passed their schema, without metaparameters. */
export type Checked<Name extends Schema> = Authored<SchemaTypes[Name]>

export interface Module<Name extends Schema> {
  readonly schema: Name
  /** The function that authors call, which is the container's name and a tag of all in it. */
  readonly name: string
  /** Sets two uses in one role apart, as in `nodeApp "shop"`. */
  readonly instance?: string
  readonly options: ModuleOptions<Name>
  /** What the schema cannot say of options that pass it. */
  readonly wrong?: (options: Checked<Name>) => readonly Wrong[]
  readonly declare: (options: Checked<Name>) => void
}

/** What is wrong, such as `option "port": ...`, with a hint where there is one. */
export type Wrong = string | { readonly message: string; readonly hint: string }

/** With options that are wrong it notes why and declares nothing, so that all mistakes of a role are found at once. */
export function declareModule<Name extends Schema>(module: Module<Name>): Container {
  const shown = module.instance === undefined ? module.name : `${module.name} ${quoted(module.instance)}`
  const compile = currentCompile(`use ${shown}`)
  const { metaparams, rest } = split(module.options)
  // As an author without types may give it; what does not pass is never handed on.
  const options = plain(rest) as Checked<Name>
  const broken = diagnoseOptions(module.schema, options)
  const wrong = broken.length > 0 ? broken : (module.wrong?.(options) ?? [])
  for (const one of wrong) {
    const { message, hint } = typeof one === 'string' ? { message: one, hint: null } : one
    noteMistake(compile, `Cannot use ${shown}: ${message}`, hint)
  }
  return contain(module.name, metaparams, () => {
    if (wrong.length === 0) module.declare(options)
  })
}

const metaparameters = ['require', 'before', 'notify', 'subscribe', 'tags', 'noop', 'audit', 'schedule']

function split(options: object): { readonly metaparams: Metaparams; readonly rest: object } {
  const isMeta = ([name]: readonly [string, unknown]) => metaparameters.includes(name)
  const entries = Object.entries(options)
  return {
    metaparams: Object.fromEntries(entries.filter(isMeta)),
    rest: Object.fromEntries(entries.filter((entry) => !isMeta(entry))),
  }
}

interface Validator {
  (value: unknown): boolean
  errors?: Parameters<typeof toDiagnostics>[0] | null
  readonly schema?: { readonly properties?: object }
}

/** The standalone validators that schemas/generate.ts made. */
const table = validators as unknown as Readonly<Record<string, Validator>>

function diagnoseOptions(name: Schema, options: unknown): readonly Wrong[] {
  const validator = table[name.replaceAll(/[^a-z0-9]+/gi, '_')]
  if (validator === undefined || validator(options)) return []
  return toDiagnostics(validator.errors ?? [], options)
    .filter(({ wanted }) => !wanted.startsWith('match a schema in anyOf'))
    .map(({ path, wanted, found }) => {
      const option = path.slice(1).replaceAll('/', '.')
      return wanted === 'no such parameter'
        ? unknownOption(option, found)
        : `option ${quoted(option)}: wanted ${wanted}, found ${found}`
    })
}

function unknownOption(option: string, found: string): Wrong {
  return `unknown option ${quoted(option)} (${found})`
}

function quoted(text: string): string {
  return JSON.stringify(text)
}
