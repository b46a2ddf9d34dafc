/**
 * Authorities that this host trusts, for what the agent fetches from others than its server. Read anew each time, so that
 * one that was added in the same run counts. Node's own list stands in where the host has no store.
 */
import { readFileSync } from 'node:fs'
import { RekindleError } from '../../schemas/errors.ts'

export interface Trust {
  /**
   * Certificates (PEM) of the host's store, and of one file more.
   *
   * @throws RekindleError `apply-failed` when that file cannot be read or has no certificate
   */
  certificates(file?: string): string
}

/** Debian and Alpine, Fedora, openSUSE. */
const stores = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/ca-bundle.pem',
]

export function createTrust(places: readonly string[] = stores): Trust {
  return {
    certificates(file) {
      const own = places.map(readIfThere).find((text) => text !== undefined)
      return [own ?? nodesOwn(), ...(file === undefined ? [] : [readMore(file)])].join('\n')
    },
  }
}

/** TLS takes long to load, and few runs need it. */
function nodesOwn(): string {
  return process.getBuiltinModule('node:tls').rootCertificates.join('\n')
}

function readIfThere(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8')
    return text.includes('BEGIN CERTIFICATE') ? text : undefined
  } catch {
    return undefined
  }
}

function readMore(path: string): string {
  const text = readIfThere(path)
  if (text !== undefined) return text
  throw new RekindleError({
    code: 'apply-failed',
    message: `Cannot read authorities to trust from "${path}": it has no certificate in PEM, or cannot be read`,
    hint: `Declare file "${path}", and name it as caFile`,
  })
}
