/** Hands a host its catalog: facts in, a signed envelope out, stored before it is sent. */

import type { KeyObject } from 'node:crypto'
import { canonical } from '../../schemas/canonical.ts'
import { seal, signSealed } from '../../schemas/envelope.ts'
import { RekindleError, toError } from '../../schemas/errors.ts'
import type { CatalogRequest, FactProblem } from '../../schemas/generated/types.ts'
import { sha256 } from '../../schemas/hash.ts'
import { secretsIn } from '../../schemas/secret.ts'
import type { Authority } from '../ca/authority.ts'
import type { Context } from '../context.ts'
import { sealFor } from '../secret/seal.ts'
import type { Secrets } from '../secret/secrets.ts'
import { saveCatalog } from '../store/catalog.ts'
import { attributesOf, saveAddress, saveFacts, saveHandedCatalog } from '../store/incarnation.ts'
import { transact } from '../store/statement.ts'
import { saveUses } from '../store/uses.ts'
import type { Classifier } from './classifier.ts'
import type { CompiledCatalog, Compiler } from './compiler.ts'
import { createEnvelopes } from './envelopes.ts'
import { keepPackages, withPackages } from './facts.ts'
import { holdBack } from './hold.ts'
import type { Site } from './site.ts'
import type { CatalogTally } from './tally.ts'
import type { VitalsBoard } from './vitals.ts'

export interface CatalogRequester {
  /** Its id. */
  readonly incarnation: number
  /** Which of its host's lives it is. */
  readonly number: number
  readonly host: string
  readonly address: string
  /** Of its certificate. */
  readonly publicKey: () => KeyObject
}

export interface HandedCatalog {
  /** SHA-256 of the payload; the ETag. */
  readonly hash: string
  /** JSON of the envelope, UTF-8, with its secrets sealed for who asked. */
  readonly envelope: () => Promise<Buffer>
}

export interface CatalogDesk {
  /**
   * The catalog of a host for what it said of itself.
   *
   * @throws RekindleError `catalog-unavailable` before the first good site; `packages-wanted`; `change-held`;
   * `secret-unavailable`; what the compiler throws.
   */
  hand(requester: CatalogRequester, request: CatalogRequest): Promise<HandedCatalog>
}

export interface CatalogSettings {
  readonly authority: Authority
  readonly compiler: Compiler
  readonly vitals: VitalsBoard
  readonly tally: CatalogTally
  readonly classifier: Classifier
  readonly secrets: Secrets
  readonly site: Pick<Site, 'placeOf' | 'revision' | 'nameOf'>
}

interface Handed {
  /** Revision, facts, packages and attributes. */
  readonly key: string
  /** Names of those in the catalog. */
  readonly secrets: readonly string[]
  /** Of their values, as canonical JSON. */
  readonly digests: string
  /** Hash of what it told of its packages. */
  readonly packages: string | null
  readonly hash: string
  /** Those that the compile found. */
  readonly factProblems: readonly FactProblem[]
}

/**
 * A compile is a function of revision, host and facts, so equal ones since this server started are answered without
 * compiling: `handed` remembers, by incarnation, what was handed for which. Vitals go past the compile, to the board.
 */
export function createCatalogDesk(context: Context, settings: CatalogSettings): CatalogDesk {
  const handed = new Map<number, Handed>()
  const envelopes = createEnvelopes(context.db)
  const { db } = context
  const { compiler, site, authority, vitals, tally, classifier } = settings

  async function resolve(host: string, names: readonly string[], revision: string): Promise<Resolved> {
    if (names.length === 0) return noSecrets
    try {
      const values = await settings.secrets.resolve(names, revision)
      return { values, digests: settings.secrets.digest(values) }
    } catch (error) {
      context.log.warn({ host, reason: toError(error).message }, 'secret.unavailable')
      throw error
    }
  }
  async function envelopeFor(
    { publicKey }: CatalogRequester,
    hash: string,
    { values }: Resolved,
  ): Promise<Buffer> {
    const stored = envelopes.find(hash)
    if (values.size === 0) return stored
    const sealed = signSealed(await sealFor(publicKey(), values), hash, authority.catalogKey)
    // Sealed anew each time and never stored: who gets at the database and a host's key later has no values.
    return Buffer.from(JSON.stringify({ ...JSON.parse(stored.toString()), sealed }))
  }
  return {
    async hand(requester, request) {
      const said = await classifier.look(requester.host)
      const { environment } = site.placeOf(requester.host)
      const revision = site.revision(environment)
      if (revision === undefined) throw unavailable(site.nameOf(environment))
      // As it was sent, which is how an agent sends it again; in another order it is another word, and asked again.
      const factsHash = sha256(JSON.stringify(request.facts))
      const keyWith = (packages: string | null) =>
        `${environment} ${revision} ${packages} ${factsHash} ${said}`
      const known = handed.get(requester.incarnation)
      // What it told last is asked of the store only when something else is new: most polls end here.
      const told = request.packages?.hash ?? known?.packages ?? null
      if (known !== undefined && known.packages === told && known.key === keyWith(told)) {
        const resolved = await resolve(requester.host, known.secrets, revision)
        if (canonical(resolved.digests) === known.digests) {
          tell(context, vitals, { requester, request, found: known.factProblems })
          tally.count('known')
          return { hash: known.hash, envelope: () => envelopeFor(requester, known.hash, resolved) }
        }
      }

      const packages = keepPackages(db, requester.incarnation, request.packages)
      if (saveFacts(db, requester.incarnation, canonical(request.facts), context.now())) {
        saveAddress(db, requester.incarnation, requester.address)
        context.live.emit({ type: 'host', host: requester.host })
      }
      const facts = withPackages(db, requester.incarnation, request.facts)
      const life = { incarnation: requester.number, attributes: attributesOf(db, requester.incarnation) }
      let factProblems: readonly FactProblem[] = []
      let compiled: CompiledCatalog
      try {
        compiled = await compiler.compile(requester.host, facts, { life, environment })
        factProblems = compiled.factProblems ?? []
        tally.count(compiled.cached ? 'found' : 'compiled')
      } catch (error) {
        tally.count('failed')
        throw error
      } finally {
        tell(context, vitals, { requester, request, found: factProblems })
      }
      const secrets = secretsIn(compiled.catalog.resources)
      const resolved = await resolve(requester.host, secrets, compiled.catalog.revision)
      const catalog = { ...compiled.catalog, ...(secrets.length > 0 && { secrets: resolved.digests }) }
      const { maxDropPercent = 100 } = site.placeOf(requester.host).pool ?? {}
      holdBack(context, { incarnation: requester.incarnation, catalog, maxDropPercent })
      const hash = save(context, authority, requester, { ...compiled, catalog, environment })
      // The site may have changed while this was compiled; then the next request compiles again.
      if (compiled.catalog.revision === revision) {
        const [key, digests] = [keyWith(packages), canonical(resolved.digests)]
        handed.set(requester.incarnation, { key, secrets, digests, packages, hash, factProblems })
      }
      return { hash, envelope: () => envelopeFor(requester, hash, resolved) }
    },
  }
}

/** Secrets of one catalog. */
interface Resolved {
  readonly values: ReadonlyMap<string, string>
  readonly digests: Readonly<Record<string, string>>
}

const noSecrets: Resolved = { values: new Map(), digests: {} }

interface Word {
  readonly requester: CatalogRequester
  readonly request: CatalogRequest
  /** Problems that the compile found. */
  readonly found: readonly FactProblem[]
}

/** Puts what changes by itself on the board; a problem of a fact is logged when it is new. */
function tell(context: Context, board: VitalsBoard, { requester, request, found }: Word): void {
  const { host, incarnation } = requester
  const factProblems = [...(request.factProblems ?? []), ...found]
  const before = board.find(host, incarnation)?.factProblems ?? []
  board.put(host, { incarnation, at: context.now(), vitals: request.vitals, factProblems })
  if (canonical(before) === canonical(factProblems)) return
  for (const problem of factProblems) context.log.warn({ host, ...problem }, 'fact.problem')
  context.live.emit({ type: 'host', host })
}

function save(
  context: Context,
  authority: Authority,
  requester: CatalogRequester,
  { catalog, blobs, role, reads, uses, environment }: CompiledCatalog & { readonly environment: string },
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
    saveUses(context.db, requester.incarnation, { ...uses, reads })
  })
  context.live.emit({ type: 'host', host: requester.host })
  return hash
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
