/** Answers a host that asks for a certificate of a service. Each one, and each refusal, is audited. */
import { RekindleError } from '../../../schemas/errors.ts'
import type {
  Catalog,
  Envelope,
  ServiceCertificateRequest,
  ServiceCertificateResponse,
} from '../../../schemas/generated/types.ts'
import type { Issuer } from '../../ca/authority.ts'
import { readServiceRequest } from '../../ca/request.ts'
import { issueServiceCertificate, orderFor } from '../../ca/service.ts'
import type { Context } from '../../context.ts'
import type { Refusals } from '../../refusals.ts'
import { appendAudit } from '../../store/audit.ts'
import { findOwnEnvelope } from '../../store/catalog.ts'
import { createRateLimit } from '../rate-limit.ts'
import type { Client } from './identity.ts'

export interface ServiceCertificateParts {
  readonly serviceAuthority: Issuer
  readonly refusals: Refusals
}

const mostInAnHour = { limit: 200, windowMs: 3_600_000, what: 'certificates of services in an hour' }

type Answerer = (client: Client, request: ServiceCertificateRequest) => Promise<ServiceCertificateResponse>

export function createServiceDesk(
  context: Context,
  { serviceAuthority, refusals }: ServiceCertificateParts,
): Answerer {
  const { db } = context
  const rate = createRateLimit(mostInAnHour)

  async function sign(client: Client, { resource, csr }: ServiceCertificateRequest) {
    const actor = `host:${client.host}`
    rate.check(actor, context.now())
    rate.count(actor, context.now())
    const request = await readServiceRequest(csr)
    const order = orderFor(catalogOf(findOwnEnvelope(db, client.incarnation)), resource, request)
    const issued = await issueServiceCertificate(serviceAuthority, order, request, context.now())
    const { expiresAt, ...answer } = issued
    const until = new Date(expiresAt).toISOString()
    const detail = `incarnation ${client.number}, ${resource}, serial ${answer.serial}, until ${until}, for ${order.names.join(', ')}`
    appendAudit(db, { actor, action: 'service-certificate.issued', target: actor, detail }, context.now())
    return answer
  }

  return async (client, request) => {
    try {
      const answer = await sign(client, request)
      context.live.emit({ type: 'audit' })
      return answer
    } catch (error) {
      if (error instanceof RekindleError) {
        const actor = `host:${client.host}`
        const detail = `${error.code}: ${error.message}`
        refusals.record({ actor, action: 'service-certificate.refused', target: actor, detail })
      }
      throw error
    }
  }
}

function catalogOf(envelope: string | undefined): Catalog | undefined {
  // This server has validated and sealed both.
  return envelope === undefined
    ? undefined
    : (JSON.parse((JSON.parse(envelope) as Envelope).payload) as Catalog)
}
