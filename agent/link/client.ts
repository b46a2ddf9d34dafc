/** The agent's requests to its server, over mutual TLS that trusts one authority. It moves bytes and decides nothing. */
import { RekindleError } from '../../schemas/errors.ts'
import type {
  CatalogRequest,
  Envelope,
  ServiceCertificateRequest,
  ServiceCertificateResponse,
} from '../../schemas/generated/types.ts'
import { hashOf } from '../../schemas/hash.ts'
import { validate } from '../../schemas/validate.ts'
import { type Ask, ask, askForPieces } from './ask.ts'
import { https } from './https.ts'
import type { Identity } from './identity.ts'

export interface Client {
  /**
   * This host's catalog for what it says of itself, or `unchanged` when it is still the one with the hash `known`. Versions
   * of packages are sent when the server does not have them.
   */
  fetchCatalog(word: Word, known: string | undefined, signal?: AbortSignal): Promise<Envelope | 'unchanged'>
  /** A blob's bytes as they come; whoever keeps them checks their hash. */
  fetchBlob(sha256: string): Promise<AsyncIterable<Uint8Array>>
  /** Resolves when the server has stored the report. `report` is JSON text. */
  sendReport(report: string): Promise<void>
  /** A new certificate, PEM, for a request in PEM. */
  renew(csr: string): Promise<string>
  /** A certificate for one of this host's services. */
  issue(request: ServiceCertificateRequest): Promise<ServiceCertificateResponse>
  /** Closes idle connections. */
  close(): void
}

/** What a host says of itself. */
export interface Word extends Omit<CatalogRequest, 'packages'> {
  /** Versions by name; undefined when they could not be read. */
  readonly packages: Readonly<Record<string, string>> | undefined
}

export interface ClientOptions {
  /** Base URL. */
  readonly server: string
  readonly identity: Pick<Identity, 'key' | 'certificate' | 'ca'>
  /** Limit of each request; a compile on a busy server takes a while. Default 60 s. */
  readonly timeoutMs?: number
}

const mebibyte = 1024 * 1024

export function createClient({ server, identity, timeoutMs = 60_000 }: ClientOptions): Client {
  const { key, certificate: cert, ca } = identity
  const { Agent } = https()
  const agent = new Agent({ key, cert, ca, keepAlive: true, keepAliveMsecs: 30_000, maxSockets: 8 })
  const reach = (
    path: string,
    wish: Omit<Ask, 'agent' | 'url' | 'timeoutMs' | 'maxBytes'>,
    maxBytes = mebibyte,
  ) => ask({ ...wish, agent, url: new URL(path, server), timeoutMs, maxBytes })

  return {
    async fetchCatalog({ packages, ...word }, known, signal) {
      const headers: Record<string, string> = known === undefined ? {} : { 'if-none-match': `"${known}"` }
      const request = (told: CatalogRequest['packages']) =>
        reach(
          '/v1/catalog',
          {
            method: 'POST',
            what: 'fetch the catalog',
            headers,
            body: JSON.stringify({ ...word, packages: told }),
            signal,
          },
          64 * mebibyte,
        )
      const hash = packages === undefined ? undefined : hashOf(packages)
      const answer = await request(hash === undefined ? undefined : { hash }).catch((error: unknown) => {
        const isAsked = error instanceof RekindleError && error.code === 'packages-wanted'
        if (!isAsked || hash === undefined || packages === undefined) throw error
        return request({ hash, versions: { ...packages } })
      })
      if (answer.status === 304) return 'unchanged'
      return validate(
        'protocol/envelope',
        parse(answer.body, 'fetch the catalog'),
        'the signed catalog',
        'catalog-invalid',
      )
    },
    async fetchBlob(name) {
      const url = new URL(`/v1/blob/${name}`, server)
      const wish = { method: 'GET', what: `fetch the blob ${name}`, agent, url, timeoutMs } as const
      return askForPieces({ ...wish, maxBytes: mebibyte })
    },
    async sendReport(report) {
      await reach('/v1/report', { method: 'POST', what: 'send the report', body: report })
    },
    async renew(csr) {
      const what = 'renew the certificate'
      const { body } = await reach('/v1/renew', { method: 'POST', what, body: JSON.stringify({ csr }) })
      const answer = parse(body, what)
      if (
        typeof answer === 'object' &&
        answer !== null &&
        'certificate' in answer &&
        typeof answer.certificate === 'string'
      ) {
        return answer.certificate
      }
      throw new RekindleError({
        code: 'bad-request',
        message: `Cannot ${what}: the answer has no certificate`,
      })
    },
    async issue(request) {
      const what = `issue ${request.resource}`
      const body = JSON.stringify(request)
      const answer = await reach('/v1/service-certificate', { method: 'POST', what, body })
      return validate('protocol/service-certificate-response', parse(answer.body, what), 'the certificate')
    },
    close: () => agent.destroy(),
  }
}

function parse(body: Buffer, what: string): unknown {
  try {
    return JSON.parse(body.toString())
  } catch (cause) {
    throw new RekindleError({ code: 'bad-request', message: `Cannot ${what}: the answer is no JSON`, cause })
  }
}
