/**
 * Pure: what the lines of a file of sections are (php.ini, my.cnf, .gitconfig, systemd's units). A backslash at the end of
 * a setting's line goes on in the next one. Values are the text behind the separator, quotes included.
 */
import type { Line } from './line.ts'

export interface IniStyle {
  /** `=`, `:`, or empty: white space. */
  readonly mark: string
  readonly inlineComments: boolean
  readonly ignoreCase: boolean
}

export interface IniSetting {
  /** Index of its first line, and of the one behind its last. */
  readonly from: number
  readonly to: number
  readonly indent: string
  readonly name: string
  /** With the white space around it; undefined for a setting without a value. */
  readonly separator: string | undefined
  /** Without the comment behind it. */
  readonly value: string
  /** The comment with the white space before it. */
  readonly tail: string
}

export interface IniSection {
  /** Empty for what stands above the first. */
  readonly name: string
  /** Index of the line behind the header, and of the one behind the section's last. */
  readonly from: number
  readonly to: number
  readonly settings: readonly IniSetting[]
}

const header = /^\s*\[(.*)\]\s*([#;].*)?$/

export function parseIni(lines: readonly Line[], style: IniStyle): readonly IniSection[] {
  const heads: { name: string; from: number }[] = [{ name: '', from: 0 }]
  const settings: IniSetting[] = []
  for (let at = 0; at < lines.length; ) {
    const text = lines[at]?.text ?? ''
    const name = header.exec(text)?.[1]
    if (name !== undefined) heads.push({ name: name.trim(), from: at + 1 })
    const setting = name === undefined ? parseSetting(lines, at, style) : undefined
    if (setting !== undefined) settings.push(setting)
    at = setting?.to ?? at + 1
  }
  return heads.map(({ name, from }, index) => {
    const next = heads[index + 1]
    const to = next === undefined ? lines.length : next.from - 1
    return { name, from, to, settings: settings.filter((one) => from <= one.from && one.from < to) }
  })
}

function parseSetting(lines: readonly Line[], from: number, style: IniStyle): IniSetting | undefined {
  const text = lines[from]?.text ?? ''
  // `!includedir` is a command to the program that reads the file.
  if (/^\s*([#;!]|$)/.test(text)) return undefined
  const to = endOf(lines, from, style)
  const indent = /^\s*/.exec(text)?.[0] ?? ''
  const cut = separatorIn(text.slice(indent.length), style.mark)
  if (cut === undefined) {
    const { value, tail } = splitTail(text.slice(indent.length).trimEnd(), style)
    return { from, to, indent, name: value, separator: undefined, value: '', tail }
  }
  const whole = [cut.rest, ...lines.slice(from + 1, to).map((line) => line.text)].join('\n').trimEnd()
  return { from, to, indent, name: cut.name, separator: cut.separator, ...splitTail(whole, style) }
}

function endOf(lines: readonly Line[], from: number, { inlineComments }: IniStyle): number {
  let last = from
  for (const [index, { text }] of lines.entries()) {
    if (index <= from) continue
    if (lines[last]?.text.endsWith('\\') !== true || header.test(text)) break
    // systemd passes over comments among the lines that a value goes on in.
    if (inlineComments || !/^\s*[#;]/.test(text)) last = index
  }
  return last + 1
}

interface Cut {
  readonly name: string
  readonly separator: string
  readonly rest: string
}

function separatorIn(text: string, mark: string): Cut | undefined {
  const found = (mark === '' ? /[ \t]+/ : mark === ':' ? /[ \t]*:[ \t]*/ : /[ \t]*=[ \t]*/).exec(text)
  if (found === null || found.index === 0) return undefined
  const [separator] = found
  return { name: text.slice(0, found.index), separator, rest: text.slice(found.index + separator.length) }
}

/** What stands in quotes begins no comment, and neither does a value such as `#fff`. */
export function splitTail(
  text: string,
  { inlineComments }: Pick<IniStyle, 'inlineComments'>,
): { readonly value: string; readonly tail: string } {
  if (!inlineComments || text.includes('\n')) return { value: text, tail: '' }
  if (/^[#;]+(\s|$)/.test(text)) return { value: '', tail: ` ${text}` }
  let quote = ''
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? ''
    if (quote !== '') {
      if (character === quote) quote = ''
      else if (character === '\\') at++
    } else if (isQuote(text, at)) quote = character
    else if ((character === '#' || character === ';') && at > 0 && /\s/.test(text[at - 1] ?? '')) {
      const value = text.slice(0, at).trimEnd()
      return { value, tail: text.slice(value.length) }
    }
  }
  return { value: text, tail: '' }
}

/** One that begins a word and is closed; another is an apostrophe. */
function isQuote(text: string, at: number): boolean {
  const character = text[at] ?? ''
  return (
    (character === '"' || character === "'") &&
    /^$|[\s=,(]/.test(text[at - 1] ?? '') &&
    text.includes(character, at + 1)
  )
}
