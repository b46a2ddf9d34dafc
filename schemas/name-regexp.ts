/**
 * Regular expressions over host names, matched in time that grows with the name and not with what an author wrote: a site's
 * pattern is matched in the server, where `/^(a+)+$/` as Node runs it would keep all hosts waiting. Means what JavaScript
 * means by it; what has no such matcher (look-around, back references) is refused. Pure.
 *
 * Thompson's way: the expression becomes steps, and all places at which a match could be are followed together.
 */

export type NameRegExp = {
  matches(name: string): boolean
  /** A short name that it matches, for trying out; undefined when none was found at once. */
  readonly sample: string | undefined
}

type Has = (char: string) => boolean

type Node =
  | { readonly kind: 'char'; readonly has: Has }
  | { readonly kind: 'edge'; readonly at: 'start' | 'end' }
  | { readonly kind: 'sequence' | 'choice'; readonly of: readonly Node[] }
  | { readonly kind: 'repeat'; readonly of: Node; readonly least: number; readonly most: number }

type Step =
  | { readonly kind: 'char'; readonly has: Has }
  | { readonly kind: 'edge'; readonly at: 'start' | 'end' }
  /** Goes on at each of them, relative to itself. */
  | { readonly kind: 'go'; readonly to: readonly number[] }

/** Each is looked at once a character at most. */
const mostSteps = 500
const mostDepth = 50

/**
 * @param source as in `/source/flags`
 * @throws SyntaxError that says what is wrong or not supported
 */
export function parseNameRegExp(source: string, flags: string): NameRegExp {
  const unknown = /[^iu]/.exec(flags)?.[0]
  if (unknown !== undefined) throw new SyntaxError(`flag "${unknown}" means nothing for a host name`)
  const node = parse(source, flags.includes('i'))
  const steps = compile(node)
  const matches = (name: string) => search(steps, name)
  const sample = sampleOf(node)
  return { matches, sample: sample !== '' && matches(sample) ? sample : undefined }
}

function parse(source: string, ignoresCase: boolean): Node {
  let at = 0
  let depth = 0
  const take = (text: string) => {
    if (!source.startsWith(text, at)) return false
    at += text.length
    return true
  }
  const takeMatch = (pattern: RegExp) => {
    const found = pattern.exec(source.slice(at))
    at += found?.[0].length ?? 0
    return found
  }
  const char = (has: Has): Node => ({
    kind: 'char',
    has: ignoresCase ? (one) => has(one) || has(one.toLowerCase()) || has(one.toUpperCase()) : has,
  })
  function choice(): Node {
    const of = [sequence()]
    while (take('|')) of.push(sequence())
    return { kind: 'choice', of }
  }
  function sequence(): Node {
    const of: Node[] = []
    while (at < source.length && source[at] !== '|' && source[at] !== ')') of.push(repeated())
    return { kind: 'sequence', of }
  }
  function repeated(): Node {
    const of = atom()
    const found = takeMatch(/^(?:([*+?])|\{(\d{1,3})(,(\d{1,3})?)?\})\??/)
    if (found === null) return of
    if (of.kind === 'edge') throw new SyntaxError('"^" and "$" cannot be repeated')
    const [, sign, least = '0', range, most = 'Infinity'] = found
    const bounds =
      sign === undefined
        ? { least: Number(least), most: Number(range === undefined ? least : most) }
        : { least: sign === '+' ? 1 : 0, most: sign === '?' ? 1 : Number.POSITIVE_INFINITY }
    return { kind: 'repeat', of, ...bounds }
  }
  function atom(): Node {
    if (take('^')) return { kind: 'edge', at: 'start' }
    if (take('$')) return { kind: 'edge', at: 'end' }
    if (take('(')) return group()
    if (take('[')) return set()
    if (take('.')) return char((one) => !/[\n\r\u2028\u2029]/.test(one))
    if (take('\\')) return char(escaped())
    const literal = source[at] ?? ''
    if (literal === '{') throw new SyntaxError('"{" wants numbers and a "}", or a "\\" before it')
    at++
    return char((one) => one === literal)
  }
  function group(): Node {
    const look = takeMatch(/^\?(?:<?[=!])/)?.[0]
    if (look !== undefined) throw new SyntaxError(`look-around "(${look}" is not supported`)
    if (takeMatch(/^\?(?::|<[A-Za-z_]\w*>)/) === null && source[at] === '?')
      throw new SyntaxError('"(?" is only supported as "(?:" and "(?<name>"')
    depth++
    if (depth > mostDepth) throw new SyntaxError(`groups are more than ${mostDepth} deep`)
    const inside = choice()
    depth--
    take(')')
    return inside
  }
  function set(): Node {
    const isInverted = take('^')
    const members: Has[] = []
    while (at < source.length && !take(']')) members.push(member())
    const { has } = char((one) => members.some((accepts) => accepts(one))) as Extract<Node, { kind: 'char' }>
    return { kind: 'char', has: isInverted ? (one) => !has(one) : has }
  }
  function member(): Has {
    const range = takeMatch(/^([^\\\]])-([^\\\]])/)
    if (range !== null) {
      const [, first = '', last = ''] = range
      return (one) => one >= first && one <= last
    }
    if (take('\\')) return escaped()
    const literal = source[at++] ?? ''
    return (one) => one === literal
  }
  function escaped(): Has {
    const name = source[at++] ?? ''
    const known = classes[name]
    if (known !== undefined) return (one) => known.test(one)
    if (/\d/.test(name)) throw new SyntaxError(`back reference "\\${name}" is not supported`)
    if (/[A-Za-z]/.test(name)) throw new SyntaxError(`"\\${name}" is not supported`)
    return (one) => one === name
  }
  return choice()
}

const classes: Readonly<Record<string, RegExp>> = { d: /\d/, D: /\D/, w: /\w/, W: /\W/, s: /\s/, S: /\S/ }

function compile(node: Node): readonly Step[] {
  const steps = stepsOf(node)
  if (steps.length > mostSteps) throw tooLarge()
  return steps
}

function stepsOf(node: Node): readonly Step[] {
  switch (node.kind) {
    case 'char':
    case 'edge':
      return [node]
    case 'sequence':
      return node.of.flatMap(stepsOf)
    case 'choice':
      return choose(node.of.map(stepsOf))
    case 'repeat':
      return repeat(stepsOf(node.of), node)
    default:
      return node satisfies never
  }
}

function choose([first = [], ...others]: readonly (readonly Step[])[]): readonly Step[] {
  if (others.length === 0) return first
  const rest = choose(others)
  return [{ kind: 'go', to: [1, first.length + 2] }, ...first, { kind: 'go', to: [rest.length + 1] }, ...rest]
}

function repeat(
  once: readonly Step[],
  { least, most }: { readonly least: number; readonly most: number },
): readonly Step[] {
  const copies = Number.isFinite(most) ? most : least + 1
  if (once.length * copies > mostSteps) throw tooLarge()
  const must = Array.from({ length: least }, () => once).flat()
  if (!Number.isFinite(most)) {
    const back: Step = { kind: 'go', to: [-once.length - 1] }
    return [...must, { kind: 'go', to: [1, once.length + 2] }, ...once, back]
  }
  const may = Array.from({ length: Math.max(0, most - least) }, (): readonly Step[] => [
    { kind: 'go', to: [1, once.length + 1] },
    ...once,
  ])
  return [...must, ...may.flat()]
}

function tooLarge(): SyntaxError {
  return new SyntaxError(`it takes more than ${mostSteps} steps to match; repeat less`)
}

/** Whether it matches anywhere in the name. */
function search(steps: readonly Step[], name: string): boolean {
  let places = new Set<number>()
  for (let index = 0; index <= name.length; index++) {
    const here = follow(steps, [...places, 0], { isStart: index === 0, isEnd: index === name.length })
    if (here.has(steps.length)) return true
    places = new Set()
    for (const place of here) {
      const step = steps[place]
      if (step?.kind === 'char' && step.has(name[index] ?? '')) places.add(place + 1)
    }
  }
  return false
}

/** Every place that is reached without taking a character. */
function follow(
  steps: readonly Step[],
  from: readonly number[],
  { isStart, isEnd }: { readonly isStart: boolean; readonly isEnd: boolean },
): ReadonlySet<number> {
  const reached = new Set<number>()
  const open = [...from]
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    if (reached.has(place)) continue
    reached.add(place)
    const step = steps[place]
    if (step?.kind === 'go') for (const to of step.to) open.push(place + to)
    if (step?.kind === 'edge' && (step.at === 'start' ? isStart : isEnd)) open.push(place + 1)
  }
  return reached
}

const sampleChars = '1abcdefghijklmnopqrstuvwxyz023456789-._ABCDEFGHIJKLMNOPQRSTUVWXYZ'

function sampleOf(node: Node): string {
  switch (node.kind) {
    case 'char':
      return [...sampleChars].find((char) => node.has(char)) ?? ''
    case 'edge':
      return ''
    case 'sequence':
      return node.of.map(sampleOf).join('')
    case 'choice':
      return node.of.map(sampleOf).find((found) => found !== '') ?? ''
    case 'repeat':
      return sampleOf(node.of).repeat(node.least)
    default:
      return node satisfies never
  }
}
