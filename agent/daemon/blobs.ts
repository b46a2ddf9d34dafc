/** Before a catalog is accepted, every content that it names is on the host (decision 0001). */
import { RekindleError } from '../../schemas/errors.ts'
import type { Catalog } from '../../schemas/generated/types.ts'
import { contentPlace } from '../../schemas/secret.ts'
import type { FetchBlob, Pieces } from '../host/blob.ts'

/** What is needed of the host's content-addressed store. */
export interface Blobs {
  has(sha256: string): boolean
  put(sha256: string, pieces: Pieces): Promise<void>
  /** Removes every blob that is not in `keep`. */
  prune(keep: ReadonlySet<string>): void
  /** Contents that are never stored. */
  hold(contents: ReadonlyMap<string, Uint8Array>): void
}

const mostAtOnce = 8

/** Names of the blobs that a catalog needs: a parameter that is an object with `sha256` and `size` names one. */
export function blobsIn(catalog: Catalog): ReadonlySet<string> {
  const names = new Set<string>()
  for (const { params, secrets = [] } of catalog.resources) {
    // A content with secrets comes with the catalog.
    if (secrets.some(({ at }) => at === contentPlace)) continue
    for (const value of Object.values(params)) {
      if (typeof value !== 'object' || value === null || !('size' in value) || !('sha256' in value)) continue
      if (typeof value.sha256 === 'string') names.add(value.sha256)
    }
  }
  return names
}

/** Fetches what the store lacks, several at once. @throws the first failure; what was fetched before it is kept */
export async function fetchMissing(
  names: ReadonlySet<string>,
  blobs: Blobs,
  fetchBlob: FetchBlob,
): Promise<void> {
  const missing = [...names].filter((name) => !blobs.has(name)).values()
  const worker = async () => {
    for (const name of missing) await blobs.put(name, await fetchBlob(name))
  }
  const results = await Promise.allSettled(Array.from({ length: mostAtOnce }, worker))
  const failure = results.find((result) => result.status === 'rejected')
  if (failure !== undefined) throw asError(failure.reason)
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new RekindleError({ code: 'internal', message: String(reason) })
}
