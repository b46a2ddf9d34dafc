/** What a family of resource types brings to random catalogs: how a host is prepared, what is drawn, what is compared. */
import fc from 'fast-check'

/** A resource before it has a host. */
export interface Draft {
  readonly id: string
  readonly params: Readonly<Record<string, unknown>>
  readonly require: readonly string[]
  readonly notify: readonly string[]
}

export interface Choice {
  readonly id: string
  readonly params: Readonly<Record<string, unknown>>
  /** What a catalog has one of, where titles alone do not tell. Default: the id. */
  readonly thing?: string
  /** Ids that come before it, where they are drawn too. */
  readonly after?: readonly string[]
  /** Ids whose changes refresh it, where they are drawn too. */
  readonly subscribe?: readonly string[]
}

export interface Archive {
  readonly url: string
  readonly sha256: string
}

/** What is known only once there is a lab. */
export interface Fixtures {
  readonly archives: readonly Archive[]
  /** Certificates and their keys, as PEM. */
  readonly pairs: readonly { readonly certificate: string; readonly key: string }[]
  /** Of /srv/rk-remote-1.git, as all hosts have it. */
  readonly commits: readonly string[]
}

export interface Family {
  /** apt packages that its resources need. */
  readonly packages?: readonly string[]
  /** Shell that makes on a host what its resources are about. */
  readonly prepare?: string
  /** Bash that prints all that its resources can touch; `show` prints a tree. */
  readonly look: string
  choices(fixtures: Fixtures): readonly fc.Arbitrary<Choice>[]
}

/** Of each kind of thing there are so many. */
export const two = [1, 2]

export const at = fc.constantFrom(...two)
export const ensure = fc.constantFrom('present', 'absent')
export const word = fc.constantFrom('one', 'two', 'three')
export const mode = fc.constantFrom('0600', '0644', '0755')

/** Draws the absence of things that are told apart by a number. */
export function absent(idOf: (one: number) => string, params: Record<string, unknown> = {}) {
  return at.map((one): Choice => ({ id: idOf(one), params: { ...params, ensure: 'absent' } }))
}
