/** What the server needs of the compiler; server/compiler gives it, and main.ts joins the two. */
import type { Catalog, Facts, SiteManifest } from '../../schemas/generated/types.ts'
import type { SiteProblem } from '../http/view.ts'

export type SiteCheck =
  | {
      readonly ok: true
      readonly revision: string
      readonly manifest: SiteManifest
      /** Absent: none. */
      readonly warnings?: readonly SiteProblem[]
    }
  | { readonly ok: false; readonly revision: string; readonly problems: readonly SiteProblem[] }

export interface CompiledCatalog {
  readonly catalog: Catalog
  /** Bytes of the blobs that the catalog names, by SHA-256 (hex). */
  readonly blobs: ReadonlyMap<string, Uint8Array>
  readonly role: string
  readonly pool: string
}

export interface Compiler {
  /** Reads the folder as it stands now; a good one is compiled from until the next good one. */
  check(siteDir: string): Promise<SiteCheck>
  /** Goes back to a revision that was good before. */
  restore(revision: string): Promise<SiteManifest>
  /** @throws RekindleError `compile-failed` and its kin, with file and line. */
  compile(host: string, facts: Facts): Promise<CompiledCatalog>
  /** Of the revision that is compiled from. */
  manifest(): SiteManifest | undefined
  close(): Promise<void>
}
