/** Pure: what a host has, as TypeScript that an author can paste into a role. */
import type { Instance } from '../resource/resource-type.ts'

export interface Inspected {
  readonly type: string
  readonly instances: readonly Instance[]
}

const width = 100

/** The name of a type's constructor in 'rekindle'. @example constructorOf('host_entry') // 'hostEntry' */
export function constructorOf(type: string): string {
  if (type === 'package') return 'pkg'
  return type.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

/**
 * One constructor call for each instance, without the import.
 *
 * @example renderInstances({ type: 'user', instances: [{ title: 'ada', params: { uid: 1000 } }] })
 * // "user('ada', { uid: 1000 })\n"
 */
export function renderInstances({ type, instances }: Inspected): string {
  return instances.map((one) => `${renderCall(type, one)}\n`).join('')
}

/** The import that the calls need. */
export function renderImport(types: readonly string[], more: readonly string[] = []): string {
  const names = [...new Set([...types.map(constructorOf), ...more])].sort()
  const line = `import { ${names.join(', ')} } from 'rekindle'\n`
  return line.length <= width
    ? line
    : `import {\n${names.map((name) => `  ${name},\n`).join('')}} from 'rekindle'\n`
}

function renderCall(type: string, { title, params }: Instance): string {
  const name = constructorOf(type)
  const given = Object.entries(params).filter(([, value]) => value !== undefined)
  if (given.length === 0) return `${name}(${renderString(title)}, {})`
  return `${name}(${renderString(title)}, ${renderValue(Object.fromEntries(given), '')})`
}

/** In one line where it fits and holds no text of several lines. */
function renderValue(value: unknown, indent: string): string {
  if (typeof value === 'string') return renderString(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined'
  const open = Array.isArray(value) ? '[' : '{ '
  const close = Array.isArray(value) ? ']' : ' }'
  const inner = `${indent}  `
  const members = Array.isArray(value)
    ? value.map((member: unknown) => renderValue(member, inner))
    : Object.entries(value).map(([key, member]) => `${renderKey(key)}: ${renderValue(member, inner)}`)
  if (members.length === 0) return `${open}${close}`.replaceAll(' ', '')
  const line = `${open}${members.join(', ')}${close}`
  if (!line.includes('\n') && indent.length + line.length <= width) return line
  return `${open.trim()}\n${members.map((member) => `${inner}${member},\n`).join('')}${indent}${close.trim()}`
}

function renderKey(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : renderString(key)
}

/** Single quotes; text of several lines as a template, so that it reads as it stands in the file. */
function renderString(text: string): string {
  const isPlainLines = /^(?:[\t\n]|\P{Cc})*$/u.test(text)
  if (text.includes('\n') && isPlainLines && text.indexOf('\n') < text.length - 1)
    return `\`${text.replace(/[\\`]|\$(?=\{)/g, '\\$&')}\``
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")
  return `'${escaped}'`
}
