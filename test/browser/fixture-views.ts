/** A small fleet in words of the people's API: one host of each sort that the page must show. */
import type {
  AuditRow,
  DriftRow,
  HostRow,
  HostView,
  OverviewView,
  RebuildRow,
  RebuildView,
  ReportView,
  SiteView,
} from '../../server/http/view.ts'
import type { RebuildState } from '../../server/rebuild/state.ts'
import { rebuildOrders } from '../../server/rebuild/state.ts'

const revision = '8f2c1d9ab04e7c55'
const serial = '4be1c09a77d2f38e6150aa94b7c3de02'

/** What the revision stands for. */
const commit = {
  hash: '1d2c3b4a5f60718293a4b5c6d7e8f90011223344',
  author: 'Ann Example <ann@example.org>',
  committedAt: '2026-08-01T11:00:00.000Z',
  subject: 'Give nginx as many workers as the host has processors',
}

/** A time some seconds before now: ages on the page count from the real clock. */
export function ago(seconds: number): string {
  return new Date(Date.now() - seconds * 1000).toISOString()
}

export function host(name: string, facts: Partial<HostRow> = {}): HostRow {
  const role = name.replace(/-\d+$/, '')
  return {
    name,
    role,
    environment: 'main',
    pool: role,
    status: 'in-sync',
    incarnation: 1,
    address: `10.77.0.${20 + Number(name.split('-')[1])}`,
    connected: true,
    lastReportAt: ago(95),
    revision,
    openDrift: 0,
    rebuild: null,
    provedAt: ago(86_400 * 3),
    provedRevision: revision,
    ...facts,
  }
}

export const nginxDiff = `--- /etc/nginx/nginx.conf\tfound
+++ /etc/nginx/nginx.conf\twanted
@@ -1,6 +1,6 @@
 user www-data;
-worker_processes 64;
+worker_processes 2;
 pid /run/nginx.pid;
 
 events {
-    worker_connections 65535;
+    worker_connections 1024;
 }
`

export function longDiff(lines: number): string {
  const body = Array.from(
    { length: lines },
    (_, n) => `-old line ${n} ${'x'.repeat(n % 7 === 0 ? 180 : 20)}\n+new line ${n}\n`,
  )
  return `@@ -1,${lines} +1,${lines} @@\n${body.join('')}`
}

export function drift(id: number, facts: Partial<DriftRow> = {}): DriftRow {
  return {
    id,
    host: 'web-1',
    incarnation: 2,
    resource: 'file:/etc/nginx/nginx.conf',
    where: 'role/web.ts:12',
    changes: [{ property: 'content', from: 'sha256 9c1f77a0b2', to: 'sha256 2b88e0f4c1', diff: nginxDiff }],
    seenAt: ago(4),
    endedAt: null,
    endedBy: null,
    report: 'run-1',
    ...facts,
  }
}

/** A rebuild that has stood at a step for three seconds: each step before it took longer than the last. */
export function rebuild(id: string, state: RebuildState, facts: Partial<RebuildRow> = {}): RebuildRow {
  const order = facts.order ?? 'surge'
  const way: readonly RebuildState[] = rebuildOrders[order]
  const done = way.slice(0, state === 'held' ? way.indexOf('converging') + 1 : way.indexOf(state))
  const durations = done.map((_, n) => 120 + n * 870)
  const totalMs = durations.reduce((sum, ms) => sum + ms, 0)
  const endedAgo = (Date.now() - Date.parse(facts.endedAt ?? ago(3))) / 1000
  const beganAgo = totalMs / 1000 + endedAgo
  const steps = done.map((step, n) => ({
    state: step,
    startedAt: ago(beganAgo - durations.slice(0, n).reduce((sum, ms) => sum + ms, 0) / 1000),
    durationMs: durations[n] ?? null,
    detail: details[step] ?? null,
  }))
  return {
    id,
    host: 'web-2',
    order,
    state,
    reason: 'drift of file:/etc/nginx/nginx.conf',
    requestedBy: 'policy',
    requestedAt: ago(beganAgo),
    endedAt: state === 'in-service' ? ago(endedAgo) : null,
    fromIncarnation: 1,
    toIncarnation: 2,
    revision,
    commit,
    waiting: null,
    elapsedMs: totalMs,
    steps: [...steps, { state, startedAt: ago(endedAgo), durationMs: null, detail: null }],
    ...facts,
  }
}

const details: Partial<Record<RebuildState, string>> = {
  creating: 'nspawn machine web-2-i2 from image debian-12',
  enrolling: 'ticket used by 10.77.0.22',
  converging: '14 resources changed',
  proving: 'second run: nothing to do; GET /health answered 200',
}

export const site: SiteView = {
  revision,
  activatedAt: ago(7200),
  roles: ['web', 'db'],
  pools: [
    { name: 'web', order: 'surge', drift: 'rebuild', hosts: ['web-1', 'web-2', 'web-3'] },
    { name: 'db', order: 'in-place', drift: 'report', hosts: ['db-1'] },
  ],
  warnings: [],
  refused: null,
  commit,
  repository: {
    url: 'ssh://git@forge.example.org/fleet/site.git',
    branch: 'main',
    fetchedAt: ago(20),
    unreachable: null,
  },
  environments: [
    {
      name: 'staging',
      revision: '77aa10b2c3d4',
      activatedAt: ago(600),
      commit: { ...commit, hash: '9b1c0ffee2d34455667788990011223344556677', subject: 'Try nginx 1.27' },
      warnings: [],
      refused: null,
      hosts: ['web-3'],
    },
  ],
}

export const refusedSite: SiteView = {
  ...site,
  repository: {
    url: 'ssh://git@forge.example.org/fleet/site.git',
    branch: 'main',
    fetchedAt: ago(4000),
    unreachable: {
      since: ago(3900),
      problem:
        'Cannot fetch from ssh://git@forge.example.org/fleet/site.git: ssh: connect to host forge.example.org port 22: Connection refused',
    },
  },
  refused: {
    approval: null,
    revision: 'c0ffee1234567890',
    at: ago(300),
    commit: { ...commit, hash: 'c0ffee1234567890c0ffee1234567890c0ffee12', subject: 'Enable nginx' },
    problems: [
      {
        message: 'Cannot declare service "nginx": parameter "enabled" is unknown',
        where: 'role/web.ts:21',
        hint: 'Did you mean "enable"?',
      },
      {
        message: 'Cannot order resources: file:/etc/a requires file:/etc/b requires file:/etc/a',
        where: 'role/db.ts:7',
        hint: null,
      },
    ],
  },
}

export const refusal: AuditRow = {
  seq: 41,
  at: ago(1400),
  actor: '10.77.0.99',
  action: 'enrol.refused',
  target: 'web-9',
  detail: 'the token was used before, by web-3',
  revision: null,
  commit: null,
  hash: 'd3adb33fd3adb33fd3adb33fd3adb33f',
}

export function calmOverview(): OverviewView {
  return {
    version: '0.1.0',
    now: ago(0),
    hosts: [
      host('web-1', { incarnation: 2 }),
      host('web-2'),
      host('web-3'),
      host('db-1', { status: 'changed' }),
    ],
    openDrift: [],
    rebuilds: [],
    site,
    refusals: [],
  }
}

/** Much at once: what the page is looked at for. */
export function busyOverview(): OverviewView {
  return {
    version: '0.1.0',
    now: ago(0),
    hosts: [
      host('web-1', { status: 'drifted', incarnation: 2, openDrift: 2, lastReportAt: ago(4) }),
      host('web-2', { status: 'rebuilding', rebuild: 'b2' }),
      host('web-3'),
      host('web-4', { status: 'stale', revision: '77aa00bb11cc' }),
      host('web-5', { status: 'new', incarnation: 1, lastReportAt: null, revision: null }),
      host('db-1', { status: 'failed', lastReportAt: ago(400) }),
      host('db-2', { status: 'silent', connected: false, lastReportAt: ago(5400) }),
      host('db-3', { status: 'changed', lastReportAt: ago(12) }),
    ],
    openDrift: [
      drift(1),
      drift(2, {
        resource: 'service:nginx',
        where: 'role/web.ts:19',
        changes: [
          { property: 'ensure', from: 'stopped', to: 'running' },
          { property: 'enable', from: 'false', to: 'true' },
        ],
        seenAt: ago(4),
      }),
      drift(3, {
        host: 'web-3',
        incarnation: 1,
        resource: 'file:/etc/motd',
        changes: [{ property: 'content', from: 'a', to: 'b', diff: longDiff(30) }],
      }),
      drift(4, {
        host: 'web-4',
        incarnation: 1,
        resource: 'file:/etc/motd',
        changes: [{ property: 'content', from: 'a', to: 'b', diff: longDiff(30) }],
      }),
    ],
    rebuilds: [
      rebuild('b2', 'converging'),
      rebuild('b3', 'held', {
        host: 'db-1',
        order: 'in-place',
        waiting: 'the first run failed: Cannot apply package "mariadb-server": apt exited with 100',
        fromIncarnation: 3,
        toIncarnation: 4,
        reason: 'asked for by admin: kernel update',
        requestedBy: 'user:admin',
      }),
      rebuild('b1', 'in-service', { host: 'web-3', endedAt: ago(860) }),
    ],
    site: refusedSite,
    refusals: [refusal],
  }
}

export function hostView(row: HostRow, overview: OverviewView): HostView {
  return {
    ...row,
    commit,
    heldChange: null,
    incarnations: [
      {
        number: 2,
        machine: 'web-1-i2',
        serial,
        createdAt: ago(86_400),
        enrolledAt: ago(86_390),
        revokedAt: null,
        state: 'current',
      },
      {
        number: 1,
        machine: 'web-1-i1',
        serial: `${serial.slice(0, -2)}01`,
        createdAt: ago(864_000),
        enrolledAt: ago(863_990),
        revokedAt: ago(86_340),
        state: 'gone',
      },
    ],
    drift: [
      ...overview.openDrift.filter(({ host: name }) => name === row.name),
      drift(90, {
        host: row.name,
        incarnation: 1,
        seenAt: ago(90_000),
        endedAt: ago(86_340),
        endedBy: 'rebuilt',
      }),
    ],
    reports: [
      report(row.name),
      {
        ...report(row.name),
        id: 'run-2',
        status: 'in-sync',
        trigger: 'poll',
        cached: true,
        receivedAt: ago(1900),
      },
    ],
    rebuilds: overview.rebuilds.filter(({ host: name }) => name === row.name),
    facts: {
      hostname: row.name,
      os: { id: 'debian', family: 'debian', release: '12', codename: 'bookworm', arch: 'amd64' },
      kernel: { release: '6.1.0-18-amd64' },
      cpu: { count: 2 },
      memory: { totalMiB: 3936 },
      network: { address: '10.77.0.21', interfaces: { host0: ['10.77.0.21', 'fe80::1'] } },
      virtual: 'systemd-nspawn',
      agent: { version: '0.1.0' },
    },
    attributes: { rack: 'b4' },
    packages: { adduser: '3.134', nginx: '1.22.1-9+deb12u1' },
    vitals: {
      uptimeSeconds: 86_400,
      load: [0.12, 0.2, 0.18],
      memoryFreeMiB: 2011,
      swapFreeMiB: 0,
      mounts: { '/': { freeMiB: 8120 } },
      toldAt: ago(95),
    },
    factProblems: [
      {
        fact: 'rack',
        source: '/etc/rekindle/facts.d/rack.py',
        reason: 'it exited with 1: no such file',
        kept: true,
      },
    ],
    resources: [
      { id: 'package:nginx', where: 'role/web.ts:9' },
      { id: 'file:/etc/nginx/nginx.conf', where: 'role/web.ts:12' },
      { id: 'service:nginx', where: 'role/web.ts:19' },
    ],
  }
}

export function report(name: string): ReportView {
  const counts = { total: 24, inSync: 19, changed: 1, drifted: 2, failed: 1, skipped: 1, refreshed: 1 }
  return {
    id: 'run-1',
    host: name,
    incarnation: 2,
    receivedAt: ago(4),
    status: 'failed',
    trigger: 'watch',
    revision,
    commit,
    noop: false,
    cached: false,
    durationMs: 2310,
    counts,
    report: {
      version: 1,
      id: 'run-1',
      host: name,
      trigger: 'watch',
      startedAt: ago(7),
      finishedAt: ago(5),
      catalogHash: 'a94a8fe5ccb19ba61c4c0873d391e987',
      revision,
      cached: false,
      noop: false,
      status: 'failed',
      counts,
      resources: [
        {
          id: 'file:/etc/nginx/nginx.conf',
          where: 'role/web.ts:12',
          outcome: 'drifted',
          cause: 'drift',
          changes: [...drift(1).changes],
          durationMs: 3,
        },
        {
          id: 'user:deploy',
          where: 'role/base.ts:5',
          outcome: 'changed',
          cause: 'intent',
          changes: [{ property: 'shell', from: null, to: '/bin/bash' }],
          durationMs: 41,
        },
        {
          id: 'package:nginx',
          where: 'role/web.ts:9',
          outcome: 'failed',
          cause: 'drift',
          changes: [{ property: 'ensure', from: 'absent', to: 'present' }],
          error: {
            code: 'apply-failed',
            message: 'Cannot apply package "nginx": apt-get exited with 100',
            where: 'role/web.ts:9',
            kept: 'The installed packages are as they were',
            hint: 'Look at /var/log/apt/term.log on the host',
          },
          durationMs: 1804,
        },
        {
          id: 'service:nginx',
          where: 'role/web.ts:19',
          outcome: 'skipped',
          changes: [],
          skippedBecause: ['package:nginx'],
          durationMs: 0,
        },
      ],
    },
  }
}

export function rebuildView(row: RebuildRow): RebuildView {
  return { ...row, evidence: 'unmanaged: /usr/local/bin/quickfix.sh (new)\nunmanaged: user tmpadmin (new)\n' }
}

export function auditEntries(): readonly AuditRow[] {
  const entry = (
    seq: number,
    actor: string,
    action: string,
    target: string,
    detail: string | null,
  ): AuditRow => ({
    seq,
    at: ago((60 - seq) * 70),
    actor,
    action,
    target,
    detail,
    revision: seq % 2 === 0 ? revision : null,
    commit: seq % 2 === 0 ? commit : null,
    hash: `${seq}f3a9c0de77b1${seq}`,
  })
  return [
    entry(44, 'policy', 'rebuild.requested', 'web-2', 'drift of file:/etc/nginx/nginx.conf'),
    entry(43, 'host:web-2', 'drift.seen', 'web-2', 'file:/etc/nginx/nginx.conf'),
    entry(42, 'user:admin', 'login.accepted', 'admin', null),
    refusal,
    entry(40, 'server', 'site.activated', revision, null),
  ]
}
