/** Hands a host its catalog: facts in, a signed envelope out, stored before it is sent. */
import { canonical } from '../../schemas/canonical.ts'
import { seal } from '../../schemas/envelope.ts'
import { RekindleError } from '../../schemas/errors.ts'
import type { Facts } from '../../schemas/generated/types.ts'
import { sha256 } from '../../schemas/hash.ts'
import type { Authority } from '../ca/authority.ts'
import type { Context } from '../context.ts'
import { findEnvelope, saveCatalog } from '../store/catalog.ts'
import { saveAddress, saveFacts, saveHandedCatalog } from '../store/incarnation.ts'
import { transact } from '../store/statement.ts'
import type { CompiledCatalog, Compiler } from './compiler.ts'
import type { Site } from './site.ts'

export interface CatalogRequester {
  readonly incarnation: number
  readonly host: string
  readonly address: string
}

export interface HandedCatalog {
  /** SHA-256 of the payload; the ETag. */
  readonly hash: string
  /** JSON of the envelope. */
  readonly envelope: () => string
}

export interface CatalogDesk {
  /**
   * The catalog of a host for the facts that it sent.
   *
   * @throws RekindleError `catalog-unavailable` before the first good site; what the compiler throws.
   */
  hand(requester: CatalogRequester, facts: Facts): Promise<HandedCatalog>
}

export interface CatalogSettings {
  readonly authority: Authority
  readonly compiler: Compiler
  readonly site: Pick<Site, 'placeOf' | 'revision' | 'nameOf'>
}

/**
 * A compile is a function of revision, host and facts, so equal ones since this server started are answered without
 * compiling: `handed` remembers, by incarnation, what was handed for which.
 */
export function createCatalogDesk(context: Context, settings: CatalogSettings): CatalogDesk {
  const handed = new Map<number, { key: string; hash: string }>()
  const { db } = context
  const { compiler, site, authority } = settings
  return {
    async hand(requester, facts) {
      const { environment } = site.placeOf(requester.host)
      const revision = site.revision(environment)
      if (revision === undefined) throw unavailable(site.nameOf(environment))
      const factsJson = canonical(facts)
      const key = `${environment} ${revision} ${sha256(factsJson)}`
      const known = handed.get(requester.incarnation)
      if (known?.key === key) return stored(context, known.hash)

      if (saveFacts(db, requester.incarnation, factsJson, context.now())) {
        saveAddress(db, requester.incarnation, requester.address)
        context.live.emit({ type: 'host', host: requester.host })
      }
      const compiled = await compiler.compile(requester.host, facts, environment)
      const hash = save(context, authority, requester, { ...compiled, environment })
      // The site may have changed while this was compiled; then the next request compiles again.
      if (compiled.catalog.revision === revision) handed.set(requester.incarnation, { key, hash })
      return stored(context, hash)
    },
  }
}

function save(
  context: Context,
  authority: Authority,
  requester: CatalogRequester,
  { catalog, blobs, role, environment }: CompiledCatalog & { readonly environment: string },
): string {
  const envelope = seal(catalog, authority.catalogKey)
  const { hash } = envelope
  const { revision } = catalog
  transact(context.db, () => {
    saveCatalog(
      context.db,
      { hash, host: requester.host, revision, envelope: JSON.stringify(envelope) },
      blobs,
      context.now(),
    )
    saveHandedCatalog(context.db, requester.incarnation, { hash, role, revision, environment })
  })
  context.live.emit({ type: 'host', host: requester.host })
  return hash
}

function stored({ db }: Context, hash: string): HandedCatalog {
  return {
    hash,
    envelope: () => {
      const envelope = findEnvelope(db, hash)
      if (envelope === undefined) {
        throw new RekindleError({ code: 'internal', message: `Cannot find catalog "${hash}"` })
      }
      return envelope
    },
  }
}

function unavailable(environment: string | null): RekindleError {
  const what = environment === null ? 'the site' : `environment "${environment}"`
  return new RekindleError({
    code: 'catalog-unavailable',
    message: `Cannot compile a catalog: no revision of ${what} has been good yet`,
    kept: 'the last good catalog',
    hint: 'See what is wrong with the site: rekindle check DIR, or the page',
  })
}
