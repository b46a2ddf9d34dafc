/** A site: which hosts get which roles, and how their pools are treated. */
import { dirname } from 'node:path/posix'
import type { ChangePolicy } from './change-policy.ts'
import type { DeclaredData } from './context.ts'
import { callerPlace, type Place } from './place.ts'
import type { Policy } from './policy.ts'
import type { Pool } from './pool.ts'
import type { Role } from './role.ts'

export type HostPattern = string | RegExp

type Wanted = string | number | boolean | RegExp

export type HostOptions = RuleOptions & (OneRole | SeveralRoles)

interface OneRole {
  readonly role: Role
  readonly roles?: never
}

interface SeveralRoles {
  /**
   * Run in this order, in one compile: as if one role called them one after the other. The most specific comes last: its
   * layer of data is the highest, and the default pool is named after it.
   */
  readonly roles: readonly [Role, ...Role[]]
  readonly role?: never
}

interface RuleOptions {
  /**
   * A host name, in which `*` stands for any run of characters; or a regular expression, which matches anywhere in the name
   * unless it has `^` and `$`, and may have neither look-around nor back references; or a list of them, of which one matches.
   */
  readonly match: HostPattern | readonly [HostPattern, ...HostPattern[]]
  /**
   * What a host of that name has to be besides, all of it: `host.attributes.NAME` is what its join token carried, `facts.PATH`
   * is what it claims, `data.KEY` what the site's data has for it, without layers that `{role}` names. A list of values is
   * one of them; a fact or a value that is a list has one that is.
   *
   * @example { 'host.attributes.tier': 'gold', 'facts.os.id': ['debian', /^ubuntu/], 'data.site.kind': 'edge' }
   */
  readonly when?: {
    readonly [Name in `facts.${string}` | `host.attributes.${string}` | `data.${string}`]?:
      | Wanted
      | readonly Wanted[]
  }
  /** A pool, or the name of one in `pools`. Default: the pool named after the role, the last one of several. */
  readonly pool?: Pool | string
  /**
   * Branch or tag of the site's repository that these hosts are served from, and what `{environment}` stands for in the
   * names of data layers. Only what the main branch says of it counts for where hosts are served from; role and pool are
   * then those of that branch's own rules. Where the site is a folder, all hosts are served from that.
   */
  readonly environment?: string
}

export interface SiteOptions {
  /** First match wins. */
  readonly hosts: readonly HostOptions[]
  readonly pools?: readonly Pool[]
  /** What roles read with `data.get()`: what layers() returns. */
  readonly data?: DeclaredData
  /** What must hold for every catalog, and for every change of the site. */
  readonly policies?: readonly (Policy | ChangePolicy)[]
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
 * @example export default site({ hosts: [{ match: ['web-*', /^app\d+$/], role: web }] })
 */
export function site(options: SiteOptions): Site {
  return new Site(options, callerPlace())
}
