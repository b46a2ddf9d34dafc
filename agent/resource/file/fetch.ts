/** Content that the agent gets from a URL itself: into a new file, and only what the checksum says stays there. */

import { RekindleError } from '../../../schemas/errors.ts'
import type { FileParams } from '../../../schemas/generated/types.ts'
import type { Host } from '../../host/host.ts'
import { type Digest, pathOf, type WantedFile, wantedDigest } from './state.ts'

/** Of certificates that are not trusted, as OpenSSL and Node name it. */
const tlsCode = /^(?:UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|ERR_TLS_CERT|HOSTNAME_MISMATCH|INVALID_CA)/

/** URLs of the content; empty where it comes with the catalog, or is none. */
export function urlsOf({ source, blob }: FileParams): readonly string[] {
  return blob === undefined && source !== undefined ? [source].flat() : []
}

/**
 * The first mirror that gives the right bytes is taken.
 *
 * @throws RekindleError `apply-failed` with what each of them answered; nothing is at `to` then
 */
export async function fetchContent(host: Host, wanted: WantedFile, to: string): Promise<void> {
  const failures: RekindleError[] = []
  for (const url of urlsOf(wanted.params)) {
    try {
      return await fetchOne(host, wanted, { url, to })
    } catch (error) {
      if (!(error instanceof RekindleError)) throw error
      failures.push(error)
    }
  }
  throw new RekindleError({
    code: 'apply-failed',
    message: `Cannot apply file "${pathOf(wanted)}": ${failures.map(({ message }) => message).join('; ')}`,
    where: wanted.where,
    kept: 'what stood there before',
    hint: failures.at(-1)?.hint,
  })
}

async function fetchOne(
  host: Host,
  { params }: WantedFile,
  { url, to }: { readonly url: string; readonly to: string },
): Promise<void> {
  const wanted = wantedDigest(params)
  const ca = url.startsWith('https:') ? { ca: host.trust.certificates(params.caFile) } : {}
  const found = await host.download.fetch(url, to, ca).catch((error: unknown) => {
    throw inWords(error)
  })
  const hex = wanted?.algorithm === 'sha512' ? sha512Of(host, to) : found.sha256
  if (hex === wanted?.hex) return
  await host.write.remove(to)
  throw mismatch(url, params, { found: hex, wanted })
}

function sha512Of({ files }: Host, path: string): string | undefined {
  const stat = files.stat(path)
  return stat === undefined ? undefined : files.sha512(path, stat)
}

/** A chain of causes in one message, since several mirrors may have failed. */
function inWords(error: unknown): unknown {
  if (!(error instanceof RekindleError) || !(error.cause instanceof Error)) return error
  // Of a host with several addresses, each has failed in its own way.
  const cause = error.cause instanceof AggregateError ? error.cause.errors[0] : error.cause
  const isUntrusted = 'code' in cause && tlsCode.test(String(cause.code))
  return new RekindleError({
    code: 'apply-failed',
    message: `${error.message}: ${isUntrusted ? 'its certificate is not trusted: ' : ''}${cause.message}`,
    hint: isUntrusted
      ? 'If its authority is to be trusted, name its certificate as caFile, or add it to the host’s store (update-ca-certificates)'
      : undefined,
  })
}

function mismatch(
  url: string,
  { sensitive }: FileParams,
  { found, wanted }: { readonly found: string | undefined; readonly wanted: Digest | undefined },
): RekindleError {
  const detail = sensitive === true ? '' : `: its ${wanted?.algorithm} is ${found}, not ${wanted?.hex}`
  return new RekindleError({
    code: 'apply-failed',
    message: `what came from "${withoutSecrets(url)}" is not what is wanted${detail}`,
    hint: 'Correct checksum, or find out who changed the file',
  })
}

/** Without user, password and query. */
function withoutSecrets(url: string): string {
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname}`
}
