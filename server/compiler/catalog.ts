/** Ordered resources as a catalog has them, contents taken out as blobs. Pure. */
import type { CatalogResource } from '../../schemas/generated/types.ts'
import { sha256 } from '../../schemas/hash.ts'
import { collectedFrom } from './collected.ts'
import type { Declared } from './declared.ts'
import type { OrderedResource } from './order.ts'
import type { TakenReads } from './recorder.ts'

/** Of what was copied with a folder. */
const noReads: TakenReads = { own: [], by: 0 }

export interface RenderedResources {
  readonly resources: readonly CatalogResource[]
  /** Bytes by their SHA-256, in hexadecimal. */
  readonly blobs: ReadonlyMap<string, Uint8Array>
  /** For each resource, in their order. */
  readonly readsFor: readonly TakenReads[]
}

/** As authors give what becomes a blob. */
const contentNames: ReadonlySet<string> = new Set(['content', 'contentBase64', 'source'])

export function renderResources(ordered: readonly OrderedResource[]): RenderedResources {
  const blobs = new Map<string, Uint8Array>()
  const collected = collectedFrom(ordered.map(({ declared }) => declared))
  const resources = ordered.map(({ id, declared, require, notify }): CatalogResource => {
    return {
      id,
      type: declared.type,
      title: declared.title,
      params: { ...paramsOf(declared, blobs), ...collected(declared) },
      ...(require.length === 0 ? {} : { require: [...require] }),
      ...(notify.length === 0 ? {} : { notify: [...notify] }),
      ...(declared.tags.length === 0 ? {} : { tags: [...declared.tags] }),
      ...(declared.noop === undefined ? {} : { noop: declared.noop }),
      ...(declared.audit === undefined ? {} : { audit: auditOf(declared) }),
      ...(declared.schedule === undefined ? {} : { schedule: declared.schedule }),
      ...(declared.secrets === undefined ? {} : { secrets: [...declared.secrets] }),
      where: declared.where,
    }
  })
  return { resources, blobs, readsFor: ordered.map(({ declared }) => declared.reads ?? noReads) }
}

/** An author audits `content`; the agent knows it as a blob. */
function auditOf({ audit, bytes }: Declared): true | string[] {
  if (audit === true || audit === undefined) return true
  if (bytes === undefined) return [...audit]
  return [...new Set(audit.map((name) => (contentNames.has(name) ? 'blob' : name)))]
}

function paramsOf(
  { params, bytes }: Declared,
  blobs: Map<string, Uint8Array>,
): Readonly<Record<string, unknown>> {
  if (bytes === undefined) return params
  const name = sha256(bytes)
  blobs.set(name, bytes)
  const rest = Object.fromEntries(Object.entries(params).filter(([key]) => !contentNames.has(key)))
  return { ...rest, blob: { sha256: name, size: bytes.length } }
}
