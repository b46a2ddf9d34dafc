/** Where secrets stand in a catalog: both sides must agree on it. A catalog has their names and places, never their values. */
import type { CatalogResource, SecretPlace } from './generated/types.ts'

/** Segments of letters, digits, `_`, `.` and `-`, none of which begins with a dot: safe in a path and in a URL. */
export const secretName = /^[A-Za-z0-9_][A-Za-z0-9_.-]*(?:\/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$/
export const longestSecretName = 200

/** Where the content of a resource that travels as a blob stands. */
export const contentPlace = '/blob'

/** How people see a secret. @example renderSecret('db/password') // '[secret db/password]' */
export function renderSecret(name: string): string {
  return `[secret ${name}]`
}

/** Names of all secrets that resources have, sorted, each once. */
export function secretsIn(resources: readonly CatalogResource[]): readonly string[] {
  const names = resources.flatMap(({ secrets = [] }) => secrets.flatMap(({ pieces }) => namesIn(pieces)))
  return [...new Set(names)].sort()
}

/** A place's text, each secret in it as `show` has it. */
export function joinPieces(pieces: SecretPlace['pieces'], show: (name: string) => string): string {
  return pieces.map((piece) => (typeof piece === 'string' ? piece : show(piece.secret))).join('')
}

function namesIn(pieces: SecretPlace['pieces']): readonly string[] {
  return pieces.flatMap((piece) => (typeof piece === 'string' ? [] : [piece.secret]))
}
