/** Pure: what a resource type's schema says, as text for a terminal. */

interface PropertySchema {
  readonly description?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly examples?: readonly unknown[]
  readonly collects?: object
}

export interface DescribedSchema {
  readonly $id: string
  readonly description?: string
  readonly required?: readonly string[]
  readonly examples?: readonly unknown[]
  readonly properties: Readonly<Record<string, PropertySchema>>
}

const width = 96

/** One line for each type: its name and the first sentence about it. */
export function renderTypeList(schemas: readonly DescribedSchema[]): string {
  const names = schemas.map(nameOf)
  const column = Math.max(...names.map((name) => name.length))
  return schemas
    .map(({ description = '' }, at) => `${(names[at] ?? '').padEnd(column)}  ${firstSentence(description)}`)
    .join('\n')
}

/** A type with its parameters and examples. What only the compiler sets is left out. */
export function renderType(schema: DescribedSchema): string {
  const required = new Set(schema.required)
  const parameters = Object.entries(schema.properties).filter(
    ([name, { collects }]) => name !== 'blob' && collects === undefined,
  )
  return [
    nameOf(schema),
    ...wrap(schema.description ?? '', '  '),
    ...parameters.flatMap(([name, property]) => ['', ...renderParameter(name, property, required.has(name))]),
    '',
    'Examples:',
    ...(schema.examples ?? []).map((example) => `  ${JSON.stringify(example)}`),
  ].join('\n')
}

function renderParameter(name: string, property: PropertySchema, isRequired: boolean): readonly string[] {
  const values = property.enum?.map((value) => JSON.stringify(value)).join(' | ')
  const kind = values ?? [property.type ?? []].flat().join(' | ')
  const head = [`  ${name}`, kind === '' ? '' : `(${kind})`, isRequired ? 'required' : '']
  const examples = property.examples?.map((example) => JSON.stringify(example)).join(', ')
  return [
    head.filter((part) => part !== '').join(' '),
    ...wrap(property.description ?? '', '      '),
    ...(examples === undefined ? [] : [`      For example: ${examples}`]),
  ]
}

function nameOf({ $id }: DescribedSchema): string {
  return $id.slice('resource/'.length)
}

function firstSentence(text: string): string {
  return /^.*?[.](?=\s|$)/s.exec(text)?.[0] ?? text
}

function wrap(text: string, indent: string): readonly string[] {
  const lines: string[] = []
  let line = indent
  for (const word of text.split(/\s+/)) {
    if (line.length + word.length + 1 > width && line.trim() !== '') {
      lines.push(line)
      line = indent
    }
    line += line === indent ? word : ` ${word}`
  }
  return line.trim() === '' ? lines : [...lines, line]
}
