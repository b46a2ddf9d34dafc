/**
 * Names of the temporary files that atomic writing makes beside the file they will become:
 * `.rekindle-<process id>-<random>-<name>`. The dot keeps them out of `*.conf`, run-parts, sudoers.d and systemd; the end of
 * the real name stays, since validators look at it.
 */
import { randomBytes } from 'node:crypto'

const pattern = /^\.rekindle-(\d+)-[0-9a-f]{32}-/
/** What Linux allows (NAME_MAX), in bytes. */
const longest = 255

/** @example temporaryName('nginx.conf') // '.rekindle-812-4f...c2-nginx.conf' */
export function temporaryName(name: string): string {
  const prefix = `.rekindle-${process.pid}-${randomBytes(16).toString('hex')}-`
  const room = longest - prefix.length
  let rest = name
  while (Buffer.byteLength(rest) > room) rest = rest.slice(1)
  return prefix + rest
}

/** Id of the process that made a temporary file; undefined for any other name. */
export function makerOf(name: string): number | undefined {
  const match = pattern.exec(name)
  return match === null ? undefined : Number(match[1])
}
