/** Has keys of this host certified by the server's authority for services. */
import { RekindleError } from '../../schemas/errors.ts'
import type { ServiceCertificateRequest, ServiceCertificateResponse } from '../../schemas/generated/types.ts'

/** Asks the server. */
export type Issue = (request: ServiceCertificateRequest) => Promise<ServiceCertificateResponse>

export interface Issuer {
  /** @throws RekindleError `server-unreachable`, or why the server refuses, such as `forbidden` */
  readonly issue: Issue
}

export function createIssuer(issue?: Issue): Issuer {
  if (issue !== undefined) return { issue }
  return {
    async issue({ resource }) {
      throw new RekindleError({
        code: 'server-unreachable',
        message: `Cannot issue ${resource}: it needs a server, and this run has none`,
        hint: 'Only an agent that is enrolled gets certificates of its server',
      })
    },
  }
}
