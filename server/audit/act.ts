/** Who did what to whom. `actor`: `user:admin`, `host:web-1`, `policy`, `server`, or the address of a stranger. */
export interface AuditAct {
  readonly actor: string
  /** Dotted verb, such as `enrol.accepted`. A refusal ends with `.refused`. */
  readonly action: string
  readonly target: string
  readonly detail?: string | undefined
  readonly revision?: string | undefined
}
