import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import type { Envelope, Report } from '../../schemas/generated/types.ts'
import type { Config } from '../config.ts'
import { isRenewalDue } from '../link/identity.ts'
import {
  createAuthority,
  type Routes,
  startServer,
  type TestAuthority,
  type TestServer,
} from '../link/testing/server.ts'
import { type PathWatch, runDaemon } from './daemon.ts'
import { createRunner } from './run.ts'
import { loadIdentity, saveDisabled } from './state.ts'
import { catalogOf, keys, sealed, type TestMachine, testMachine } from './testing/machine.ts'

let dir = ''
let authority: TestAuthority
let server: TestServer
let lines: WebSocketServer
let machine: TestMachine
let envelope: Envelope
let csrs: string[]
let hint = () => {}
let watched: readonly string[] = []
let daemon: { stop(): Promise<void> } | undefined
/** Reports that the server stored, and those who wait for the next. */
let reports: Report[]
let waiting: ((report: Report) => void)[]

const nextReport = () => new Promise<Report>((resolve) => waiting.push(resolve))

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-daemon-'))
  ageDays = 0
  authority = await createAuthority()
  machine = testMachine(dir)
  envelope = sealed(catalogOf({ '/a': '1' }))
  ;[csrs, reports, waiting] = [[], [], []]
  await serve()
})
afterEach(async () => {
  await daemon?.stop()
  daemon = undefined
  await stopServer()
  rmSync(dir, { recursive: true, force: true })
})

const routes: Routes = {
  'GET /v1/ca': () => ({ status: 200, body: authority.ca }),
  'POST /v1/enrol': async ({ body }) => {
    const { csr } = JSON.parse(body) as { csr: string }
    csrs.push(csr)
    const certificate = await authority.sign(csr, 'web-1', ageDays)
    return {
      status: 200,
      body: JSON.stringify({ host: 'web-1', incarnation: 1, certificate, catalogKey: keys.publicPem }),
    }
  },
  'POST /v1/renew': async ({ body }) => {
    const { csr } = JSON.parse(body) as { csr: string }
    csrs.push(csr)
    return { status: 200, body: JSON.stringify({ certificate: await authority.sign(csr, 'web-1') }) }
  },
  'POST /v1/catalog': ({ client, headers }) => {
    if (client !== 'web-1') return { status: 401 }
    return headers['if-none-match'] === `"${envelope.hash}"`
      ? { status: 304 }
      : { status: 200, body: JSON.stringify(envelope) }
  },
  'POST /v1/report': ({ body }) => {
    const report = JSON.parse(body) as Report
    // A report whose acknowledgement was lost comes again, and is stored once.
    if (reports.every(({ id }) => id !== report.id)) {
      reports.push(report)
      waiting.shift()?.(report)
    }
    return { status: 204 }
  },
}
let ageDays = 0

async function serve(port = 0): Promise<void> {
  server = await startServer(authority, routes, port)
  lines = new WebSocketServer({ server: server.https, path: '/v1/socket' })
}

async function stopServer(): Promise<void> {
  for (const line of lines.clients) line.terminate()
  lines.close()
  await server.close()
}

function start(): void {
  const config: Config = {
    server: server.url,
    caFingerprint: authority.fingerprint,
    token: 'a-token-of-some-length',
    stateDir: dir,
    pollSeconds: 3600,
    splaySeconds: 0,
  }
  const stop = new AbortController()
  const watch: PathWatch = {
    set: (directories) => {
      watched = directories
    },
    close: () => {},
  }
  const ended = runDaemon(
    {
      config,
      log: machine.ports.log,
      createRunner: (_, client) =>
        createRunner({
          ...machine.ports,
          client: {
            fetchCatalog: (...args) => client().fetchCatalog(...args),
            fetchBlob: (name) => client().fetchBlob(name),
            sendReport: (report) => client().sendReport(report),
          },
        }),
      createWatch: (onEvent) => {
        hint = onEvent
        return watch
      },
      hasConverged: () => machine.ports.memory.load().catalog !== undefined,
    },
    stop.signal,
  )
  daemon = {
    stop() {
      stop.abort()
      return ended
    },
  }
}

describe('runDaemon()', () => {
  it('enrols, runs, obeys a push, and corrects what a watch event tells of', async () => {
    const connected = new Promise<{ send(text: string): void }>((resolve) => lines.on('connection', resolve))
    let report = nextReport()
    start()
    expect(await report).toMatchObject({ trigger: 'first', status: 'changed' })
    const line = await connected
    envelope = sealed(catalogOf({ '/a': '2' }))
    report = nextReport()
    line.send(JSON.stringify({ type: 'run', trigger: 'push', runId: 'run-7' }))
    expect(await report).toMatchObject({ trigger: 'push', runId: 'run-7', status: 'changed' })
    expect(watched).toEqual(['/watched'])
    report = nextReport()
    machine.files.set('/a', 'hacked')
    hint()
    expect(await report).toMatchObject({
      trigger: 'watch',
      status: 'changed',
      resources: [{ cause: 'drift' }],
    })
    expect(machine.files.get('/a')).toBe('2')
    expect(machine.logged.join('')).not.toContain('run-refused')
  })

  it('refuses runs while they are disabled, and says why', async () => {
    const report = nextReport()
    start()
    await report
    saveDisabled(dir, 'moving the database', new Date())
    const refused = new Promise<string>((resolve) =>
      machine.onLog.push((line) => line.includes('run-refused') && resolve(line)),
    )
    hint()
    expect(await refused).toContain('moving the database')
  })

  it('after a restart keeps its identity, and asks for nothing again', async () => {
    let report = nextReport()
    start()
    await report
    await daemon?.stop()
    report = nextReport()
    start()
    expect(await report).toMatchObject({ trigger: 'poll', status: 'in-sync' })
    expect(csrs).toHaveLength(1)
  })

  it('asks again when the server is back, so that a push that was lost is made good', async () => {
    const first = nextReport()
    start()
    await first
    const { port } = server
    await stopServer()
    envelope = sealed(catalogOf({ '/a': '3' }))
    const report = nextReport()
    await serve(port)
    expect(await report).toMatchObject({ trigger: 'poll', status: 'changed' })
    expect(machine.files.get('/a')).toBe('3')
  })

  it('renews a certificate that is past half of its life, and goes on under the new one', async () => {
    ageDays = 60
    const report = nextReport()
    start()
    await report
    expect(csrs).toHaveLength(2)
    expect(isRenewalDue(loadIdentity(dir)?.certificate ?? '', Date.now())).toBe(false)
    expect(machine.logged.join('')).toContain('certificate-renewed')
  })

  it('asks for the same key again when the answer to its enrolment was lost', async () => {
    const enrol = routes['POST /v1/enrol']
    const report = nextReport()
    routes['POST /v1/enrol'] = async (request) => {
      await enrol?.(request)
      if (enrol !== undefined) routes['POST /v1/enrol'] = enrol
      return { status: 502 }
    }
    start()
    await report
    expect(csrs).toHaveLength(2)
    expect(csrs[1]).toBe(csrs[0])
  })
})
