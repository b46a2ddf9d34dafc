/** Pure: what the schemas of modules say, as the page docs/modules.md. */

interface OptionSchema {
  readonly description?: string
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly OptionSchema[]
  readonly items?: OptionSchema
  readonly properties?: Readonly<Record<string, OptionSchema>>
  readonly required?: readonly string[]
  readonly $ref?: string
  readonly additionalProperties?: boolean | OptionSchema
}

export interface ModuleSchema extends OptionSchema {
  readonly $id: string
  readonly description: string
  readonly examples: readonly Readonly<Record<string, unknown>>[]
}

/**
 * A section: what the module does, an example, its options.
 *
 * @param name the function that authors import
 */
export function renderModule(name: string, schema: ModuleSchema): string {
  const rows = optionsOf(schema, '').map(
    ({ path, kind, description }) => `| \`${path}\` | ${cell(kind)} | ${cell(description)} |`,
  )
  const file = schema.$id.slice('module/'.length)
  return [
    `## ${name}`,
    '',
    `\`import { ${name} } from 'rekindle/module/${file}'\`. ${schema.description}`,
    '',
    ...schema.examples.flatMap((example) => [indented(`${name}(${literal(example)})`), '']),
    '| option | value | meaning |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

interface Option {
  readonly path: string
  readonly kind: string
  readonly description: string
}

function optionsOf({ properties = {}, required = [] }: OptionSchema, above: string): readonly Option[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = `${above}${name}`
    const { description = '' } = schema
    const needed = required.includes(name) ? 'Required. ' : ''
    return [{ path, kind: kindOf(schema), description: `${needed}${description}` }, ...below(schema, path)]
  })
}

/** Options of what stands in lists, and under names that the author chooses. */
function below(schema: OptionSchema, path: string): readonly Option[] {
  const { items, anyOf = [], additionalProperties: named } = schema
  return [
    ...optionsOf(schema, `${path}.`),
    ...(items === undefined ? [] : below(items, `${path}[]`)),
    ...(typeof named === 'object' ? below(named, `${path}.*`) : []),
    ...anyOf.flatMap((one) => below(one, path)),
  ]
}

function kindOf(schema: OptionSchema): string {
  const { anyOf, items, type = '', additionalProperties: named } = schema
  if (schema.enum !== undefined)
    return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(' or ')
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``
  if (anyOf !== undefined) return [...new Set(anyOf.map(kindOf))].join(' or ')
  if (items !== undefined) return `list of ${kindOf(items)}`
  return typeof named === 'object' ? `${kindOf(named)} by name` : type
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

function indented(text: string): string {
  return text.replace(/^/gm, '    ')
}

const width = 96

/** As an author would write it. */
function literal(value: unknown, indent = ''): string {
  const short = inline(value)
  if (short.length + indent.length <= width || typeof value !== 'object' || value === null) return short
  const deeper = `${indent}  `
  const members = Array.isArray(value)
    ? value.map((item) => literal(item, deeper))
    : Object.entries(value).map(([name, item]) => `${key(name)}: ${literal(item, deeper)}`)
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  return `${open}\n${members.map((member) => `${deeper}${member},\n`).join('')}${indent}${close}`
}

function inline(value: unknown): string {
  if (typeof value === 'string') return `'${value.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n')}'`
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const members = Object.entries(value).map(([name, item]) => `${key(name)}: ${inline(item)}`)
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
}

function key(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : `'${name}'`
}
