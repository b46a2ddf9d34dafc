/**
 * Makes `generated/` from the JSON Schemas: types.ts (json-schema-to-typescript) and validators.js (ajv, standalone, so
 * that an agent starts without compiling a schema), and resource-traits.ts (what the schemas of resources say beyond
 * JSON Schema; docs/adding-a-resource-type.md tells the words), and authored.ts (types of what authors give). Run by `npm run generate`; same input, same bytes.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv, type AnySchema } from 'ajv'
import standaloneModule from 'ajv/dist/standalone/index.js'
import { compile, type JSONSchema } from 'json-schema-to-typescript'
import { type AuthoredSchema, renderAuthored } from './authored.ts'

const here = dirname(fileURLToPath(import.meta.url))
/** What both sides check at their doors. */
const rooms = ['resource', 'protocol', 'config'] as const

interface Schema extends JSONSchema {
  readonly $id: string
  readonly title: string
}

function loadSchemas(from: readonly string[]): Schema[] {
  return from.flatMap((room) =>
    readdirSync(join(here, room))
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => JSON.parse(readFileSync(join(here, room, name), 'utf8')) as Schema),
  )
}

/** One schema that holds them all, so that a type that several refer to is rendered once. */
function bundle(schemas: readonly Schema[]): JSONSchema {
  const titleOf = new Map(schemas.map((schema) => [schema.$id, schema.title]))
  const definitions: Record<string, unknown> = {}
  for (const { $id: _, definitions: own = {}, ...schema } of schemas) {
    const local = (ref: string) =>
      ref.startsWith('#/definitions/')
        ? `#/definitions/${schema.title}_${ref.slice('#/definitions/'.length)}`
        : `#/definitions/${titleOf.get(ref)}`
    definitions[schema.title] = rewriteRefs(schema, local)
    for (const [name, definition] of Object.entries(own)) {
      definitions[`${schema.title}_${name}`] = rewriteRefs(definition, local)
    }
  }
  const table = (entries: readonly (readonly [string, string])[], title: string, description: string) => ({
    title,
    description,
    type: 'object',
    additionalProperties: false,
    required: entries.map(([name]) => name),
    properties: Object.fromEntries(entries.map(([name, type]) => [name, { $ref: `#/definitions/${type}` }])),
  })
  const all = schemas.map((schema) => [schema.$id, schema.title] as const)
  const resources = all
    .filter(([id]) => id.startsWith('resource/'))
    .map(([id, type]) => [id.slice('resource/'.length), type] as const)
  definitions.ResourceParams = table(resources, 'ResourceParams', 'Parameters of every resource type.')
  return {
    ...table(all, 'SchemaTypes', "Every schema's type, by the schema's name."),
    definitions,
  } as JSONSchema
}

function rewriteRefs(node: unknown, rewrite: (ref: string) => string): unknown {
  if (Array.isArray(node)) return node.map((item) => rewriteRefs(item, rewrite))
  if (typeof node !== 'object' || node === null) return node
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) =>
      key === '$ref' && typeof value === 'string'
        ? [key, rewrite(value)]
        : [key, rewriteRefs(value, rewrite)],
    ),
  )
}

async function renderTypes(schemas: readonly Schema[]): Promise<string> {
  return compile(bundle(schemas), 'SchemaTypes', {
    bannerComment: '// Made by schemas/generate.ts; do not edit.',
    additionalProperties: false,
    ignoreMinAndMaxItems: true,
    unreachableDefinitions: true,
    format: false,
  })
}

function inline(node: unknown, byId: ReadonlyMap<string, Schema>): unknown {
  if (Array.isArray(node)) return node.map((item) => inline(item, byId))
  if (typeof node !== 'object' || node === null) return node
  const target = '$ref' in node && typeof node.$ref === 'string' ? byId.get(node.$ref) : undefined
  if (target !== undefined) {
    const { $id: _, ...rest } = target
    return inline(rest, byId)
  }
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, inline(value, byId)]))
}

/** @param known schemas that these may refer to */
function renderValidators(schemas: readonly Schema[], known: readonly Schema[] = schemas): string {
  const byId = new Map(known.map((schema) => [schema.$id, schema]))
  const ajv = new Ajv({
    schemas: schemas.map((schema) => inline(schema, byId) as AnySchema),
    code: { source: true, esm: true },
    allErrors: true,
    strict: false,
    inlineRefs: false,
  })
  const names = Object.fromEntries(
    schemas.map((schema) => [schema.$id.replaceAll(/[^a-z0-9]+/gi, '_'), schema.$id]),
  )
  const source = standaloneModule.default(ajv, names)
  // ajv's ESM output still calls require() for its two small runtime helpers.
  const helpers = new Map<string, string>()
  const body = source.replaceAll(/require\("(ajv\/dist\/runtime\/\w+)"\)\.default/g, (_, path: string) => {
    const name = `runtime_${path.split('/').at(-1)}`
    helpers.set(
      name,
      `import ${name}_module from '${path}.js'\nconst ${name} = ${name}_module.default ?? ${name}_module`,
    )
    return name
  })
  return ['// Made by schemas/generate.ts; do not edit.', ...helpers.values(), body, ''].join('\n')
}

/** Our own words in a resource's schema. */
interface ResourceSchema extends Schema {
  readonly properties: Readonly<
    Record<string, { readonly refersTo?: string; readonly collects?: object; readonly neverShown?: true }>
  >
  readonly titleIsPath?: boolean
  readonly files?: readonly string[]
  readonly titleRefersTo?: string
  readonly identity?: readonly string[]
}

function renderTraits(schemas: readonly Schema[]): string {
  const resources = schemas.filter(({ $id }) => $id.startsWith('resource/')) as ResourceSchema[]
  const traits = resources.map((schema) => [
    schema.$id.slice('resource/'.length),
    {
      parameters: Object.keys(schema.properties).filter(
        (name) => name !== 'blob' && schema.properties[name]?.collects === undefined,
      ),
      hasBlob: 'blob' in schema.properties,
      titleIsPath: schema.titleIsPath === true,
      files: schema.files ?? [],
      titleRefersTo: schema.titleRefersTo ?? null,
      refersTo: Object.entries(schema.properties).flatMap(([name, { refersTo }]) =>
        refersTo === undefined ? [] : [[name, refersTo]],
      ),
      identity: schema.identity ?? null,
      collects: Object.entries(schema.properties).flatMap(([name, { collects }]) =>
        collects === undefined ? [] : [[name, collects]],
      ),
      neverShown: Object.keys(schema.properties).filter((name) => schema.properties[name]?.neverShown),
    },
  ])
  return `// Made by schemas/generate.ts; do not edit.
import type { ResourceParams } from './types.ts'

export interface ResourceTraits {
  /** Names of the parameters that an author may give. */
  readonly parameters: readonly string[]
  /** Whether the type has a content that travels as a blob. */
  readonly hasBlob: boolean
  /** Whether the title is the path that the resource puts there. */
  readonly titleIsPath: boolean
  /** Other paths that the resource writes, with \`{title}\` or the name of a parameter in them. */
  readonly files: readonly string[]
  /** What the title names: \`path\`, or a type. */
  readonly titleRefersTo: string | null
  /** Parameters that name something, and what: \`path\`, \`program\`, or a type. */
  readonly refersTo: readonly (readonly [parameter: string, kind: string])[]
  /** What makes two resources the same thing on the host, besides their titles: names of parameters. */
  readonly identity: readonly string[] | null
  /** Parameters that the compiler fills with what else the catalog declares. */
  readonly collects: readonly (readonly [parameter: string, what: Collects])[]
  /** Parameters whose values no page, report or plan shows. */
  readonly neverShown: readonly string[]
}

/** What the compiler puts into a parameter; never given by an author. */
export interface Collects {
  /** Only when one of these parameters is given, and not false. */
  readonly when?: readonly string[]
  /** Paths that are declared below the title, or below the parameter \`path\` where that is given. */
  readonly below?: true
  /** Resources of this type; \`title\`: of the type that the title names. */
  readonly type?: string
  /** Only those of which this parameter is the title. */
  readonly where?: string
  /** Only those that are not to be absent. */
  readonly present?: true
  /**
   * The parameter that is collected; where it is absent, and by default, the title. Of several, those that are there,
   * with a space between them.
   */
  readonly give?: string | readonly string[]
}

export const resourceTraits: Readonly<Record<keyof ResourceParams, ResourceTraits>> = ${JSON.stringify(Object.fromEntries(traits), null, 2)}
`
}

/** What authors give: to the constructors of resources, to their metaparameter `schedule`, and to `pool()`. */
function renderAuthoring(schemas: readonly Schema[]): string {
  const resources = schemas
    .filter(({ $id }) => $id.startsWith('resource/'))
    .map((schema) => ({ schema, type: schema.$id.slice('resource/'.length) }))
  const table = resources.map(({ type }) => `readonly ${type}: Authored_${type}\n`)
  return [
    '// Made by schemas/generate.ts; do not edit.\n',
    `/** Parameters of every resource type, as authors give them. */\nexport interface AuthoredParams {\n${table.join('')}}\n`,
    ...resources.map(({ type, schema }) => renderAuthored(`Authored_${type}`, schema as AuthoredSchema)),
    renderAuthored('AuthoredSchedule', authored(schemas, 'protocol/schedule')),
    renderAuthored('AuthoredPool', poolOptions(authored(schemas, 'protocol/site-manifest'))),
  ].join('\n')
}

function authored(schemas: readonly Schema[], id: string): AuthoredSchema {
  const schema = schemas.find(({ $id }) => $id === id)
  if (schema === undefined) throw new Error(`Cannot render "${id}": there is no such schema`)
  return schema as AuthoredSchema
}

/** The name is given apart, and each other field has a default. */
function poolOptions({ definitions = {} }: AuthoredSchema): AuthoredSchema {
  const { properties: { name: _, ...properties } = {}, required: __, ...pool } = definitions.pool ?? {}
  return { ...pool, properties, definitions }
}

/** Every generated file, by its name. */
export async function renderGenerated(): Promise<Readonly<Record<string, string>>> {
  const schemas = loadSchemas(rooms)
  const modules = loadSchemas(['module'])
  const declaration = '// Made by schemas/generate.ts; do not edit.\nexport {}\n'
  return {
    'types.ts': await renderTypes([...schemas, ...modules]),
    'authored.ts': renderAuthoring(schemas),
    'resource-traits.ts': renderTraits(schemas),
    'validators.js': renderValidators(schemas),
    'validators.d.ts': declaration,
    // Apart, since only catalogs that use a module load them.
    'module-validators.js': renderValidators(modules, [...schemas, ...modules]),
    'module-validators.d.ts': declaration,
  }
}

async function main(): Promise<void> {
  const out = join(here, 'generated')
  mkdirSync(out, { recursive: true })
  for (const [name, text] of Object.entries(await renderGenerated())) writeFileSync(join(out, name), text)
}

if (process.argv[1] === import.meta.filename) await main()
