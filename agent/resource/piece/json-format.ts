/**
 * Pure: edits of JSON, with comments and commas at ends of lists where the file has them. Own splices come first, since
 * those of jsonc-parser move and drop comments that stand behind a member.
 */
import { applyEdits, modify, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser'
import { Refusal } from './refusal.ts'
import { type Format, type Key, shownKey, withAt } from './setting.ts'
import { beginsLine, indentAt, lineEnd, lineStart, shownPosition, spliceAll } from './splice.ts'

export const jsonFormat: Format = {
  name: 'JSON',
  parse(text) {
    const root = treeOf(text)
    return root === undefined ? undefined : dataOf(root)
  },
  *set(text, key, value) {
    const root = treeOf(text)
    if (root === undefined && text.trim() === '')
      return yield `${JSON.stringify(withAt(undefined, key, value), null, 2)}\n`
    // The library puts a value above a comment that is all there is.
    if (root === undefined) yield `${text}${JSON.stringify(withAt(undefined, key, value), null, 2)}\n`
    else yield* setIn(text, root, { key, value })
    yield byLibrary(text, key, value)
  },
  *remove(text, key) {
    const root = treeOf(text)
    const node = root === undefined ? undefined : nodeAt(root, key)
    if (node?.parent !== undefined) yield withoutProperty(text, node.parent)
    yield byLibrary(text, key, undefined)
  },
  assertPlain(text, key) {
    let at = treeOf(text)
    for (const name of key) {
      if (at === undefined) return
      const twice = membersOf(at).filter((node) => nameOf(node) === name).length > 1
      if (twice)
        throw new Refusal(
          `${shownKey([name])} stands twice in one object, at ${shownPosition(text, at.offset)}`,
        )
      at = childOf(at, name)
    }
  },
}

const options = { allowTrailingComma: true, allowEmptyContent: true }

function treeOf(text: string): Node | undefined {
  const errors: ParseError[] = []
  const root = parseTree(text, errors, options)
  const [first] = errors
  if (first === undefined) return root
  throw new Refusal(
    `it is no JSON: ${printParseErrorCode(first.error)} at ${shownPosition(text, first.offset)}`,
  )
}

function dataOf(node: Node): unknown {
  if (node.type === 'array') return (node.children ?? []).map(dataOf)
  if (node.type !== 'object') return node.value as unknown
  return Object.fromEntries(
    membersOf(node).map((member) => [nameOf(member), member.children?.[1] && dataOf(member.children[1])]),
  )
}

function membersOf(node: Node): readonly Node[] {
  return node.type === 'object' ? (node.children ?? []) : []
}

function nameOf(member: Node): unknown {
  return member.children?.[0]?.value
}

function childOf(node: Node, name: string | number): Node | undefined {
  if (typeof name === 'number') return node.type === 'array' ? node.children?.[name] : undefined
  return membersOf(node).findLast((member) => nameOf(member) === name)?.children?.[1]
}

function nodeAt(root: Node, key: Key): Node | undefined {
  return key.reduce<Node | undefined>((at, name) => at && childOf(at, name), root)
}

interface Value {
  readonly key: Key
  readonly value: unknown
}

function* setIn(text: string, root: Node, { key, value }: Value): Iterable<string> {
  let parent = root
  for (const [depth, name] of key.entries()) {
    const child = childOf(parent, name)
    const rest = withAt(undefined, key.slice(depth + 1), value)
    if (child === undefined) return yield insert(text, parent, { name, value: rest })
    if (child.type === 'null' || depth === key.length - 1) {
      const put = render(text, { value: rest, beside: child })
      return yield spliceAll(text, [{ from: child.offset, to: endOf(child), put }])
    }
    parent = child
  }
}

interface Member {
  readonly name: string | number
  readonly value: unknown
}

function insert(text: string, parent: Node, { name, value }: Member): string {
  const last = parent.children?.at(-1)
  const prefix = typeof name === 'string' ? `${JSON.stringify(name)}: ` : ''
  if (last === undefined) return insertFirst(text, parent, { prefix, value })
  const at = endOf(last)
  const comma = commaAfter(text, at, endOf(parent))
  const put = prefix + render(text, { value, beside: last })
  const end = lineEnd(text, comma ?? at)
  if (!beginsLine(text, last.offset) || end >= endOf(parent))
    return spliceAll(text, [{ from: at, put: `, ${put}` }])
  const line = `\n${indentAt(text, last.offset)}${put}`
  if (comma !== undefined) return spliceAll(text, [{ from: end, put: `${line},` }])
  return spliceAll(
    text,
    at === end
      ? [{ from: at, put: `,${line}` }]
      : [
          { from: at, put: ',' },
          { from: end, put: line },
        ],
  )
}

function insertFirst(
  text: string,
  parent: Node,
  { prefix, value }: { readonly prefix: string; readonly value: unknown },
): string {
  const close = endOf(parent) - 1
  const outer = indentAt(text, parent.offset)
  const unit = unitOf(text)
  const inner = prefix + indented(JSON.stringify(value, null, unit), outer + unit)
  if (text.slice(parent.offset + 1, close).trim() === '')
    return spliceAll(text, [
      { from: parent.offset + 1, to: close, put: `\n${outer}${unit}${inner}\n${outer}` },
    ])
  // A comment stands in it.
  return spliceAll(text, [{ from: lineStart(text, close), put: `${outer}${unit}${inner}\n` }])
}

/** Written over several lines where its neighbours stand in lines of their own. */
function render(text: string, { value, beside }: { readonly value: unknown; readonly beside: Node }): string {
  const line = beside.parent?.type === 'property' ? beside.parent : beside
  if (!beginsLine(text, line.offset)) return JSON.stringify(value)
  return indented(JSON.stringify(value, null, unitOf(text)), indentAt(text, line.offset))
}

function indented(text: string, indent: string): string {
  return text.replaceAll('\n', `\n${indent}`)
}

/** What the file indents by: the first white space that begins one of its lines. */
function unitOf(text: string): string {
  return /^([ \t]+)["{[]/m.exec(text)?.[1] ?? '  '
}

function withoutProperty(text: string, property: Node): string {
  const siblings = property.parent?.children ?? []
  const at = siblings.indexOf(property)
  const end = endOf(property)
  const close = property.parent === undefined ? text.length : endOf(property.parent)
  const comma = commaAfter(text, end, close)
  const previous = siblings[at - 1]
  const isLast = at === siblings.length - 1
  const dangling =
    isLast && comma === undefined && previous !== undefined
      ? commaAfter(text, endOf(previous), close)
      : undefined
  const drop = dangling === undefined ? [] : [{ from: dangling - 1, to: dangling }]
  const past = comma ?? end
  const rest = text.slice(past, lineEnd(text, past)).trim()
  if (beginsLine(text, property.offset) && (rest === '' || rest.startsWith('//')))
    return spliceAll(text, [
      ...drop,
      { from: lineStart(text, property.offset), to: Math.min(lineEnd(text, past) + 1, text.length) },
    ])
  const gap = /^[ \t]*/.exec(text.slice(past))?.[0].length ?? 0
  if (dangling !== undefined && text.slice(dangling, property.offset).trim() === '') {
    if (!beginsLine(text, dangling - 1) || (rest !== '' && !rest.startsWith('//')))
      return spliceAll(text, [{ from: dangling - 1, to: end }])
    return spliceAll(text, [{ from: lineStart(text, dangling - 1), to: lineEnd(text, end) + 1 }])
  }
  return spliceAll(text, [...drop, { from: property.offset, to: past + gap }])
}

/** Position behind the comma that follows, comments between; undefined when none does. */
function commaAfter(text: string, at: number, limit: number): number | undefined {
  const found = /^(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*,/.exec(text.slice(at, limit))
  return found === null ? undefined : at + found[0].length
}

function endOf({ offset, length }: Node): number {
  return offset + length
}

function byLibrary(text: string, key: Key, value: unknown): string {
  const unit = unitOf(text)
  const formattingOptions = { insertSpaces: !unit.includes('\t'), tabSize: unit.length, eol: '\n' }
  return applyEdits(text, modify(text, [...key], value, { formattingOptions }))
}
