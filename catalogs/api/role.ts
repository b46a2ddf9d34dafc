/** A role: the function that declares what a kind of host is. */
import { callerPlace, type Place } from './place.ts'

export class Role {
  readonly name: string
  readonly declare: () => void
  readonly place: Place | undefined

  constructor(name: string, declare: () => void, place: Place | undefined) {
    this.name = name
    this.declare = declare
    this.place = place
  }
}

/**
 * Names a function that declares resources. It runs once for each host that has the role, with the host's facts in hand.
 *
 * @example
 * export const web = role('web', () => {
 *   pkg('nginx')
 * })
 */
export function role(name: string, declare: () => void): Role {
  return new Role(name, declare, callerPlace())
}
