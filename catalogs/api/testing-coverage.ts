/**
 * Finds what a test of a site can reach, and makes the site's code note it: roles, calls that declare resources, and
 * branches. Lines stay where they are. Pure; the parser is given, since a site brings it with vitest.
 */
import { resourceTraits } from '../../schemas/generated/resource-traits.ts'
import { hitsName, roleHit } from './testing-hits.ts'

/** A node of a syntax tree, as ESTree has it. */
export interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly end: number
}

export interface Point {
  readonly kind: 'role' | 'resource' | 'branch'
  /** As it is noted; unique in a site. */
  readonly hit: string
  /** As people see it: `roles/web.ts:12: file(…)`. */
  readonly shown: string
}

export interface Instrumented {
  readonly points: readonly Point[]
  readonly code: string
}

/** Constructors are called as their types are, in camel case. */
const constructors: ReadonlySet<string> = new Set([
  ...Object.keys(resourceTraits).map((type) =>
    type.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
  ),
  ...['pkg', 'concat', 'fragment'],
])

/** One of several ways that the code may take, and how a note is put into it. */
interface Arm {
  readonly node: SyntaxNode
  readonly what: string
  readonly as: 'expression' | 'block' | 'first statement'
  /** What it means that the code went past it; for an `if` without `else`. */
  readonly past?: string
}

interface Edits {
  /** Texts that go in at an offset: what ends there first, then what begins there. */
  readonly closing: Map<number, string[]>
  readonly opening: Map<number, string[]>
}

/** `path` is relative to the site. */
export function instrument(path: string, code: string, program: SyntaxNode): Instrumented {
  const points: Point[] = []
  const edits: Edits = { closing: new Map(), opening: new Map() }
  const imported = importedNames(program)
  const lines = lineOf(code)

  function note(kind: Point['kind'], node: SyntaxNode, what: string): string {
    const hit = `${kind} ${path} ${points.length}`
    points.push({ kind, hit, shown: `${path}:${lines(node.start)}: ${what}` })
    return `globalThis.${hitsName}?.add(${JSON.stringify(hit)})`
  }
  function walk(node: SyntaxNode): void {
    const call = callOf(node, imported)
    if (call?.role !== undefined)
      points.push({
        kind: 'role',
        hit: roleHit(call.role),
        shown: `${path}:${lines(node.start)}: role ${call.role}`,
      })
    const arms = new Map(armsOf(node, code).map((arm) => [arm.node, arm]))
    for (const child of children(node)) {
      const arm = arms.get(child)
      if (call?.resource === child) {
        // In the argument, since a parenthesis before a call would go on with the line above.
        open(child, `(${note('resource', node, `${short(code.slice(node.start, child.end))}, …`)}, `)
      }
      if (arm !== undefined) enter(arm)
      walk(child)
      if (arm !== undefined) leave(arm)
      if (call?.resource === child) close(child, ')')
    }
  }
  function enter({ node, what, as }: Arm): void {
    const noted = note('branch', node, what)
    if (as === 'expression') open(node, `(${noted}, `)
    else open(node, as === 'block' ? `{${noted};` : `${noted};`)
  }
  function leave({ node, as, past }: Arm): void {
    if (as === 'expression') close(node, ')')
    if (as === 'block') close(node, past === undefined ? '}' : `} else {${note('branch', node, past)}}`)
  }
  function open({ start }: SyntaxNode, text: string): void {
    edits.opening.set(start, [...(edits.opening.get(start) ?? []), text])
  }
  function close({ end }: SyntaxNode, text: string): void {
    edits.closing.set(end, [...(edits.closing.get(end) ?? []), text])
  }
  walk(program)
  return { points, code: apply(code, edits) }
}

/** Whether a call names a role, or declares a resource, and then its first argument. */
function callOf(
  node: SyntaxNode,
  imported: ReadonlyMap<string, string>,
): { readonly role?: string; readonly resource?: SyntaxNode } | undefined {
  if (node.type !== 'CallExpression') return undefined
  const name = imported.get(String(part(part(node, 'callee'), 'name')))
  const [first] = list(node, 'arguments')
  if (name === undefined || first === undefined || first.type === 'SpreadElement') return undefined
  if (constructors.has(name)) return { resource: first }
  const title = part(first, 'value')
  return name === 'role' && typeof title === 'string' ? { role: title } : undefined
}

function armsOf(node: SyntaxNode, code: string): readonly Arm[] {
  const [consequent, alternate, right] = ['consequent', 'alternate', 'right'].map((name) => part(node, name))
  const text = (of: unknown) => (isNode(of) ? short(code.slice(of.start, of.end)) : '')
  const test = text(part(node, 'test'))
  const arm = (of: unknown, rest: Omit<Arm, 'node'>): readonly Arm[] =>
    isNode(of) ? [{ node: of, ...rest }] : []
  switch (node.type) {
    case 'IfStatement': {
      const past = isNode(alternate) ? {} : { past: `if (${test}) is false` }
      return [
        ...arm(consequent, { what: `if (${test})`, as: 'block', ...past }),
        ...arm(alternate, { what: `if (${test}) is false`, as: 'block' }),
      ]
    }
    case 'ConditionalExpression':
      return [
        ...arm(consequent, { what: `${test} ? …`, as: 'expression' }),
        ...arm(alternate, { what: `${test} ? … is false`, as: 'expression' }),
      ]
    case 'LogicalExpression':
      return arm(right, { what: `${String(part(node, 'operator'))} ${text(right)}`, as: 'expression' })
    case 'SwitchCase': {
      const what = test === '' ? 'default' : `case ${test}`
      return arm(list(node, 'consequent')[0], { what, as: 'first statement' })
    }
    default:
      return []
  }
}

function apply(code: string, { closing, opening }: Edits): string {
  const offsets = [...new Set([...closing.keys(), ...opening.keys()])].toSorted((a, b) => a - b)
  let done = 0
  let text = ''
  for (const at of offsets) {
    text += code.slice(done, at) + [...(closing.get(at) ?? []), ...(opening.get(at) ?? [])].join('')
    done = at
  }
  return text + code.slice(done)
}

/** Local names by which things of 'rekindle' are called, with their own names. */
function importedNames(program: SyntaxNode): ReadonlyMap<string, string> {
  const imports = list(program, 'body').filter(
    (node) => node.type === 'ImportDeclaration' && part(part(node, 'source'), 'value') === 'rekindle',
  )
  return new Map(
    imports
      .flatMap((node) => list(node, 'specifiers'))
      .map((specifier) => [
        String(part(part(specifier, 'local'), 'name')),
        String(part(part(specifier, 'imported'), 'name')),
      ]),
  )
}

function children(node: SyntaxNode): readonly SyntaxNode[] {
  return Object.values(node)
    .flat()
    .filter(isNode)
    .toSorted((a, b) => a.start - b.start)
}

function part(node: unknown, name: string): unknown {
  return typeof node === 'object' && node !== null ? Reflect.get(node, name) : undefined
}

function list(node: SyntaxNode, name: string): readonly SyntaxNode[] {
  const value = part(node, name)
  return Array.isArray(value) ? value.filter(isNode) : []
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof part(value, 'type') === 'string' && typeof part(value, 'start') === 'number'
}

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length > 40 ? `${line.slice(0, 39)}…` : line
}

function lineOf(code: string): (offset: number) => number {
  const ends = [...code.matchAll(/\n/g)].map(({ index }) => index)
  return (offset) => 1 + ends.filter((end) => end < offset).length
}

export interface CoverageSummary {
  readonly kinds: readonly { readonly kind: Point['kind']; readonly hit: number; readonly all: number }[]
  /** What no test came to, in order of place. */
  readonly missed: readonly Point[]
  /** Share of all points, from 0 to 100; 100 where there are none. */
  readonly percent: number
}

export function summarise(points: readonly Point[], hits: ReadonlySet<string>): CoverageSummary {
  const count = (of: readonly Point[]) => of.filter(({ hit }) => hits.has(hit)).length
  const kinds = (['role', 'resource', 'branch'] as const).map((kind) => {
    const of = points.filter((point) => point.kind === kind)
    return { kind, hit: count(of), all: of.length }
  })
  const percent = points.length === 0 ? 100 : (100 * count(points)) / points.length
  return { kinds, missed: points.filter(({ hit }) => !hits.has(hit)), percent }
}

/** `threshold`: the least share that is enough. */
export function renderCoverage({ kinds, missed, percent }: CoverageSummary, threshold: number): string {
  const parts = kinds.map(({ kind, hit, all }) => `${hit} of ${all} ${plural[kind]}`)
  const lines = missed.map(({ shown }) => `  ${shown}`)
  const verdict = percent < threshold ? [`Tests came to ${percent.toFixed(1)} %, wanted ${threshold} %`] : []
  return [
    `Tests came to ${parts.join(', ')}`,
    ...(missed.length === 0 ? [] : ['No test came to:', ...lines]),
    ...verdict,
  ].join('\n')
}

const plural = { role: 'roles', resource: 'resources', branch: 'branches' } as const
