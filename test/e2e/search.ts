/** Looks for a planted value in every byte of folders and texts, as it is and as it may be encoded or hashed. */
import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** How a value may show. */
export function formsOf(value: string): readonly Buffer[] {
  const bytes = Buffer.from(value)
  const digest = createHash('sha256').update(bytes)
  const sum = digest.digest()
  return [
    bytes,
    // Without its padding, which depends on what comes after it.
    ...[bytes, sum].map((of) => Buffer.from(of.toString('base64').replace(/.{0,2}=*$/, ''))),
    ...[bytes, sum].map((of) => Buffer.from(of.toString('hex'))),
    sum,
  ]
}

export function isIn(haystack: Uint8Array | string, values: readonly string[]): boolean {
  const bytes = Buffer.from(haystack)
  return values.flatMap(formsOf).some((form) => bytes.includes(form))
}

/** Paths of all files below that have one of the values. */
export function filesWith(dir: string, values: readonly string[]): readonly string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(dir, name))
    .filter((path) => lstatSync(path).isFile() && isIn(readFileSync(path), values))
}
