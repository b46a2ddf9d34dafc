/** What a source of secrets is to the resolver, and how what it gives is judged. Errors never have a value in them. */
import type { ServerConfig } from '../../schemas/generated/types.ts'

export type SecretConfig = NonNullable<ServerConfig['secrets']>[number]

/** Kind of source by its `from`. */
export type SourceOf<From extends SecretConfig['from']> = Extract<SecretConfig, { from: From }>

export interface SecretSource {
  /** For errors: `vault https://vault.example.org:8200`. */
  readonly name: string
  /** The value of a secret by its name without the prefix. @throws Error with the reason, and never a value */
  read(name: string, about: ReadFor): Promise<string>
}

export interface ReadFor {
  /** Folder of the site's revision that the host is served. */
  readonly siteDir: string
}

const longestValue = 64 * 1024

/** @throws Error for what is no value: empty, too long, or with a character that no text has */
export function assertValue(value: unknown): asserts value is string {
  if (typeof value !== 'string') throw new Error('its value is no text')
  if (value === '') throw new Error('its value is empty')
  if (Buffer.byteLength(value) > longestValue)
    throw new Error(`its value is longer than ${longestValue} bytes`)
  if (value.includes('\0')) throw new Error('its value has a NUL character')
  if (!value.isWellFormed() || value.includes('\uFFFD')) throw new Error('its value is no UTF-8 text')
}

/** Files and programs end their last line. */
export function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '')
}
