/** Ordered resources as a catalog has them, contents taken out as blobs. Pure. */
import type { CatalogResource } from '../../schemas/generated/types.ts'
import { sha256 } from '../../schemas/hash.ts'
import type { Declared } from './declared.ts'
import type { OrderedResource } from './order.ts'

export interface RenderedResources {
  readonly resources: readonly CatalogResource[]
  /** Bytes by their SHA-256, in hexadecimal. */
  readonly blobs: ReadonlyMap<string, Uint8Array>
}

export function renderResources(ordered: readonly OrderedResource[]): RenderedResources {
  const blobs = new Map<string, Uint8Array>()
  const resources = ordered.map(({ id, declared, require, notify }): CatalogResource => {
    return {
      id,
      type: declared.type,
      title: declared.title,
      params: paramsOf(declared, blobs),
      ...(require.length === 0 ? {} : { require: [...require] }),
      ...(notify.length === 0 ? {} : { notify: [...notify] }),
      ...(declared.tags.length === 0 ? {} : { tags: [...declared.tags] }),
      ...(declared.noop === undefined ? {} : { noop: declared.noop }),
      where: declared.where,
    }
  })
  return { resources, blobs }
}

function paramsOf(
  { params, bytes }: Declared,
  blobs: Map<string, Uint8Array>,
): Readonly<Record<string, unknown>> {
  if (bytes === undefined) return params
  const name = sha256(bytes)
  blobs.set(name, bytes)
  const { content: _, source: __, ...rest } = params
  return { ...rest, blob: { sha256: name, size: bytes.length } }
}
