import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sampleFacts } from '../../schemas/sample-facts.ts'
import { enrolHost } from '../http/test-server.ts'
import { followRepository, motdOf, motdSite, Repository } from '../site/git/repository.fixture.ts'
import type { ResourceChange } from './change.ts'
import { makeFleet, type SiteFiles, writeSite } from './fleet.fixture.ts'
import type { FleetPlan } from './plan.ts'

const launcher = join(import.meta.dirname, '..', '..', 'bin', 'rekindle')
let dir: string
let config: string

const roles = `
import { facts, file, host, role, service } from 'rekindle'
import { data } from './data.ts'
export const web = role('web', () => {
  const conf = file('/etc/app.conf', { content: 'workers ' + facts.cpu.count + '\\n', mode: '0644' })
  file('/etc/motd', { content: 'this is ' + host.name + '\\n' })
  file('/etc/token', { content: 'hunter2', sensitive: true, mode: '0600' })
  service('app', { ensure: 'running', subscribe: conf })
})
export const db = role('db', () => {
  file('/etc/db.conf', { content: 'port ' + data.get('port') + '\\n' })
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) file('/srv/' + name, { ensure: 'directory' })
})
`
const served: SiteFiles = {
  'roles.ts': roles,
  'data.ts':
    "import { field, layers } from 'rekindle'\nexport const data = layers({ hierarchy: ['host/{host}', 'site'], schema: { port: field.integer() } })",
  'data/site.yaml': 'port: 1\n',
  'site.ts':
    "import { site } from 'rekindle'\nimport { data } from './data.ts'\nimport { db, web } from './roles.ts'\nexport default site({ data, hosts: [{ match: 'web-*', role: web }, { match: 'db-*', role: db }] })",
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-plan-'))
  const facts = (name: string, count: number) => {
    const sample = sampleFacts(name)
    return { name, facts: { ...sample, cpu: { ...sample.cpu, count } } }
  }
  config = await makeFleet(dir, {
    site: writeSite(join(dir, 'served'), served),
    hosts: [
      ...[facts('web-1', 2), facts('web-2', 2), facts('web-10', 4), facts('db-1', 2), facts('mail-1', 2)],
      { name: 'new-1', facts: undefined },
    ],
  })
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

let made = 0
/** Plans the served site with some of its files exchanged. */
async function plan(files: SiteFiles, ...options: readonly string[]) {
  made += 1
  const site = writeSite(join(dir, `planned-${made}`), { ...served, ...files })
  return rekindle(['plan', '--fleet', site, '--config', config, ...options])
}

async function planJson(files: SiteFiles): Promise<{ code: number | null; plan: FleetPlan }> {
  const { code, stdout } = await plan(files, '--format', 'json')
  return { code, plan: JSON.parse(stdout) as FleetPlan }
}

function rekindle(argv: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((done) => {
    const child = spawn(launcher, argv, { stdio: ['ignore', 'pipe', 'pipe'] })
    const out = { stdout: '', stderr: '' }
    child.stdout.on('data', (data) => {
      out.stdout += data
    })
    child.stderr.on('data', (data) => {
      out.stderr += data
    })
    child.on('close', (code) => done({ code, ...out }))
  })
}

function diffOf(resource: ResourceChange | undefined): string | undefined {
  const [change] = resource?.changes ?? []
  return change !== undefined && 'diff' in change ? change.diff : undefined
}

describe('rekindle plan --fleet', () => {
  it('ends with 0 when no host would notice the change', async () => {
    const { code, stdout } = await plan({ 'roles.ts': `// moved down\n${roles}` })
    expect({ code, stdout }).toMatchObject({ code: 0 })
    expect(stdout).toContain(
      'nothing changes, 4 stay the same, 1 that no rule matches, before and after, 1 that sent no facts yet',
    )
  })

  it('groups hosts by what changes on them, each with its own name', async () => {
    const { code, plan } = await planJson({ 'roles.ts': roles.replace('this is', 'welcome to') })
    expect(code).toBe(2)
    expect(plan.groups.map(({ hosts }) => hosts)).toEqual([['web-1', 'web-2', 'web-10']])
    const [change] = plan.groups[0]?.change.resources ?? []
    expect(change).toMatchObject({ kind: 'changed', id: 'file:/etc/motd', where: 'roles.ts:6' })
    expect(diffOf(change)).toContain('-this is {host}\n+welcome to {host}')
  })

  it('keeps hosts apart whose facts make the change another one', async () => {
    const { plan } = await planJson({ 'roles.ts': roles.replace('facts.cpu.count', 'facts.cpu.count * 2') })
    expect(plan.groups.map(({ hosts }) => hosts)).toEqual([['web-1', 'web-2'], ['web-10']])
    expect(diffOf(plan.groups[1]?.change.resources[0])).toContain('-workers 4\n+workers 8')
  })

  it('follows a change of data to the hosts whose roles read it', async () => {
    const { plan } = await planJson({
      'data/host/db-1.yaml': 'port: 2\n',
      'data/host/web-1.yaml': 'port: 2\n',
    })
    expect(plan.groups.map(({ hosts }) => hosts)).toEqual([['db-1']])
  })

  it('shows added and removed resources, and edges', async () => {
    const { stdout } = await plan({
      'roles.ts': roles.replace(', subscribe: conf', '').replace("file('/etc/motd'", "file('/etc/issue'"),
    })
    expect(stdout).toContain('web-1, web-2, web-10\n')
    expect(stdout).toContain('  + file:/etc/issue (roles.ts:6)')
    expect(stdout).toContain('  - file:/etc/motd (roles.ts:6)')
    expect(stdout).toContain('notify: ["service:app"] -> nothing')
  })

  it('shows that a secret changes, and never the secret', async () => {
    const secret = roles.replace('hunter2', 'correct horse')
    const { stdout } = await plan({ 'roles.ts': secret.replace("mode: '0600'", "mode: '0640'") })
    expect(stdout).toContain('content: [redacted] -> [redacted]')
    expect(stdout).toContain('mode: "0600" -> "0640"')
    expect(stdout).not.toMatch(/hunter2|correct horse/)
  })

  it('names hosts that would get no catalog with the reason, and ends with 1', async () => {
    const broken = roles.replace("'workers '", "(facts.cpu.count > 2 ? undefined.x : 'workers ')")
    const { code, stdout } = await plan({ 'roles.ts': broken })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^! web-10: would get no catalog\n {2}roles\.ts:5: Cannot compile role "web"/m)
  })

  it('says when a host has no rule any more', async () => {
    const { code, plan } = await planJson({
      'site.ts': served['site.ts']?.replace("match: 'db-*'", "match: 'dbx-*'") ?? '',
    })
    expect(code).toBe(1)
    expect(plan.refusals).toMatchObject([{ hosts: ['db-1'], isNew: true }])
  })

  it('says which hosts would wait for approval, since too much goes', async () => {
    const { stdout } = await plan({ 'roles.ts': roles.replace("['a', 'b', 'c', 'd', 'e', 'f']", "['a']") })
    expect(stdout).toContain(
      'db-1\n  ! is held until somebody approves it: leaves out 5 of 7 resources, more than 50 %\n',
    )
    const few = await plan({ 'roles.ts': roles.replace("['a', 'b', 'c', 'd', 'e', 'f']", "['a', 'b']") })
    expect(few.stdout).toContain('db-1\n  - file:/srv/c')
  })

  it('shows a host’s new role with what comes and goes', async () => {
    const rules = served['site.ts']?.replace('hosts: [', "hosts: [{ match: 'web-2', role: db }, ") ?? ''
    const { stdout } = await plan({ 'site.ts': rules })
    expect(stdout).toMatch(/^web-2\n {2}role: "web" -> "db"\n/m)
    expect(stdout).toContain('  + file:/etc/db.conf')
  })

  it('refuses a site that is wrong, with file and line', async () => {
    const { code, stdout } = await plan(
      { 'roles.ts': roles.replace('mode:', 'mod:') },
      '--format',
      'markdown',
    )
    expect(code).toBe(1)
    expect(stdout).toMatch(/^- roles\.ts:5: .*mod/m)
  })

  it('writes Markdown that folds each group, with fences that a site cannot close', async () => {
    const { stdout } = await plan(
      { 'roles.ts': roles.replace('this is', '```\\n</details> of') },
      '--format',
      'markdown',
    )
    expect(stdout).toContain('### Rekindle: 3 hosts change')
    expect(stdout).toContain('<details><summary><b>3 hosts</b>, 1 change: web-1, web-2, web-10</summary>')
    expect(stdout).toContain('\n````diff\n')
  })

  it('limits itself to some hosts', async () => {
    const { code, stdout } = await plan({ 'roles.ts': roles.replace('this is', 'hi') }, '--hosts', 'db-*')
    expect({ code, stdout }).toMatchObject({ code: 0 })
    expect(stdout).toContain('nothing changes, 1 stays the same')
  })

  it('shows which services would restart, through what they subscribe to', async () => {
    const { stdout } = await plan({ 'roles.ts': roles.replace("'workers '", "'threads '") })
    expect(stdout).toContain('\n  > restarts service:app\n')
  })

  describe('with policies over changes', () => {
    const judged = (policy: string): SiteFiles => ({
      'roles.ts': roles.replace("'workers '", "'threads '"),
      'site.ts':
        served['site.ts']
          ?.replace('import { site }', 'import { changePolicy, site }')
          .replace('data, hosts', `data, policies: [changePolicy('careful', ${policy})], hosts`) ?? '',
    })
    const share = (level: string, max: number) =>
      judged(`{ level: '${level}', pool: 'web', maxShare: ${max} }`)

    it('says what breaks one, and ends with 1 when it refuses', async () => {
      const refused = await plan(share('refuse', 0.05))
      expect(refused.code).toBe(1)
      expect(refused.stdout).toMatch(
        /^! site\.ts:4: Policy "careful" refuses: 3 of 3 hosts of pool "web" would change, more than 5 %$/m,
      )
      expect(await plan(share('refuse', 1))).toMatchObject({
        code: 2,
        stdout: expect.not.stringContaining('Policy'),
      })
    })

    it('ends with 2 when it wants approval, and says so in Markdown and JSON', async () => {
      const policy = judged("{ level: 'approve', role: 'web', maxRestarts: 2 }")
      const message =
        'Policy "careful" wants approval: 3 of 3 hosts with role "web" would restart a service, more than 2'
      expect(await plan(policy, '--format', 'markdown')).toMatchObject({
        code: 2,
        stdout: expect.stringContaining(`\n! site.ts:4: ${message}\n`),
      })
      const { code, plan: made } = await planJson(policy)
      expect(code).toBe(2)
      expect(made.verdicts).toEqual([
        { policy: 'careful', level: 'approve', message, where: 'site.ts:4', hint: null },
      ])
    })

    it('asks a function over the groups', async () => {
      const check = `({ hosts, groups }) => groups.map((one) => ({
        message: [hosts.length, one.hosts.length, one.changed.map(({ id }) => id), one.restarts].join(' '),
        hint: 'ask Ann' }))`
      const { stdout } = await plan(judged(`{ level: 'warn', check: ${check} }`))
      expect(stdout).toContain('Policy "careful" warns: 4 2 file:/etc/app.conf service:app\n  do: ask Ann\n')
    })

    it('refuses what cannot be asked, with the line', async () => {
      const { code, stdout } = await plan(judged("{ level: 'warn', check: () => nothing }"))
      expect(code).toBe(1)
      expect(stdout).toContain(
        '! site.ts:4: Cannot check policy "careful" for the change: nothing is not defined',
      )
    })

    it('is not asked about some of the hosts', async () => {
      const { code, stdout } = await plan(share('refuse', 0), '--hosts', 'web-1')
      expect(code).toBe(2)
      expect(stdout).toContain('policies over the change were not asked: --hosts leaves hosts out')
    })
  })

  it('leaves the plan of one catalog to the agent', async () => {
    const { code, stderr } = await rekindle(['plan', join(dir, 'no-catalog.json')])
    expect(code).toBe(1)
    expect(stderr).toContain('no-catalog.json')
  })
})

describe('rekindle plan --fleet --commit', () => {
  it('plans what was pushed to a branch, against what the server serves while it runs', async () => {
    const repository = new Repository()
    repository.commit('first', motdSite('one'))
    const server = await followRepository({ git: repository.url })
    try {
      expect(await motdOf(server, await enrolHost(server, 'web-1'))).toBe('one')
      repository.git('checkout', '--quiet', '-b', 'change')
      const commit = repository.commit('second', motdSite('two'))
      await server.site.check('test')
      const path = join(dir, 'following.json')
      writeFileSync(path, JSON.stringify(server.config))
      for (const ref of ['change', commit]) {
        const { code, stdout } = await rekindle(['plan', '--fleet', '--commit', ref, '--config', path])
        expect({ code, stdout }).toMatchObject({ code: 2 })
        expect(stdout).toMatch(/^web-1\n {2}~ file:\/etc\/motd/m)
      }
      const missing = await rekindle(['plan', '--fleet', '--commit', 'nowhere', '--config', path])
      expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('Cannot find "nowhere"') })
    } finally {
      await server.dispose()
      repository.remove()
    }
  })

  it('moves a host to another environment when the main one says so', async () => {
    const repository = new Repository()
    repository.commit('first', motdSite('one'))
    repository.git('branch', 'staging')
    const staging =
      "{ match: 'web-9', role: web, environment: 'staging' }, { match: 'web-8', role: web, environment: 'staging' },"
    const onMain = staging.slice(0, staging.indexOf(', {') + 1)
    repository.commit('staging', motdSite('one', staging))
    const server = await followRepository({ git: repository.url })
    try {
      for (const host of ['web-1', 'web-8', 'web-9']) await motdOf(server, await enrolHost(server, host))
      const path = join(dir, 'moving.json')
      writeFileSync(path, JSON.stringify(server.config))
      const site = writeSite(join(dir, 'moving'), motdSite('one', onMain))
      const { code, stdout } = await rekindle(['plan', '--fleet', site, '--config', path])
      expect({ code, stdout }).toMatchObject({ code: 2 })
      expect(stdout).toContain('web-8\n  environment: "staging" -> "main"')
      expect(stdout).toContain('1 host changes, 2 stay the same')
    } finally {
      await server.dispose()
      repository.remove()
    }
  })
})
