import type { ErrorObject } from 'ajv'
import { type ErrorCode, RekindleError } from './errors.ts'
import type { SchemaTypes } from './generated/types.ts'
import * as validators from './generated/validators.js'

/** Options of modules are checked by catalogs/module. */
export type SchemaName = Exclude<keyof SchemaTypes, `module/${string}`>

/** One thing that is wrong with a value. */
export interface Diagnostic {
  /** JSON pointer into the value; empty for the value itself. */
  readonly path: string
  readonly wanted: string
  readonly found: string
}

/** The standalone validators that generate.ts made, by schema name. */
const table = validators as unknown as Record<
  string,
  { (value: unknown): boolean; errors?: ErrorObject[] | null }
>

/** Whether a type of resource has a schema. */
export function isResourceType(type: string): boolean {
  return Object.hasOwn(table, exportName(`resource/${type}`))
}

/** All that is wrong with `value`, or an empty list. Shape and bounds are those of schemas/<name>.json. */
export function diagnose(name: SchemaName, value: unknown): readonly Diagnostic[] {
  const validator = table[exportName(name)]
  if (validator === undefined)
    throw new RekindleError({ code: 'internal', message: `Cannot find the schema "${name}"` })
  if (validator(value)) return []
  return toDiagnostics(validator.errors ?? [], value)
}

/** What ajv found wrong with `value`, in our words. */
export function toDiagnostics(errors: readonly ErrorObject[], value: unknown): readonly Diagnostic[] {
  return errors.map((error) => toDiagnostic(error, value))
}

/**
 * Checks a value from outside and gives it its type. `what` names it in the error.
 *
 * @throws RekindleError with `code` (default `bad-request`), listing everything that is wrong.
 */
export function validate<Name extends SchemaName>(
  name: Name,
  value: unknown,
  what: string,
  code: ErrorCode = 'bad-request',
): SchemaTypes[Name] {
  const diagnostics = diagnose(name, value)
  if (diagnostics.length === 0) return value as SchemaTypes[Name]
  throw new RekindleError({
    code,
    message: `Cannot read ${what}: ${diagnostics.map(renderDiagnostic).join('; ')}`,
  })
}

/** @example renderDiagnostic({ path: '/mode', wanted: 'string', found: '420' }) // '/mode: wanted string, found 420' */
export function renderDiagnostic(diagnostic: Diagnostic): string {
  return `${diagnostic.path || '/'}: wanted ${diagnostic.wanted}, found ${diagnostic.found}`
}

function exportName(schema: string): string {
  return schema.replaceAll(/[^a-z0-9]+/gi, '_')
}

function toDiagnostic(error: ErrorObject, root: unknown): Diagnostic {
  const params: Record<string, unknown> = error.params
  if (error.keyword === 'additionalProperties') {
    const path = `${error.instancePath}/${String(params.additionalProperty)}`
    return { path, wanted: 'no such parameter', found: show(at(root, path)) }
  }
  if (error.keyword === 'required') {
    return {
      path: `${error.instancePath}/${String(params.missingProperty)}`,
      wanted: 'a value',
      found: 'nothing',
    }
  }
  return { path: error.instancePath, wanted: wantedBy(error), found: show(at(root, error.instancePath)) }
}

function wantedBy(error: ErrorObject): string {
  const params: Record<string, unknown> = error.params
  switch (error.keyword) {
    case 'type':
      return [params.type].flat().join(' or ')
    case 'enum':
      return `one of ${(params.allowedValues as unknown[]).map(show).join(', ')}`
    case 'const':
      return show(params.allowedValue)
    default:
      return (error.message ?? error.keyword)
        .replace(/^must be (?=[<>])/, '')
        .replace(/^must (NOT )?/, (_, not: string | undefined) => (not ? 'not to ' : ''))
  }
}

function at(root: unknown, pointer: string): unknown {
  let value = root
  for (const part of pointer.split('/').slice(1)) {
    if (typeof value !== 'object' || value === null) return undefined
    value = Reflect.get(value, part.replaceAll('~1', '/').replaceAll('~0', '~'))
  }
  return value
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}
