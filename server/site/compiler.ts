/** What the server needs of the compiler; server/compiler gives it, and main.ts joins the two. */
import type { Catalog, FactProblem, Facts, SiteManifest } from '../../schemas/generated/types.ts'
import type { Trusted } from '../../schemas/trusted.ts'
import type { Admission, Candidate } from '../compiler/compiler.ts'
import type { Read } from '../compiler/recorder.ts'
import type { Uses } from '../compiler/uses.ts'
import type { SiteProblem } from '../http/view.ts'

export type SiteCheck =
  | {
      readonly ok: true
      readonly revision: string
      readonly manifest: SiteManifest
      /** Absent: none. */
      readonly warnings?: readonly SiteProblem[]
    }
  | {
      readonly ok: false
      readonly revision: string
      readonly problems: readonly SiteProblem[]
      /** The same code may be good at another time. */
      readonly retry?: true
      /** It is good, and waits for a person. */
      readonly held?: true
    }

export interface CompiledCatalog {
  readonly catalog: Catalog
  /** Bytes of the blobs that the catalog names, by SHA-256 (hex). */
  readonly blobs: ReadonlyMap<string, Uint8Array>
  readonly role: string
  readonly pool: string
  /** Facts that the role read and that are not as the site declares them. Absent: none. */
  readonly factProblems?: readonly FactProblem[]
  /** It was found again, not compiled. */
  readonly cached: boolean
  /** What the role read. */
  readonly reads: readonly Read[]
  /** What of the site went into it. */
  readonly uses: Uses
}

/** What the server knows of the host itself. Absent: a first life without attributes. */
export type HostLife = Omit<Trusted, 'pool'>

export interface CompiledFor {
  readonly life?: HostLife
  /** Each environment is compiled from a revision of its own; absent, it is the only one. */
  readonly environment?: string
}

/** Each environment is compiled from a revision of its own; absent, it is the only one. */
export interface Compiler {
  /** Reads the folder as it stands now; a good one is compiled from until the next good one. */
  check(
    siteDir: string,
    environment?: string,
    /** Asked before it is compiled from; absent, it is. */
    admit?: (candidate: Candidate) => Promise<Admission>,
  ): Promise<SiteCheck>
  /** Goes back to a revision that was good before. */
  restore(revision: string, environment?: string): Promise<SiteManifest>
  /** Compiles nothing for the environment any more. */
  retire(environment: string): void
  /** Forgets revisions that are neither compiled from nor among these. */
  prune(keep: readonly string[]): Promise<void>
  /** @throws RekindleError `compile-failed` and its kin, with file and line. */
  compile(host: string, facts: Facts, about?: CompiledFor): Promise<CompiledCatalog>
  /** What the rules of that revision may ask of its data on a host; undefined when there is none. */
  ruleData(host: string, facts: unknown, environment?: string): object | undefined
  /** Of the revision that is compiled from. */
  manifest(environment?: string): SiteManifest | undefined
  close(): Promise<void>
}
