/** Pure: the text with one setting as `ini_setting` wants it. */
import type { IniSettingParams } from '../../../schemas/generated/types.ts'
import { type IniSection, type IniSetting, type IniStyle, parseIni, splitTail } from './ini-text.ts'
import { endOfPart, insertLines, joinLines, type Line, shownLines, splitLines } from './line.ts'
import { Refusal } from './refusal.ts'
import type { Edit } from './text-piece.ts'

interface Found {
  readonly lines: readonly Line[]
  readonly style: IniStyle
  readonly sections: readonly IniSection[]
  /** Of the wanted section, which may stand in several parts. */
  readonly own: readonly IniSection[]
  readonly settings: readonly IniSetting[]
}

export function editIni(params: IniSettingParams, text: string): Edit {
  const found = find(params, splitLines(text))
  return params.ensure === 'absent' ? remove(found) : put(params, found)
}

function find(params: IniSettingParams, lines: readonly Line[]): Found {
  const style = styleOf(params)
  const fold = (name: string) => (style.ignoreCase ? name.toLowerCase() : name)
  const sections = parseIni(lines, style)
  const wanted = fold((params.section ?? '').trim())
  const own = sections.filter(({ name }) => fold(name) === wanted)
  const settings = own
    .flatMap((section) => section.settings)
    .filter(({ name }) => fold(name) === fold(params.setting))
  return { lines, style, sections, own, settings }
}

export function styleOf({ path, separator = ' = ', ignoreCase, inlineComments }: IniSettingParams): IniStyle {
  return {
    mark: separator.trim(),
    ignoreCase: ignoreCase === true,
    inlineComments: inlineComments ?? !path.includes('/systemd/'),
  }
}

function remove({ lines, style, settings }: Found): Edit {
  for (const setting of settings) assertEnds(lines, style, setting)
  const isGone = (index: number) => settings.some(({ from, to }) => from <= index && index < to)
  return {
    text: joinLines(lines.filter((_, index) => !isGone(index))),
    change: { property: 'value', from: valuesOf(settings), to: null },
  }
}

function put(params: IniSettingParams, found: Found): Edit {
  const { settings } = found
  if (settings.length > 1 && (params.repeated ?? 'refuse') === 'refuse') throw repeated(params, settings)
  const setting = params.repeated === 'last' ? settings.at(-1) : settings[0]
  const change = {
    property: 'value',
    from: setting === undefined ? null : shownValue(setting),
    to: params.flag === true ? 'set' : String(params.value),
  }
  if (setting !== undefined && isAsWanted(params, setting)) return { text: joinLines(found.lines), change }
  if (String(params.value ?? '').endsWith('\\')) throw openValue()
  if (setting === undefined) return { text: joinLines(add(params, found)), change }
  return { text: joinLines(replace(params, found, setting)), change }
}

function repeated({ setting }: IniSettingParams, settings: readonly IniSetting[]): Refusal {
  return new Refusal(
    `"${setting}" stands in ${shownLines(settings.map(({ from }) => from))}`,
    'Remove all but one by hand, or say with "repeated" whether the first or the last counts',
  )
}

function openValue(): Refusal {
  return new Refusal(
    'the value ends in a backslash, so that the line below would be a part of it',
    'Put it in quotes, if the program that reads the file takes them',
  )
}

function isAsWanted({ flag, value }: IniSettingParams, setting: IniSetting): boolean {
  if (flag === true) return setting.separator === undefined
  if (setting.separator === undefined) return false
  // A wanted value may itself have what looks like a comment.
  return [setting.value, (setting.value + setting.tail).trim()].includes(String(value))
}

function replace(params: IniSettingParams, { lines, style }: Found, setting: IniSetting): readonly Line[] {
  assertEnds(lines, style, setting)
  const { from, to } = setting
  const last = lines[to - 1]
  if (last === undefined) return lines
  const text = render(params, setting) + tailBehind(String(params.value ?? ''), style, setting)
  return [...lines.slice(0, from), { text, end: last.end }, ...lines.slice(to)]
}

/** The comment that stays behind a new value, unless that has one of its own. */
function tailBehind(value: string, style: IniStyle, { tail }: IniSetting): string {
  if (splitTail(value, style).tail !== '') return ''
  // Without a value, `#c` would be one.
  return value === '' ? tail.replace(/^(\s+[#;]+)(?=[^\s#;])/, '$1 ') : tail
}

/** Whether deeper lines below a value belong to it depends on the program that reads the file. */
function assertEnds(
  lines: readonly Line[],
  { mark }: IniStyle,
  { indent, to, separator, value }: IniSetting,
): void {
  const below = lines[to]?.text ?? ''
  const deeper = /^\s*/.exec(below)?.[0] ?? ''
  if (deeper.length <= indent.length || /^\s*([#;[]|$)/.test(below) || mark === '') return
  const isBegun = separator !== undefined && value === ''
  const isSetting = mark === ':' ? /^[^:]+:(?!\/)/ : /^[^=<>!~]+=(?!=)/
  if (!isBegun && isSetting.test(below)) return
  throw new Refusal(
    `${shownLines([to])} is indented deeper, and may be a part of the value`,
    'Write the value in one line by hand, or keep these lines with a file_block',
  )
}

interface Layout {
  readonly indent: string
  readonly name: string
  readonly separator: string | undefined
}

function render(params: IniSettingParams, { indent, name, separator }: Layout): string {
  if (params.flag === true) return indent + name
  const text = `${indent}${name}${separator ?? params.separator ?? ' = '}${params.value}`
  return params.value === '' ? text.trimEnd() : text
}

function add(params: IniSettingParams, { lines, sections, own }: Found): readonly Line[] {
  const neighbour = [...own, ...sections]
    .flatMap((one) => one.settings)
    .find((one) => one.separator?.trim() !== undefined)
  const text = render(params, {
    indent: own.flatMap((one) => one.settings).at(-1)?.indent ?? neighbour?.indent ?? '',
    name: params.setting,
    separator: params.separator ?? spaced(neighbour?.separator),
  })
  const section = own.at(-1)
  const at = section === undefined ? lines.length : endOfSettings(lines, section)
  if (/^\s*[^#;\s].*\\$/.test(lines[at - 1]?.text ?? '')) throw openEnd(at - 1)
  if (section !== undefined) return insertLines(lines, at, [text])
  const isBare = lines.length === 0 || lines.at(-1)?.text.trim() === ''
  return insertLines(lines, lines.length, [...(isBare ? [] : ['']), `[${params.section}]`, text])
}

function openEnd(index: number): Refusal {
  return new Refusal(
    `${shownLines([index])} ends in a backslash, so that what is put below it would be a part of it`,
    'Take the backslash away by hand',
  )
}

/** A neighbour that is aligned with others has more white space than a new one wants. */
function spaced(separator: string | undefined): string | undefined {
  return separator?.replaceAll(/[ \t]+/g, ' ')
}

/** Behind its last setting; where it has none, behind what comments it has. */
function endOfSettings(lines: readonly Line[], { from, to, settings }: IniSection): number {
  const last = settings.at(-1)
  if (last !== undefined) return last.to
  return endOfPart(lines, from, to)
}

function shownValue({ separator, value }: IniSetting): string {
  return separator === undefined ? 'set' : value
}

function valuesOf(settings: readonly IniSetting[]): string {
  return settings.map(shownValue).join(' | ')
}
