/** What the server itself knows of a host, apart from what the host claims. */
export interface Trusted {
  /** From 1: which of the host's lives it is. */
  readonly incarnation: number
  /** By the site's rules. */
  readonly pool: string
  /** What the join token carried and what the classifier says, by name. */
  readonly attributes: Attributes
}

export type Attributes = Readonly<Record<string, string>>
