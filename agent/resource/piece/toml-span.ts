/** Pure: where the parts of a TOML text stand. The text is valid: the library has parsed it. */
import { parse } from '@decimalturn/toml-patch'
import type { Key } from './setting.ts'

export interface Span {
  readonly from: number
  readonly to: number
}

export interface ValueSpan extends Span {
  readonly key: Key
  /** Of a list. */
  readonly items: readonly Span[]
}

/** A header, or a key with its value. */
export interface Statement extends Span {
  /** From the root on; of a header of a list of tables, with the index of its table. */
  readonly key: Key
  readonly isHeader: boolean
}

export interface Spans {
  /** Of all values, also those inside others. */
  readonly values: readonly ValueSpan[]
  /** Those that stand in lines of their own. */
  readonly statements: readonly Statement[]
  readonly comments: readonly string[]
}

const gap = /[ \t\r\n]*/y
const comment = /#[^\n]*/y
const text3 = /"""(?:\\[\s\S]|[^\\])*?"{3,5}(?!")|'''[\s\S]*?'{3,5}(?!')/y
const text1 = /"(?:\\.|[^"\\\n])*"|'[^'\n]*'/y
const bareKey = /[A-Za-z0-9_-]+/y
/** A date may have a space before its time. */
const bareValue = /\d{4}-\d\d-\d\d \d\d:[^\s,\]}#]+|[^\s,\]}#]+/y

/** @throws Error where the text is not as TOML 1.0 has it */
export function spansOf(text: string): Spans {
  const values: ValueSpan[] = []
  const statements: Statement[] = []
  const comments: string[] = []
  /** How many tables each list of tables has so far. */
  const tables = new Map<string, number>()
  let at = 0

  function take(pattern: RegExp): string | undefined {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    at += found?.length ?? 0
    return found
  }

  function skip(): void {
    for (;;) {
      take(gap)
      const found = take(comment)
      if (found === undefined) return
      comments.push(found.trimEnd())
    }
  }

  function takes(mark: string): boolean {
    skip()
    if (!text.startsWith(mark, at)) return false
    at += mark.length
    return true
  }

  function expect(mark: string): void {
    if (!takes(mark)) throw new Error(`no ${mark} at ${at}`)
  }

  function parts(): readonly string[] {
    const found: string[] = []
    do {
      skip()
      const part = take(text1) ?? take(bareKey)
      if (part === undefined) throw new Error(`no key at ${at}`)
      found.push(/^["']/.test(part) ? (Object.keys(parse(`${part} = 0`))[0] ?? '') : part)
    } while (takes('.'))
    return found
  }

  function member(table: Key): Key {
    const key = [...table, ...parts()]
    expect('=')
    named(key)
    return key
  }

  function named(key: Key): Span {
    skip()
    const from = at
    const items = value(key)
    values.push({ key, from, to: at, items })
    return { from, to: at }
  }

  function value(key: Key): readonly Span[] {
    const items: Span[] = []
    if (takes('[')) for (; !takes(']'); takes(',')) items.push(named([...key, items.length]))
    else if (takes('{')) for (; !takes('}'); takes(',')) member(key)
    else if ((take(text3) ?? take(text1) ?? take(bareValue)) === undefined)
      throw new Error(`no value at ${at}`)
    return items
  }

  function header(): Key {
    const isList = takes('[')
    const names = parts()
    expect(isList ? ']]' : ']')
    const key: (string | number)[] = []
    for (const [index, name] of names.entries()) {
      key.push(name)
      const id = JSON.stringify(key)
      const count = (tables.get(id) ?? 0) + (isList && index === names.length - 1 ? 1 : 0)
      if (count === 0) continue
      tables.set(id, count)
      key.push(count - 1)
    }
    return key
  }

  let table: Key = []
  for (skip(); at < text.length; skip()) {
    const from = at
    const isHeader = takes('[')
    if (isHeader) table = header()
    statements.push({ key: isHeader ? table : member(table), isHeader, from, to: at })
  }
  return { values, statements, comments }
}
