/**
 * YAML, edited by position. Where a flow list or an odd layout leaves no line to write in, the library renders the document;
 * comments stay then too.
 */
import { isAlias, isCollection, isMap, isScalar, isSeq, parseDocument, stringify } from 'yaml'
import { Refusal } from './refusal.ts'
import { type Format, shownKey, withAt } from './setting.ts'
import { childOf, dataOf, documentOf, isNull, realKey, style } from './yaml-document.ts'
import { endedLine, removeIn, rendered, setIn } from './yaml-edit.ts'

export const yamlFormat: Format = {
  name: 'YAML',
  parse: (text) => dataOf(documentOf(text)),
  *set(text, key, value) {
    const { contents } = documentOf(text)
    if (contents === null || isNull(contents)) {
      if (
        text.trim() !== '' &&
        contents?.srcToken?.type === 'scalar' &&
        contents.range?.[0] !== contents.range?.[1]
      )
        return
      return yield `${endedLine(text)}${stringify(withAt(undefined, key, value), style)}`
    }
    yield* setIn(text, contents, { key, value })
    yield rendered(text, (document) => document.setIn(realKey(document, key), value))
  },
  *remove(text, key) {
    const { contents } = documentOf(text)
    if (contents !== null) yield* removeIn(text, contents, key)
    yield rendered(text, (document) => document.deleteIn(realKey(document, key)))
  },
  assertPlain(text, key) {
    let at: unknown = documentOf(text).contents
    for (const [depth, name] of key.entries()) {
      at = isCollection(at) ? childOf(at, name) : undefined
      if (isAlias(at) && depth < key.length - 1)
        throw new Refusal(
          `${shownKey(key.slice(0, depth + 1))} is an alias of "${at.source}"`,
          `Set the value where "&${at.source}" stands`,
        )
    }
  },
  isUnambiguous: (text, key) => {
    const { contents } = documentOf(text)
    return !isAmbiguous(
      key.reduce<unknown>((at, name) => (isCollection(at) ? childOf(at, name) : undefined), contents),
    )
  },
}

/** Whether a string in it stands without quotes and is something else to YAML 1.1, as `yes` and `0644` are. */
function isAmbiguous(node: unknown): boolean {
  if (isSeq(node)) return node.items.some(isAmbiguous)
  if (isMap(node)) return node.items.some(({ value }) => isAmbiguous(value))
  if (!isScalar(node) || node.type !== 'PLAIN' || typeof node.value !== 'string') return false
  if (node.value.includes('\n')) return false
  // As a value, since `---` alone would be a mark.
  return parseDocument(`- ${node.source}`, { version: '1.1' }).toJS()?.[0] !== node.value
}
