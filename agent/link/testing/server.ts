/** A small real server for tests of the link: an authority of its own, mutual TLS, and whatever routes a test gives it. */
import 'reflect-metadata'
import { generateKeyPairSync, type KeyObject, webcrypto, X509Certificate } from 'node:crypto'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import * as x509 from '@peculiar/x509'
import { sha256 } from '../../../schemas/hash.ts'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const dayMs = 86_400_000

export interface TestAuthority {
  /** PEM. */
  readonly ca: string
  readonly fingerprint: string
  readonly server: { readonly key: string; readonly cert: string }
  /** Certifies a request, PEM to PEM; `ageDays` puts its beginning in the past. It lives for 100 days. */
  sign(csr: string, host: string, ageDays?: number): Promise<string>
}

export async function createAuthority(): Promise<TestAuthority> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Test authority',
    keys,
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  })
  const serverKeys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certify = (publicKey: x509.PublicKeyType, name: string, ageDays = 0) =>
    x509.X509CertificateGenerator.create({
      subject: `CN=${name}`,
      issuer: ca.subject,
      publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: algorithm,
      notBefore: new Date(Date.now() - ageDays * dayMs),
      notAfter: new Date(Date.now() + (100 - ageDays) * dayMs),
      extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])],
    })
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', serverKeys.privateKey)).toString(
    'base64',
  )
  return {
    ca: ca.toString('pem'),
    fingerprint: sha256(new X509Certificate(ca.toString('pem')).raw),
    server: {
      key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`,
      cert: (await certify(serverKeys.publicKey, 'server')).toString('pem'),
    },
    async sign(csr, host, ageDays) {
      const request = new x509.Pkcs10CertificateRequest(csr)
      if (!(await request.verify())) throw new Error('Cannot sign: the request’s signature is wrong')
      return (await certify(request.publicKey, host, ageDays)).toString('pem')
    },
  }
}

export interface TestRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  /** Name in the client's certificate; undefined without one. */
  readonly client: string | undefined
}

export interface TestAnswer {
  readonly status: number
  readonly body?: string | Uint8Array
}

/** By `METHOD /path`; a route that returns nothing never answers. */
export type Routes = Record<
  string,
  (request: TestRequest) => TestAnswer | undefined | Promise<TestAnswer | undefined>
>

export interface TestServer {
  readonly url: string
  readonly port: number
  readonly https: Server
  readonly routes: Routes
  close(): Promise<void>
}

export async function startServer(authority: TestAuthority, routes: Routes, port = 0): Promise<TestServer> {
  const https = createServer(
    { ...authority.server, ca: authority.ca, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', async () => {
        const socket = request.socket as TLSSocket
        const client = socket.authorized ? String(socket.getPeerCertificate().subject.CN) : undefined
        const route =
          routes[`${request.method} ${request.url}`] ?? (() => problem(404, 'not-found', 'no such path'))
        const answer = await route({
          headers: request.headers,
          body: Buffer.concat(chunks).toString(),
          client,
        })
        if (answer !== undefined) response.writeHead(answer.status).end(answer.body)
      })
    },
  )
  await new Promise<void>((resolve) => https.listen(port, '127.0.0.1', resolve))
  // A server that listens on TCP has an address of this form.
  const address = https.address() as AddressInfo
  return {
    url: `https://127.0.0.1:${address.port}`,
    port: address.port,
    https,
    routes,
    close: () =>
      new Promise((resolve) => {
        https.close(() => resolve())
        https.closeAllConnections()
      }),
  }
}

export function problem(status: number, code: string, title: string): TestAnswer {
  return { status, body: JSON.stringify({ status, code, title }) }
}

/** The key pair with which a test's server signs catalogs. */
export function catalogKeys(): { readonly privateKey: KeyObject; readonly publicPem: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return { privateKey, publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString() }
}
