/** What the routes of the people's API are handed. */
import type { Context } from '../../context.ts'
import type { Refusals } from '../../refusals.ts'
import type { Classifier } from '../../site/classifier.ts'
import type { Site } from '../../site/site.ts'
import type { CatalogTally } from '../../site/tally.ts'
import type { VitalsBoard } from '../../site/vitals.ts'
import type { FleetActs } from '../fleet.ts'
import type { Hub } from '../hub.ts'
import type { Events } from './events.ts'

export interface PeopleApi {
  readonly context: Context
  readonly refusals: Refusals
  readonly site: Site
  readonly hub: Hub
  readonly fleet: FleetActs
  readonly events: Events
  readonly vitals: VitalsBoard
  readonly tally: CatalogTally
  readonly classifier: Classifier
  /** How often agents are to report. */
  readonly pollMs: number
  /** Whether people come over HTTPS, so that the cookie is for HTTPS only. */
  readonly tls: boolean
  /** Folder of the built page. */
  readonly webDir: string
  /** Signs calls of the webhook; undefined: there is none. */
  readonly webhookSecret: string | undefined
}
