/** A change of a site as its policies over changes look at it: which hosts change, and how. JSON. */

export interface FleetChange {
  /** Hosts of the environment that changes, whether or not they change; of those alone that have sent facts. */
  readonly hosts: readonly PlacedHost[]
  /** Hosts with the same change stand together; most hosts first. */
  readonly groups: readonly ChangedHosts[]
}

/** Where it is served now; where it would be, when it gets no catalog now. */
export interface PlacedHost {
  readonly name: string
  readonly pool: string
  readonly roles: readonly string[]
}

export interface ChangedHosts {
  readonly hosts: readonly PlacedHost[]
  /** `{host}` in a title stands for each host's own name. */
  readonly added: readonly ChangedResource[]
  readonly changed: readonly ChangedResource[]
  readonly removed: readonly ChangedResource[]
  /** Ids of services that would restart, since what they subscribe to changes. */
  readonly restarts: readonly string[]
  /** Likewise, where `onRefresh` asks for a reload. */
  readonly reloads: readonly string[]
}

export interface ChangedResource {
  /** Such as `file:/etc/motd`. */
  readonly id: string
  readonly type: string
  readonly title: string
}

/** `approve`: the change waits for a person. */
export type ChangeLevel = 'warn' | 'approve' | 'refuse'

/** What a policy says of a change that breaks it. */
export interface ChangeVerdict {
  readonly policy: string
  readonly level: ChangeLevel
  readonly message: string
  /** Where the policy stands. */
  readonly where: string | null
  readonly hint: string | null
}
