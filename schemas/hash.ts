import { hash } from 'node:crypto'
import { canonical } from './canonical.ts'

/** SHA-256 in hexadecimal, 64 characters; a string is hashed as UTF-8. */
export function sha256(bytes: string | Uint8Array): string {
  return hash('sha256', bytes, 'hex')
}

/** The name of a value: SHA-256 of its canonical JSON. */
export function hashOf(value: unknown): string {
  return sha256(canonical(value))
}
