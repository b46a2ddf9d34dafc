/**
 * The door for what hosts say of themselves. Agents and server are seldom of one version: what a newer agent adds is left
 * out, and what an older one does not know has the default of schemas/protocol/facts.json.
 */
import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import { RekindleError } from '../../schemas/errors.ts'
import type { CatalogRequest, Facts } from '../../schemas/generated/types.ts'
import { hashOf } from '../../schemas/hash.ts'
import { renderDiagnostic, toDiagnostics } from '../../schemas/validate.ts'
import type { Db } from '../store/db.ts'
import { findPackages, packagesHashOf, savePackages } from '../store/packages.ts'

const schemas = ['facts', 'vitals', 'fact-problem', 'catalog-request'].map((name) => {
  const path = new URL(`../../schemas/protocol/${name}.json`, import.meta.url)
  // Our references are whole names; to ajv they are relative to the folder of the schema that they stand in.
  return JSON.parse(readFileSync(path, 'utf8').replaceAll(/("\$ref": *")protocol\//g, '$1')) as object
})
const ajv = new Ajv({ schemas, allErrors: true, strict: false, removeAdditional: true, useDefaults: true })

/** @throws RekindleError `bad-request` with all that is wrong */
export function acceptFacts(value: unknown): Facts {
  return accept('protocol/facts', value, 'the facts') as Facts
}

/** @throws RekindleError `bad-request` with all that is wrong */
export function acceptCatalogRequest(value: unknown): CatalogRequest {
  return accept('protocol/catalog-request', value, 'the catalog request') as CatalogRequest
}

/** Changes the value that it is given. */
function accept(schema: string, value: unknown, what: string): unknown {
  const validator = ajv.getSchema(schema) as ValidateFunction
  if (validator(value)) return value
  const wrong = toDiagnostics(validator.errors ?? [], value).map(renderDiagnostic)
  throw new RekindleError({ code: 'bad-request', message: `Cannot read ${what}: ${wrong.join('; ')}` })
}

/**
 * Keeps what a host told of its packages, and gives the hash of what holds for it now: without a word, what it told last.
 *
 * @throws RekindleError `packages-wanted` when the hash tells nothing, `bad-request` when it is not that of the versions
 */
export function keepPackages(db: Db, incarnation: number, told: CatalogRequest['packages']): string | null {
  const known = packagesHashOf(db, incarnation)
  if (told === undefined || told.hash === known) return known
  if (told.versions !== undefined && hashOf(told.versions) !== told.hash) {
    throw new RekindleError({
      code: 'bad-request',
      message: 'Cannot read the packages: their hash is another one',
    })
  }
  if (savePackages(db, incarnation, told)) return told.hash
  throw new RekindleError({
    code: 'packages-wanted',
    message: 'Cannot compile: the versions of the packages are not known yet',
    hint: 'The agent sends them now',
  })
}

/** What a role reads: what the host said, and its packages. */
export function withPackages(db: Db, incarnation: number, facts: Facts): Facts {
  const versions = findPackages(db, incarnation)?.versions
  if (versions === undefined) return facts
  // The column holds what protocol/catalog-request accepted.
  return { ...facts, packages: JSON.parse(versions) as Facts['packages'] }
}
