/** For tests: a real server on 127.0.0.1 with a compiler of known answers, and real clients with certificates. */
import { webcrypto } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { type Agent, request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import 'reflect-metadata'
import { PemConverter, Pkcs10CertificateRequestGenerator } from '@peculiar/x509'
import { pino } from 'pino'
import type {
  Catalog,
  FactProblem,
  Facts,
  Report,
  ServerConfig,
  SiteManifest,
} from '../../schemas/generated/types.ts'
import { sha256 } from '../../schemas/hash.ts'
import { sampleFacts } from '../../schemas/sample-facts.ts'
import type { Attributes } from '../../schemas/trusted.ts'
import { mintJoinToken } from '../ca/join.ts'
import { type RunningServer, type ServerOptions, startServer } from '../main.ts'
import type { Compiler, HostLife, SiteCheck } from '../site/compiler.ts'

export const manifest: SiteManifest = {
  roles: ['web', 'db'],
  pools: [
    {
      name: 'web',
      order: 'surge',
      drift: 'rebuild',
      concurrent: 1,
      minHealthy: 1,
      cooldownSeconds: 900,
      breakerAfter: 2,
      maxDropPercent: 50,
      protect: [],
      health: [],
    },
  ],
  hosts: [{ match: ['web-*'], roles: ['web'], pool: 'web', where: 'site.ts:3' }],
}

export const facts: Facts = sampleFacts('web-1')

/** What the compiler answers from now on, and what it was asked. */
export interface KnownCompiler extends Compiler {
  site: SiteCheck
  /** Thrown by the next compiles, when set. */
  failure: Error | undefined
  /** How often a catalog was compiled. */
  compiles: number
  factProblems: readonly FactProblem[]
  /** What the last compile was asked with. */
  asked: { readonly facts: Facts; readonly life: HostLife | undefined } | undefined
  restored: string | undefined
}

/** A catalog of one file whose content names the host, so that no two hosts share a blob. */
export function createKnownCompiler(): KnownCompiler {
  const compiler: KnownCompiler = {
    site: { ok: true, revision: 'revision-1', manifest },
    failure: undefined,
    compiles: 0,
    factProblems: [],
    asked: undefined,
    restored: undefined,
    async check() {
      return compiler.site
    },
    retire() {},
    async prune() {},
    async restore(revision) {
      compiler.restored = revision
      return manifest
    },
    async compile(host, given, { life } = {}) {
      compiler.asked = { facts: given, life }
      compiler.compiles += 1
      if (compiler.failure !== undefined) throw compiler.failure
      const content = Buffer.from(`hello ${host}\n`)
      const blob = { sha256: sha256(content), size: content.length }
      const catalog: Catalog = {
        version: 1,
        host,
        role: 'web',
        revision: compiler.site.ok ? compiler.site.revision : (compiler.restored ?? 'revision-1'),
        drift: 'rebuild',
        resources: [
          {
            id: 'file:/etc/motd',
            type: 'file',
            title: '/etc/motd',
            params: { blob },
            where: 'role/web.ts:4',
          },
        ],
      }
      return {
        catalog,
        blobs: new Map([[blob.sha256, content]]),
        role: 'web',
        pool: 'web',
        factProblems: compiler.factProblems,
        cached: false,
        reads: [{ kind: 'value', path: ['host'] }],
        uses: { files: [], code: ['site.ts'], layers: [], readsFor: [{ own: [0], by: 1 }] },
      }
    },
    ruleData: () => undefined,
    manifest: () => manifest,
    async close() {},
  }
  return compiler
}

export interface TestServer extends RunningServer {
  readonly compiler: KnownCompiler
  readonly config: ServerConfig
  /** The authority's certificate, PEM, as agents get it. */
  readonly ca: string
  /** Closes the server and removes its data. */
  dispose(): Promise<void>
}

export async function startTestServer(
  options: ServerOptions & {
    readonly config?: Partial<ServerConfig>
    readonly knownCompiler?: KnownCompiler
  } = {},
): Promise<TestServer> {
  const { config: wishes, knownCompiler, ...rest } = options
  const dataDir = wishes?.dataDir ?? mkdtempSync(join(tmpdir(), 'rekindle-server-'))
  const site = wishes?.site ?? mkdtempSync(join(tmpdir(), 'rekindle-site-'))
  const config: ServerConfig = {
    dataDir,
    site,
    agentListen: '127.0.0.1:0',
    pageListen: '127.0.0.1:0',
    ...wishes,
  }
  const compiler = knownCompiler ?? createKnownCompiler()
  const running = await startServer(config, { log: pino({ level: 'silent' }), compiler, ...rest })
  const ca = await call(running.agentUrl, { path: '/v1/ca', insecure: true })
  return {
    ...running,
    compiler,
    config,
    ca: ca.text,
    async dispose() {
      await running.close()
      const dirs = typeof site === 'string' ? [dataDir, site] : [dataDir]
      for (const dir of dirs) rmSync(dir, { recursive: true, force: true })
    },
  }
}

export interface Call {
  readonly path: string
  readonly method?: string
  readonly body?: unknown
  readonly headers?: Record<string, string>
  readonly ca?: string
  readonly identity?: Pick<HostIdentity, 'key' | 'certificate'> | undefined
  /** One that keeps its connection; absent: a connection of its own. */
  readonly agent?: Agent
  /** Talk to a server whose authority is not known yet. */
  readonly insecure?: boolean
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The body as JSON; undefined where it is none. */
  readonly json: Record<string, unknown>
}

/** One request, and its whole answer. */
export function call(base: string, wish: Call): Promise<Answer> {
  const url = new URL(wish.path, base)
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest
  const body = wish.body === undefined ? undefined : JSON.stringify(wish.body)
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: wish.method ?? (body === undefined ? 'GET' : 'POST'),
        agent: wish.agent ?? false,
        rejectUnauthorized: wish.insecure !== true,
        ...(wish.ca === undefined ? {} : { ca: wish.ca }),
        ...(wish.identity === undefined ? {} : { key: wish.identity.key, cert: wish.identity.certificate }),
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...wish.headers },
      },
      (response) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('end', () => {
          const text = Buffer.concat(parts).toString()
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: parse(text) })
        })
        response.on('error', reject)
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

function parse(text: string): Record<string, unknown> {
  try {
    // Tests look at single fields of it.
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** A key (PEM) and a request for it, in the name that a host claims. */
export async function makeRequest(claimedName = 'whoever'): Promise<{ key: string; csr: string }> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const csr = await Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [claimedName] }],
    keys,
    signingAlgorithm: algorithm,
  })
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return { key: PemConverter.encode(pkcs8, 'PRIVATE KEY'), csr: csr.toString('pem') }
}

export interface HostIdentity {
  readonly host: string
  readonly key: string
  readonly certificate: string
  readonly csr: string
  readonly incarnation: number
}

/** A token for the host, without the HTTP API. */
export function mintToken(
  server: TestServer,
  host: string,
  ttlSeconds = 600,
  attributes?: Attributes,
): string {
  return mintJoinToken(server.context, { host, ttlSeconds, attributes, by: 'test' }).token
}

/** Enrols a host as its agent would. */
export async function enrolHost(
  server: TestServer,
  host: string,
  attributes?: Attributes,
): Promise<HostIdentity> {
  const { key, csr } = await makeRequest(host)
  const answer = await call(server.agentUrl, {
    path: '/v1/enrol',
    ca: server.ca,
    body: { token: mintToken(server, host, 600, attributes), csr },
  })
  if (answer.status !== 200) throw new Error(`Cannot enrol ${host}: ${answer.text}`)
  return {
    host,
    key,
    csr,
    certificate: String(answer.json.certificate),
    incarnation: Number(answer.json.incarnation),
  }
}

export function makeReport(host: string, fields: Partial<Report> = {}): Report {
  return {
    version: 1,
    id: webcrypto.randomUUID(),
    host,
    trigger: 'poll',
    startedAt: '2026-01-01T00:00:00.000Z',
    finishedAt: '2026-01-01T00:00:01.500Z',
    revision: 'revision-1',
    cached: false,
    noop: false,
    status: 'in-sync',
    counts: { total: 1, inSync: 1, changed: 0, drifted: 0, failed: 0, skipped: 0, refreshed: 0 },
    resources: [],
    ...fields,
  }
}
