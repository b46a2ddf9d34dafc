/**
 * What a resource type is to the engine. The engine knows this interface and no type by name.
 *
 * The contract, which resource/contract.ts tests for every type:
 * - `read` and `diff` write nothing. `diff` is pure; an empty list means "in sync".
 * - After `apply` of every change, a new `read` and `diff` give an empty list (the engine checks this).
 * - `apply` is idempotent: killed anywhere and run again, the host ends in the same state; it never leaves a half-made
 *   thing where a whole one stood.
 * - A failure is a thrown RekindleError that says what was tried, what the tool answered and what was kept.
 * - Nothing sensitive appears in a change: `from` and `to` of such a property are `[redacted]`, and there is no diff.
 */
import type { Change } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { Host } from '../host/host.ts'

/** One resource as the catalog wants it. */
export interface Wanted<Params> {
  readonly id: ResourceId
  readonly title: string
  readonly params: Params
  /** `path:line` in the site. */
  readonly where: string
}

/** What `read` found; an `Error` stands for a resource that could not be read, and fails that one alone. */
export type Reading<State> = ReadonlyMap<ResourceId, State | Error>

/** One resource that differs, as `applyMany` gets it. */
export interface Step<Params, State> {
  readonly wanted: Wanted<Params>
  readonly actual: State
  readonly changes: readonly Change[]
}

/** What a change has to say for the report, nothing sensitive in it. */
export interface Told {
  /** The last lines of what a command printed. */
  readonly output: string
}

/** A thing that the host has, as a role would declare it. */
export interface Instance {
  readonly title: string
  /** As an author writes them (`content`, not `blob`). Declared so, it would change nothing. */
  readonly params: Readonly<Record<string, unknown>>
  /** Why it is never purged and not adopted, such as `an essential package`. */
  readonly protectedBy?: string
}

export interface ResourceType<Params, State> {
  /** The type's name, as in `resource/<name>` and in ids. */
  readonly name: string
  /** Actual state of all wanted resources of this type, in as few calls as the host allows. */
  read(host: Host, wanted: readonly Wanted<Params>[]): Promise<Reading<State>> | Reading<State>
  /** What differs, for people and for `apply`. Empty: in sync. */
  diff(wanted: Wanted<Params>, actual: State): readonly Change[]
  /** Brings the host to the wanted state. Called only when `changes` is not empty, and never in no-op mode. */
  apply(
    host: Host,
    wanted: Wanted<Params>,
    actual: State,
    changes: readonly Change[],
    // biome-ignore lint/suspicious/noConfusingVoidType: most types have nothing to tell.
  ): Promise<Told | void>
  /**
   * `apply` for several at once, where that is quicker: one apt-get for a hundred packages. They stand next to each other
   * in the catalog and none depends on another. When it throws, some may be done and some not: the engine reads again and
   * takes those that still differ one by one, so it need not tell whose fault it was.
   */
  applyMany?(host: Host, steps: readonly Step<Params, State>[]): Promise<void>
  /**
   * What the host has of this type, for `rekindle inspect`, `adopt` and purge: the one of that title (an empty list when
   * there is none), or all. Writes nothing.
   *
   * @throws RekindleError when all are asked for and they cannot be listed, as files
   */
  inspect?(host: Host, title: string | undefined): Promise<readonly Instance[]>
  /** Text diffs and other costly detail for a report, called for resources that differ only. Writes nothing. */
  explain?(
    host: Host,
    wanted: Wanted<Params>,
    actual: State,
    changes: readonly Change[],
  ): Promise<readonly Change[]>
  /** Restart, reload or run, after something that notifies this resource changed. Absent: a refresh does nothing. */
  // biome-ignore lint/suspicious/noConfusingVoidType: most types have nothing to tell.
  refresh?(host: Host, wanted: Wanted<Params>, before: State): Promise<Told | void>
  /** Whether a difference can be drift at all. Default true; an exec without a guard says false. */
  canDrift?(wanted: Wanted<Params>): boolean
  /**
   * Absolute paths that tell (by inotify) that a resource may have moved: a path is that entry of its directory, there or
   * not; with a slash at its end, every entry of that directory. A hint: the poll is the net.
   */
  watch?(wanted: Wanted<Params>): readonly string[]
}
