/** Facts of a site's own: a program or JSON file on the host says them, a JSON Schema tells what they have to be. */
import { Ajv, type ValidateFunction } from 'ajv'
import { RekindleError } from '../../schemas/errors.ts'
import { renderDiagnostic, toDiagnostics } from '../../schemas/validate.ts'
import { type Compile, currentCompile } from './context.ts'
import type { FromSchema, JsonSchema } from './json-schema.ts'
import { callerPlace, type Place, renderPlace } from './place.ts'

export interface CustomFact<Value> {
  readonly name: string
  /**
   * What the host says, of the type that the schema gives. Undefined when it says nothing, or something that breaks the
   * schema: a new host has no program yet, and its catalog brings it. Readable inside a role only.
   */
  readonly value: Value | undefined
}

/**
 * Declares a fact that the file `/etc/rekindle/facts.d/<name>.json`, or a program `/etc/rekindle/facts.d/<name>` with any
 * extension, gives in JSON.
 *
 * @example
 * const rack = customFact('rack', { type: 'object', properties: { row: { type: 'integer' } }, required: ['row'] })
 * // in a role
 * if (rack.value !== undefined) file('/etc/rack', { content: `row ${rack.value.row}\n` })
 */
export function customFact<const Schema extends JsonSchema>(
  name: string,
  schema: Schema,
): CustomFact<FromSchema<Schema>> {
  const place = callerPlace()
  if (!/^[a-z][a-z0-9_]*$/.test(name)) {
    throw refuse(name, 'wanted lower-case letters, digits and underscores, a letter first')
  }
  const isValid = compileSchema(name, schema)
  return {
    name,
    get value() {
      const compile = currentCompile(`read fact "${name}"`)
      const value = compile.input.facts.custom[name]
      if (value === undefined) return undefined
      // The validator has just found it to be one.
      if (isValid(value)) return value as FromSchema<Schema>
      const reason = toDiagnostics(isValid.errors ?? [], value)
        .map(renderDiagnostic)
        .join('; ')
      noteProblem(compile, { name, place, reason: `it breaks its schema: ${reason}` })
      return undefined
    },
  }
}

interface Broken {
  readonly name: string
  readonly place: Place | undefined
  readonly reason: string
}

/** A role may read it at many places; it is told once. */
function noteProblem({ factProblems, siteDir }: Compile, { name, place, reason }: Broken): void {
  const source = renderPlace(place, siteDir)
  if (factProblems.some((known) => known.fact === name && known.source === source)) return
  factProblems.push({ fact: name, source, reason, kept: false })
}

function compileSchema(name: string, schema: JsonSchema): ValidateFunction {
  try {
    return new Ajv({ allErrors: true, strict: false }).compile(schema)
  } catch (cause) {
    throw refuse(name, 'its schema is no JSON Schema', cause)
  }
}

function refuse(name: string, reason: string, cause?: unknown): RekindleError {
  return new RekindleError({
    code: 'compile-failed',
    message: `Cannot declare fact ${JSON.stringify(name)}: ${reason}`,
    cause,
  })
}
