/**
 * Renders a schema as the interface that authors meet: read-only lists, examples in the documentation, and nothing that the
 * compiler alone may set. Plain interfaces and no mapped types, since TypeScript's language server shows no documentation
 * for the members of those. Pure.
 */

export interface AuthoredSchema {
  readonly title?: string
  readonly description?: string
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, AuthoredSchema>>
  readonly additionalProperties?: boolean | AuthoredSchema
  readonly required?: readonly string[]
  readonly items?: AuthoredSchema
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly AuthoredSchema[]
  readonly $ref?: string
  readonly definitions?: Readonly<Record<string, AuthoredSchema>>
  readonly examples?: readonly unknown[]
  readonly tsType?: string
  /** What an author may give instead; the constructor makes the schema's type of it. */
  readonly authoredAs?: string
  /** Set by the compiler alone. */
  readonly collects?: object
}

type Definitions = Readonly<Record<string, AuthoredSchema>>

/** @example renderAuthored('Authored_sysctl', schema) // 'export interface Authored_sysctl {…}' */
export function renderAuthored(name: string, schema: AuthoredSchema): string {
  return `${comment(schema)}export interface ${name} ${membersOf(schema, schema.definitions ?? {})}\n`
}

function membersOf({ properties = {}, required = [] }: AuthoredSchema, definitions: Definitions): string {
  const members = Object.entries(properties)
    .filter(([name, { collects }]) => name !== 'blob' && collects === undefined)
    .map(([name, property]) => {
      const optional = required.includes(name) ? '' : '?'
      return `${comment(property)}readonly ${keyOf(name)}${optional}: ${typeOf(property, definitions)}\n`
    })
  return `{\n${members.join('')}}`
}

function typeOf(schema: AuthoredSchema, definitions: Definitions): string {
  const chosen = schema.authoredAs ?? schema.tsType
  if (chosen !== undefined) return chosen
  if (schema.$ref !== undefined) return typeOf(referred(schema.$ref, definitions), definitions)
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  if (schema.anyOf !== undefined) return union(schema.anyOf, definitions)
  if (Array.isArray(schema.type)) {
    const one = (type: string) => ({ ...schema, type })
    return union(schema.type.map(one), definitions)
  }
  switch (schema.type) {
    case 'array':
      return `readonly (${typeOf(schema.items ?? {}, definitions)})[]`
    case 'object':
      return objectOf(schema, definitions)
    case 'integer':
      return 'number'
    default:
      return String(schema.type ?? 'unknown')
  }
}

function union(schemas: readonly AuthoredSchema[], definitions: Definitions): string {
  return schemas.map((schema) => `(${typeOf(schema, definitions)})`).join(' | ')
}

function objectOf(schema: AuthoredSchema, definitions: Definitions): string {
  const { properties, additionalProperties } = schema
  if (properties !== undefined) return membersOf(schema, definitions)
  const values =
    typeof additionalProperties === 'object' ? typeOf(additionalProperties, definitions) : 'unknown'
  return `{ readonly [name: string]: ${values} }`
}

function referred(ref: string, definitions: Definitions): AuthoredSchema {
  const definition = definitions[ref.replace('#/definitions/', '')]
  if (definition === undefined) throw new Error(`Cannot render "${ref}": there is no such definition`)
  return definition
}

function keyOf(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name)
}

function comment({ description, examples = [] }: AuthoredSchema): string {
  const lines = [description ?? [], ...examples.map((example) => `\n@example ${inSource(example)}`)].flat()
  if (lines.length === 0) return ''
  return `/**\n${lines.join('\n').replaceAll(/^/gm, ' * ').replaceAll('*/', '*\\/').replaceAll(/ +$/gm, '')}\n */\n`
}

/** @example inSource(['a', 1]) // "['a', 1]" */
function inSource(value: unknown): string {
  if (typeof value === 'string')
    return `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
  if (Array.isArray(value)) return `[${value.map(inSource).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return `{ ${Object.entries(value)
    .map(([name, member]) => `${keyOf(name)}: ${inSource(member)}`)
    .join(', ')} }`
}
