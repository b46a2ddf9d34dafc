/** Pure: paragraphs of `Field: value`, as apt writes sources and preferences (deb822(5)). */

export type Field = readonly [name: string, value: string]
export type Paragraph = readonly Field[]

/** A value of several lines begins on the line after its name; an empty line in it is a full stop. */
export function renderParagraph(fields: Paragraph): string {
  return fields.map(renderField).join('')
}

function renderField([name, value]: Field): string {
  if (!value.includes('\n')) return `${name}: ${value}\n`
  const lines = value.split('\n').map((line) => (line.trim() === '' ? ' .\n' : ` ${line}\n`))
  return `${name}:\n${lines.join('')}`
}

/** Comments are left out. @throws Error for a line that is none of it */
export function parseParagraphs(text: string): readonly Paragraph[] {
  const paragraphs: Field[][] = [[]]
  for (const line of text.split('\n').map((one) => one.trimEnd())) {
    if (line.startsWith('#')) continue
    const fields = paragraphs.at(-1) ?? []
    const last = fields.at(-1)
    if (line === '') paragraphs.push([])
    else if (/^[ \t]/.test(line) && last !== undefined) fields[fields.length - 1] = continued(last, line)
    else fields.push(parseField(line))
  }
  return paragraphs.filter((fields) => fields.length > 0)
}

function continued([name, value]: Field, line: string): Field {
  const more = line.slice(1) === '.' ? '' : line.slice(1)
  return [name, value === '' ? more : `${value}\n${more}`]
}

function parseField(line: string): Field {
  const [, name, value] = /^([!-9;-~]+):[ \t]*(.*)$/.exec(line) ?? []
  if (name === undefined || value === undefined) throw new Error(`"${line}" is no field`)
  return [name, value]
}
