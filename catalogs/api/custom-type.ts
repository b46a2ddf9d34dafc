/** Resource types that a site brings: a JSON Schema, and a script in any language (docs/custom-types.md). */
import { Ajv, type ValidateFunction } from 'ajv'
import { RekindleError } from '../../schemas/errors.ts'
import { resourceTraits } from '../../schemas/generated/resource-traits.ts'
import { renderDiagnostic, toDiagnostics } from '../../schemas/validate.ts'
import { currentCompile, noteMistake } from './context.ts'
import { declare, type Metaparams } from './declare.ts'
import type { Reference } from './reference.ts'
import { readSiteFile } from './source.ts'

export interface CustomTypeOptions {
  /** JSON Schema of the parameters; a file of the site, relative to its folder. */
  readonly schema: string
  /** The program that checks and applies; a file of the site whose first line names its interpreter. */
  readonly script: string
  /** Parameters whose values are never shown. */
  readonly sensitive?: readonly string[]
  /** Whether the script knows the action `refresh`. */
  readonly canRefresh?: boolean
  /** Seconds that one run of the script may take. Default 300. */
  readonly timeout?: number
}

/** Constructor of a site's own type. */
export type CustomType<Params extends object> = (
  title: string,
  options: Params & Metaparams,
) => Reference<'custom'>

const metaparams = new Set([
  ...['require', 'before', 'notify', 'subscribe', 'tags', 'noop', 'audit', 'schedule'],
])

/**
 * Makes the constructor of a type of the site's own. Its name becomes a tag of its resources.
 *
 * @example
 * const vhost = customType<{ port: number }>('vhost', { schema: 'types/vhost.json', script: 'types/vhost.py' })
 * vhost('example.org', { port: 80, notify: nginx })
 */
export function customType<Params extends object>(
  name: string,
  { schema, script, sensitive, canRefresh, timeout }: CustomTypeOptions,
): CustomType<Params> {
  if (!/^[a-z][a-z0-9_]*$/.test(name) || Object.hasOwn(resourceTraits, name)) throw refuseName(name)
  let known: ValidateFunction | undefined
  return (title, options) => {
    const shown = `${name} ${JSON.stringify(title)}`
    const compile = currentCompile(`declare ${shown}`)
    const [own, meta] = split(options)
    compile.files.add(schema)
    known ??= compileSchema(Buffer.from(readSiteFile(compile.siteDir, schema, `declare ${shown}`)), schema)
    if (!known(own)) {
      for (const wrong of toDiagnostics(known.errors ?? [], own))
        noteMistake(compile, `Cannot declare ${shown}: parameter ${renderDiagnostic(wrong)}`)
    }
    const { tags = [], ...rest } = meta as Metaparams
    const fixed = { source: script, sensitive, canRefresh, timeout }
    return declare({
      type: 'custom',
      title: `${name}/${title}`,
      options: { ...fixed, params: own, ...rest, tags: [...tags, name] },
    })
  }
}

function split(options: object): readonly [own: Record<string, unknown>, meta: Record<string, unknown>] {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined)
  const isMeta = ([name]: [string, unknown]) => metaparams.has(name)
  return [
    Object.fromEntries(entries.filter((entry) => !isMeta(entry))),
    Object.fromEntries(entries.filter(isMeta)),
  ]
}

function compileSchema(bytes: Buffer, path: string): ValidateFunction {
  try {
    return new Ajv({ allErrors: true, strict: false }).compile(JSON.parse(bytes.toString()))
  } catch (cause) {
    throw new RekindleError({
      code: 'compile-failed',
      message: `Cannot use "${path}" as a schema`,
      where: `${path}:1`,
      cause,
    })
  }
}

function refuseName(name: string): RekindleError {
  return new RekindleError({
    code: 'compile-failed',
    message: `Cannot name a resource type ${JSON.stringify(name)}`,
    wanted: 'lower-case letters, digits and underscores, and no type that Rekindle brings',
  })
}
