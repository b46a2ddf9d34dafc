/** Hands a host its catalog: facts in, a signed envelope out, stored before it is sent. */
import { canonical } from '../../schemas/canonical.ts'
import { seal } from '../../schemas/envelope.ts'
import { RekindleError } from '../../schemas/errors.ts'
import type { CatalogRequest, FactProblem } from '../../schemas/generated/types.ts'
import { sha256 } from '../../schemas/hash.ts'
import type { Authority } from '../ca/authority.ts'
import type { Context } from '../context.ts'
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
}

export interface HandedCatalog {
  /** SHA-256 of the payload; the ETag. */
  readonly hash: string
  /** JSON of the envelope, UTF-8. */
  readonly envelope: () => Buffer
}

export interface CatalogDesk {
  /**
   * The catalog of a host for what it said of itself.
   *
   * @throws RekindleError `catalog-unavailable` before the first good site; `packages-wanted`; `change-held`; what the
   * compiler throws.
   */
  hand(requester: CatalogRequester, request: CatalogRequest): Promise<HandedCatalog>
}

export interface CatalogSettings {
  readonly authority: Authority
  readonly compiler: Compiler
  readonly vitals: VitalsBoard
  readonly tally: CatalogTally
  readonly classifier: Classifier
  readonly site: Pick<Site, 'placeOf' | 'revision' | 'nameOf'>
}

interface Handed {
  /** Revision, facts, packages and attributes. */
  readonly key: string
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
        tell(context, vitals, { requester, request, found: known.factProblems })
        tally.count('known')
        return { hash: known.hash, envelope: () => envelopes.find(known.hash) }
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
      const { maxDropPercent = 100 } = site.placeOf(requester.host).pool ?? {}
      holdBack(context, { incarnation: requester.incarnation, catalog: compiled.catalog, maxDropPercent })
      const hash = save(context, authority, requester, { ...compiled, environment })
      // The site may have changed while this was compiled; then the next request compiles again.
      if (compiled.catalog.revision === revision) {
        handed.set(requester.incarnation, { key: keyWith(packages), packages, hash, factProblems })
      }
      return { hash, envelope: () => envelopes.find(hash) }
    },
  }
}

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
