/** A site: which hosts get which roles, and how their pools are treated. */
import { dirname } from 'node:path/posix'
import { callerPlace, type Place } from './place.ts'
import type { Policy } from './policy.ts'
import type { Pool } from './pool.ts'
import type { Role } from './role.ts'

export interface HostOptions {
  /** Host name, in which `*` stands for any run of characters. */
  readonly match: string
  readonly role: Role
  /** A pool, or the name of one in `pools`. Default: the pool named after the role. */
  readonly pool?: Pool | string
}

export interface SiteOptions {
  /** First match wins. */
  readonly hosts: readonly HostOptions[]
  readonly pools?: readonly Pool[]
  /** What must hold for every catalog. */
  readonly policies?: readonly Policy[]
}

export class Site {
  readonly options: SiteOptions
  readonly place: Place | undefined

  constructor(options: SiteOptions, place: Place | undefined) {
    this.options = options
    this.place = place
  }

  /** Folder of the file that called `site()`. */
  get dir(): string {
    return dirname(this.place?.file ?? '/')
  }
}

/**
 * The default export of `site.ts`.
 *
 * @example export default site({ hosts: [{ match: 'web-*', role: web }] })
 */
export function site(options: SiteOptions): Site {
  return new Site(options, callerPlace())
}
