/** How the hosts of a pool are treated when they drift and when they are rebuilt. */
import type { AuthoredPool } from '../../schemas/generated/authored.ts'
import type { Pool as PoolManifest } from '../../schemas/generated/types.ts'
import { callerPlace, type Place } from './place.ts'
import { plain } from './plain.ts'

/** Every rail has a default that is on. */
export type PoolOptions = AuthoredPool

export class Pool {
  readonly name: string
  readonly options: PoolOptions
  readonly place: Place | undefined

  constructor(name: string, options: PoolOptions, place: Place | undefined) {
    this.name = name
    this.options = options
    this.place = place
  }
}

/**
 * Names a set of hosts and says how they are rebuilt.
 *
 * @example pool('web', { drift: 'rebuild', health: [{ port: 80, path: '/' }] })
 */
export function pool(name: string, options: PoolOptions = {}): Pool {
  return new Pool(name, options, callerPlace())
}

const defaults: Omit<PoolManifest, 'name'> = {
  order: 'surge',
  drift: 'correct',
  concurrent: 1,
  minHealthy: 1,
  cooldownSeconds: 900,
  breakerAfter: 2,
  maxDropPercent: 50,
  protect: [],
  health: [],
}

/** As the manifest has it: defaults filled in, not yet checked. */
export function poolManifest({ name, options }: Pool): Readonly<Record<string, unknown>> {
  const given = plain(options)
  return { ...defaults, ...(typeof given === 'object' ? given : { options: given }), name }
}
