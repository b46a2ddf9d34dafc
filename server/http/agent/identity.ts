/** Who speaks on a TLS connection, as the agents' routes see it. */
import type { KeyObject } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import { RekindleError } from '../../../schemas/errors.ts'
import { identify, type Presented } from '../../ca/identify.ts'
import type { Context } from '../../context.ts'
import type { Refusals } from '../../refusals.ts'
import type { CertificateHolder } from '../../store/certificate.ts'

export interface Client extends CertificateHolder {
  readonly fingerprint: string
  /** Where it connects from. */
  readonly address: string
  /** Of its certificate. */
  readonly publicKey: () => KeyObject
}

/** A connection presents one certificate for its whole life. */
const presented = new WeakMap<TLSSocket, PresentedKey>()

interface PresentedKey extends Presented {
  readonly publicKey: () => KeyObject
}

function presentedOn(socket: TLSSocket): PresentedKey | undefined {
  const known = presented.get(socket)
  if (known !== undefined) return known
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return undefined
  const made = {
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    chainError: socket.authorized ? undefined : String(socket.authorizationError ?? 'not authorised'),
    publicKey: () => certificate.publicKey,
  }
  presented.set(socket, made)
  return made
}

/**
 * The incarnation that asks; a refusal is audited.
 *
 * @throws RekindleError `certificate-unknown`, `certificate-expired` or `certificate-revoked`.
 */
export function clientOf(context: Context, refusals: Refusals, request: IncomingMessage): Client {
  const { socket } = request
  const certificate = socket instanceof TLSSocket ? presentedOn(socket) : undefined
  const address = addressOf(request)
  try {
    const holder = identify(context.db, certificate, context.now())
    // identify() has refused whoever gave no certificate.
    const { fingerprint, publicKey } = certificate as PresentedKey
    return { ...holder, address, fingerprint, publicKey }
  } catch (error) {
    if (error instanceof RekindleError) {
      refusals.record({
        actor: address,
        action: 'certificate.refused',
        target: request.url?.split('?')[0]?.slice(0, 100) ?? '/',
        detail: `${error.code}: ${error.message}`,
      })
    }
    throw error
  }
}

/** The peer's address; IPv4 without the IPv6 notation of it. */
export function addressOf(request: IncomingMessage): string {
  return (request.socket.remoteAddress ?? 'unknown').replace(/^::ffff:/, '')
}
