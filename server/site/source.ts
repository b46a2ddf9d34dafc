/** Where the site's code comes from: a folder, or a repository whose branches and tags are environments. */
import type { Commit, Remote } from '../store/site.ts'

/** The environment of hosts that are in no other, by its name in the store. */
export const mainEnvironment = ''

/** An environment's site as the audit log names it. */
export function siteTarget(environment: string): string {
  return environment === mainEnvironment ? 'site' : `environment:${environment}`
}

export interface Source {
  /** Asks for what is new. A failure is remembered, and what was had before stays. */
  refresh(): Promise<void>
  /** What an environment is now. @throws RekindleError `site-invalid` when it is not there */
  find(environment: string): Promise<FoundSite>
  /** Calls back when something may have changed. A call that is under way is waited for. */
  watch(onChange: () => Promise<unknown>): void
  /** Undefined for a folder. */
  readonly repository: Repository | undefined
  close(): Promise<void>
}

export interface FoundSite {
  /** Undefined for a folder. */
  readonly commit: Commit | undefined
  /** Gives a folder with the files, which is there until `use` is done. */
  withFiles<Result>(use: (dir: string) => Promise<Result>): Promise<Result>
}

export interface Repository {
  readonly url: string
  /** Branch or tag of hosts that are in no other environment. */
  readonly branch: string
  remote(): Remote
  /** Whether `older` is one of the commits that led to `newer`. */
  isAncestor(older: string, newer: string): Promise<boolean>
  /** The environment in which the server's configuration puts a host, if it does. */
  environmentOf(host: string): string | undefined
  /** All that the configuration names. */
  readonly environments: readonly string[]
}
