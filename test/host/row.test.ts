/**
 * Commands, accounts, schedules, the graph, refreshes and no-op on a real host. Each test is a row of Puppet's behaviours
 * that people rely on, by number; docs/puppet-rows.md lists all rows and says where Rekindle differs on purpose.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sampleFacts } from '../../catalogs/api/sample.ts'
import type { CatalogResource, Report } from '../../schemas/generated/types.ts'
import { createCompiler } from '../../server/compiler/compiler.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import { canRunHosts } from '../lab/prerequisites.ts'
import { bootHost, type OnHost } from './on-host.ts'

const hosts = canRunHosts()
const machine = 'row-1'

describe.skipIf(!hosts.ok)(`rows on a real host${hosts.ok ? '' : `: skipped: ${hosts.reason}`}`, () => {
  let lab: Lab
  let host: OnHost
  beforeAll(async () => {
    lab = await createLab({ name: 'row', log: console.log })
    host = await bootHost(lab, machine)
  })
  afterAll(() => lab.close())
  // Each test has /srv to itself.
  beforeEach(() => host.output(['sh', '-c', 'rm -rf /srv/* /var/lib/rekindle/state.json']))

  const shell = (script: string) => host.output(['sh', '-c', script])
  const exists = async (path: string) => (await host.run(['test', '-e', path])).code === 0
  const exec = (title: string, params: Record<string, unknown>, more: Partial<CatalogResource> = {}) =>
    host.resource(`exec:${title}`, params, more)
  const file = (path: string, params: Record<string, unknown>, more: Partial<CatalogResource> = {}) =>
    host.resource(`file:${path}`, params, more)
  const count = (path: string) => `echo ran >> ${path}`
  const outcomes = ({ resources }: Report) =>
    Object.fromEntries(resources.map(({ id, outcome }) => [id, outcome]))

  /** A catalog that is to be refused before anything is applied: `apply` prints no report then. */
  async function refused(resources: readonly CatalogResource[]) {
    host.prepareCatalog(resources)
    const { code, stdout, stderr } = await host.run(host.applyCommand)
    expect(stdout).toBe('')
    return { code, stderr }
  }

  describe('commands', () => {
    it('onlyIf and unless decide, and of a list of checks all of them do (E2)', async () => {
      const checks = {
        'only-yes': { onlyIf: 'exit 0' },
        'only-no': { onlyIf: 'exit 1' },
        'unless-yes': { unless: 'exit 0' },
        'unless-no': { unless: 'test -e /srv/unless-no' },
        'only-all': { onlyIf: [['true'], ['true']] },
        'only-not-all': { onlyIf: [['true'], ['false']] },
        'unless-none': { unless: [['false'], ['test', '-e', '/srv/unless-none']] },
        'unless-one': { unless: [['false'], ['true']] },
        both: { onlyIf: 'exit 0', unless: 'test -e /srv/both' },
        'both-but-one': { onlyIf: 'exit 0', unless: 'exit 0' },
      }
      const marked = Object.entries(checks).map(([title, params]) =>
        exec(title, { command: ['touch', `/srv/${title}`], ...params }),
      )
      const { report } = await host.apply(marked)
      const ran = ['both', 'only-all', 'only-yes', 'unless-no', 'unless-none']
      expect(await shell('ls /srv')).toBe(`${ran.join('\n')}\n`)
      expect(outcomes(report)).toEqual(Object.fromEntries(ran.map((title) => [`exec:${title}`, 'changed'])))
    })

    it('a command without a guard that is notified runs twice, each time its source changes (E5)', async () => {
      const resources = (text: string) => [
        file('/srv/source', { content: text }, { notify: ['exec:plain'] }),
        exec('plain', { command: count('/srv/count') }),
      ]
      await host.apply(resources('a'))
      expect(await shell('cat /srv/count')).toBe('ran\nran\n')
      await host.apply(resources('b'))
      expect(await shell('wc -l < /srv/count')).toBe('4\n')
      await host.apply(resources('b'))
      expect(await shell('wc -l < /srv/count')).toBe('5\n')
    })

    it('an exit code that is listed is success, every time (E8)', async () => {
      const resources = (exitCodes: readonly number[]) => [exec('three', { command: 'exit 3', exitCodes })]
      for (const _ of [1, 2])
        expect(await host.apply(resources([0, 3]))).toMatchObject({
          code: 2,
          report: { resources: [{ outcome: 'changed' }] },
        })
      expect((await host.apply(resources([0]))).code).toBe(4)
    })

    it('a working directory holds for command and checks, and one that is missing fails (E10)', async () => {
      await shell('mkdir /srv/here')
      const here = exec('here', {
        cwd: '/srv/here',
        onlyIf: 'test "$PWD" = /srv/here',
        command: 'pwd > seen',
      })
      expect((await host.apply([here])).code).toBe(2)
      expect(await shell('cat /srv/here/seen')).toBe('/srv/here\n')
      const { code, report } = await host.apply([
        exec('nowhere', { cwd: '/srv/nowhere', command: 'touch /srv/ran' }),
      ])
      expect(code).toBe(4)
      expect(report.resources[0]?.error?.message).toContain('working directory "/srv/nowhere" does not exist')
      expect(await exists('/srv/ran')).toBe(false)
    })

    it('a user runs a command though the directory of the run is closed to it (E11)', async () => {
      await shell('mkdir -m 0700 /srv/closed; mkdir -m 0777 /srv/open')
      const resources = [
        exec('as-user', { user: 'games', command: 'id -un > /srv/open/plain' }),
        exec('in-closed', { user: 'games', cwd: '/srv/closed', command: 'id -un > /srv/open/inside' }),
      ]
      host.prepareCatalog(resources)
      const { code, stdout } = await host.run([
        ...['sh', '-c', 'cd /srv/closed && exec "$@"', 'sh'],
        ...host.applyCommand,
      ])
      expect(code, stdout).toBe(2)
      expect(await shell('cat /srv/open/plain /srv/open/inside')).toBe('games\ngames\n')
    })

    // Puppet logs every line; a report carries the last 40.
    it('4,000 lines, more than is kept, do not hold a command up, and the last are told (E13, put right)', async () => {
      const { code, report } = await host.apply([exec('wordy', { command: 'seq -f "%0300.0f" 4000' })])
      expect(code).toBe(2)
      const lines = report.resources[0]?.output?.split('\n') ?? []
      expect(lines.map(Number)).toEqual(Array.from({ length: 40 }, (_, at) => 3961 + at))
    })

    it('a daemon that a command leaves behind with its output open is not waited for (E14)', async () => {
      const { code } = await host.apply([exec('leave', { command: 'echo begun; sleep 4714 & exit 0' })])
      expect(code).toBe(2)
      // It still runs, so the run cannot have waited for its end.
      const left = await host.output(['pgrep', '-f', '^sleep 4714'])
      expect(left).toMatch(/^\d+\n$/)
      await host.output(['kill', left.trim()])
    })
  })

  describe('accounts', () => {
    it('an account is made, changed and removed, as passwd and shadow show (U1)', async () => {
      const [first, second] = ['first', 'second'].map((salt) => `$6$${salt}$${'a'.repeat(86)}`)
      const look = () => shell('getent passwd row; getent shadow row | cut -d: -f2')
      const groups = [4243, 4244].map((gid) => host.resource(`group:row${gid}`, { gid }))
      const account = (params: Record<string, unknown>) => [
        ...groups,
        host.resource('user:row', params, { require: groups.map(({ id }) => id) }),
      ]
      const made = account({ uid: 4243, group: 'row4243', shell: '/bin/sh', password: first })
      expect((await host.apply(made)).code).toBe(2)
      expect(await look()).toBe(`row:x:4243:4243::/home/row:/bin/sh\n${first}\n`)
      expect((await host.apply(made)).code).toBe(0)

      const changed = account({ uid: 4243, group: 'row4244', shell: '/bin/bash', password: second })
      const { report } = await host.apply(changed)
      expect(report.resources.map(({ id, changes }) => [id, changes.map((one) => one.property)])).toEqual([
        ['user:row', expect.arrayContaining(['group', 'shell', 'password'])],
      ])
      expect(await look()).toBe(`row:x:4243:4244::/home/row:/bin/bash\n${second}\n`)
      expect((await host.apply(changed)).code).toBe(0)

      const gone = [host.resource('user:row', { ensure: 'absent' })]
      expect((await host.apply(gone)).code).toBe(2)
      expect(await shell('grep -c "^row:" /etc/passwd /etc/shadow || true')).toBe(
        '/etc/passwd:0\n/etc/shadow:0\n',
      )
      expect((await host.apply(gone)).code).toBe(0)
    })
  })

  describe('schedule', () => {
    const scheduled = (schedule: CatalogResource['schedule']) => [
      file('/srv/scheduled', { content: 'x\n' }, schedule === undefined ? {} : { schedule }),
    ]
    const withheld = { code: 0, report: { status: 'pending', resources: [{ outcome: 'pending' }] } }

    it('outside its range, or with the period never, a resource is left, and the run succeeds (X10)', async () => {
      const hour = (from: number) => String((new Date().getUTCHours() + from) % 24).padStart(2, '0')
      for (const schedule of [{ period: 'never' as const }, { range: `${hour(2)}:00-${hour(4)}:00` }]) {
        const applied = await host.apply(scheduled(schedule))
        expect(applied).toMatchObject(withheld)
        expect(applied.report.resources[0]?.withheld).toContain('its schedule')
        expect(await exists('/srv/scheduled')).toBe(false)
      }
    })

    it('in its range a resource is changed, once in its period (X10)', async () => {
      const daily = scheduled({ range: '00:00-24:00', period: 'daily' })
      expect((await host.apply(daily)).code).toBe(2)
      await shell('echo edited > /srv/scheduled')
      expect(await host.apply(daily)).toMatchObject(withheld)
      expect(await shell('cat /srv/scheduled')).toBe('edited\n')
    })
  })

  describe('graph', () => {
    it('what nothing orders converges in the order of declaration, each time (G1)', async () => {
      const titles = ['delta', 'alpha', 'hotel', 'bravo', 'golf', 'charlie', 'foxtrot', 'echo']
      const resources = titles.map((title) => host.resource(`notify:${title}`, { always: true }))
      for (const _ of [1, 2]) {
        const { report } = await host.apply(resources)
        expect(report.resources.map(({ id }) => id)).toEqual(titles.map((title) => `notify:${title}`))
      }
    })

    // Puppet finds these on the agent and marks the members as failed. Here no server signs such a catalog
    // (server/compiler/graph.test.ts), and an agent that is given one all the same refuses it whole.
    it.each([
      ['a cycle (G4)', { a: ['exec:b'], b: ['exec:a'] }, /"exec:a" does not come after "exec:b"/],
      ['a resource that requires itself (G5)', { a: ['exec:a'] }, /"exec:a" does not come after "exec:a"/],
    ] as const)('nothing is applied of a catalog with %s', async (_, edges, message) => {
      const resources = [
        file('/srv/apart', { content: 'x\n' }),
        ...Object.entries(edges).map(([title, require]) =>
          exec(title, { command: `touch /srv/${title}` }, { require: [...require] }),
        ),
      ]
      const { code, stderr } = await refused(resources)
      expect(code).toBe(1)
      expect(stderr).toMatch(message)
      expect(await shell('ls /srv')).toBe('')
    })

    it('one bad parameter stops the whole catalog (G13)', async () => {
      const { code, stderr } = await refused([
        file('/srv/apart', { content: 'x\n' }),
        exec('bad', { command: 'touch /srv/bad', timeout: 'soon' }),
      ])
      expect(code).toBe(1)
      expect(stderr).toMatch(/"exec:bad" \(test\.ts:1\).*timeout/)
      expect(await shell('ls /srv')).toBe('')
    })

    it('what is declared twice is refused with both places (G17)', async () => {
      const { code, stderr } = await refused([
        file('/srv/twice', { content: 'x\n' }, { where: 'roles/web.ts:3' }),
        file('/srv/twice', { content: 'y\n' }, { where: 'roles/db.ts:9' }),
      ])
      expect(code).toBe(1)
      expect(stderr).toContain('"file:/srv/twice" (roles/db.ts:9) is declared at roles/web.ts:3 too')
      expect(await shell('ls /srv')).toBe('')
    })

    it('a type that cannot be read fails its resources and skips their dependents, and nothing else (G14)', async () => {
      const services = ['systemd-journald', 'dbus', 'rekindle-agent']
      const broken = '#!/bin/sh\\necho "Failed to connect to bus" >&2\\nexit 1\\n'
      await shell('mv /usr/bin/systemctl /usr/bin/systemctl.kept')
      try {
        await shell(`printf '${broken}' > /usr/bin/systemctl && chmod 755 /usr/bin/systemctl`)
        const { code, report } = await host.apply([
          ...services.map((name) => host.resource(`service:${name}`, { ensure: 'running' })),
          file('/srv/after', { content: 'x\n' }, { require: ['service:dbus'] }),
          file('/srv/apart', { content: 'x\n' }),
        ])
        expect(code).toBe(6)
        expect(outcomes(report)).toEqual({
          ...Object.fromEntries(services.map((name) => [`service:${name}`, 'failed'])),
          'file:/srv/after': 'skipped',
          'file:/srv/apart': 'changed',
        })
        expect(report.resources[0]?.error?.message).toContain('Failed to connect to bus')
      } finally {
        await shell('mv /usr/bin/systemctl.kept /usr/bin/systemctl')
      }
      expect(await shell('ls /srv')).toBe('apart\n')
    })

    it('what cannot be made fails once, and nothing is said of its owner and mode (G16)', async () => {
      const { code, report } = await host.apply([
        file('/srv/no/such/place', { content: 'x\n', owner: 'games', mode: '0600' }),
      ])
      expect(code).toBe(4)
      expect(report.resources).toMatchObject([{ outcome: 'failed', error: { code: 'apply-failed' } }])
      const properties = report.resources[0]?.changes.map(({ property }) => property)
      expect(properties).toContain('ensure')
      expect(properties).not.toContain('owner')
      expect(properties).not.toContain('mode')
    })
  })

  describe('roles', () => {
    const dir = mkdtempSync(join(tmpdir(), 'rekindle-row-'))
    const compiler = createCompiler({ stageDir: join(dir, 'stage') })
    afterEach(() => rmSync(join(dir, 'site'), { recursive: true, force: true }))
    afterAll(async () => {
      await compiler.close()
      rmSync(dir, { recursive: true, force: true })
    })

    /** What a role with that body comes to; its contents are put where the host finds them. */
    async function compile(body: string): Promise<readonly CatalogResource[]> {
      mkdirSync(join(dir, 'site'), { recursive: true })
      const text = `import { contain, exec, file, role, site } from 'rekindle'
        const row = role('row', () => {${body}})
        export default site({ hosts: [{ match: 'row-*', role: row }] })`
      writeFileSync(join(dir, 'site', 'site.ts'), text)
      const checked = await compiler.check(join(dir, 'site'))
      expect(checked, JSON.stringify(checked)).toMatchObject({ ok: true })
      const { catalog, blobs } = await compiler.compile(machine, sampleFacts(machine))
      for (const [name, bytes] of blobs)
        writeFileSync(join(lab.settings.dir, machine, 'root/root/blobs', name), bytes)
      return catalog.resources
    }

    it('a directory that is declared after a file in it is made before it (F6)', async () => {
      const { code, report } = await host.apply(
        await compile(`
          file('/srv/later/below', { content: 'x' })
          file('/srv/later', { ensure: 'directory' })`),
      )
      expect(code, JSON.stringify(report)).toBe(2)
      expect(await shell('cat /srv/later/below')).toBe('x')
    })

    it('a path with a slash at its end is the same path, and declared twice (F7)', async () => {
      const twice = compile(`
        file('/srv/same', { ensure: 'directory' })
        file('/srv/same/', { ensure: 'directory' })`)
      await expect(twice).rejects.toThrow(
        'Cannot declare file \\"/srv/same\\" twice: it is declared at site.ts',
      )
      expect(await exists('/srv/same')).toBe(false)
    })

    it('a container that notifies another refreshes what is in it, once (G7)', async () => {
      const role = (text: string) => `
        const b = contain('b', () => { exec('inner', { command: '${count('/srv/count')}', refreshOnly: true }) })
        contain('a', { notify: b }, () => {
          file('/srv/one', { content: '${text}' })
          file('/srv/two', { content: '${text}' })
        })`
      const resources = await compile(role('x'))
      const { code, report } = await host.apply(resources)
      expect(code).toBe(2)
      expect(report.resources.find(({ id }) => id === 'exec:inner')?.refreshed).toEqual([
        'file:/srv/one',
        'file:/srv/two',
      ])
      expect((await host.apply(resources)).code).toBe(0)
      expect(await shell('cat /srv/count')).toBe('ran\n')
    })

    // In Puppet what a class merely includes may come last. Here everything that a container declares is in it.
    it('what waits for a container waits for what is in a container in it (G8, put right)', async () => {
      const { report } = await host.apply(
        await compile(`
          const outer = contain('outer', () => { contain('inner', () => { exec('deep', { command: ['false'] }) }) })
          exec('after', { command: ['touch', '/srv/after'], require: outer })
          exec('apart', { command: ['touch', '/srv/apart'] })`),
      )
      expect(report.resources).toMatchObject([
        { id: 'exec:deep', outcome: 'failed' },
        { id: 'exec:after', outcome: 'skipped', skippedBecause: ['exec:deep'] },
        { id: 'exec:apart', outcome: 'changed' },
      ])
      expect(await shell('ls /srv')).toBe('apart\n')
    })
  })

  describe('tags', () => {
    const tagged = () => [
      file('/srv/tagged', { content: 'x\n' }, { tags: ['web'] }),
      // Would fail, were it run.
      exec('other', { command: ['touch', '/srv/no/such'], creates: '/srv/no/such' }),
    ]

    it('a run by tag does what has it, and is told of nothing else (G10)', async () => {
      const { code, report } = await host.apply(tagged(), { flags: ['--tags', 'web'] })
      expect(code).toBe(2)
      expect(report).toMatchObject({
        counts: { total: 1, failed: 0, skipped: 0 },
        selection: { tags: ['web'] },
      })
      expect(outcomes(report)).toEqual({ 'file:/srv/tagged': 'changed' })
      expect(await shell('ls /srv')).toBe('tagged\n')
    })

    it('a run that skips a tag does all but what has it (G10)', async () => {
      await shell('mkdir /srv/no')
      const { code, report } = await host.apply(tagged(), { flags: ['--skip-tags', 'web'] })
      expect(code).toBe(2)
      expect(outcomes(report)).toEqual({ 'exec:other': 'changed' })
      expect(await shell('ls /srv')).toBe('no\n')
    })

    // Puppet forgets that refresh.
    it('a subscriber that the tags leave out is not refreshed in that run, but in the next whole one (G11, put right)', async () => {
      const resources = [
        file('/srv/tagged', { content: 'x\n' }, { tags: ['web'], notify: ['exec:told'] }),
        exec('told', { command: count('/srv/count'), refreshOnly: true }),
      ]
      await host.apply(resources, { flags: ['--tags', 'web'] })
      expect(await exists('/srv/count')).toBe(false)
      const { report } = await host.apply(resources)
      expect(report.resources).toMatchObject([{ id: 'exec:told', refreshed: ['file:/srv/tagged'] }])
      await host.apply(resources)
      expect(await shell('cat /srv/count')).toBe('ran\n')
    })
  })

  describe('no-op', () => {
    it('leaves drift as it is, says what it would do, and says it again (N1)', async () => {
      const resources = [file('/srv/held', { content: 'wanted\n' })]
      await host.apply(resources)
      await shell('echo edited > /srv/held')
      for (const _ of [1, 2]) {
        expect(await host.apply(resources, { noop: true })).toMatchObject({
          code: 0,
          report: {
            status: 'pending',
            noop: true,
            counts: { changed: 0 },
            resources: [{ outcome: 'pending', cause: 'drift', changes: [{ property: 'content' }] }],
          },
        })
        expect(await shell('cat /srv/held')).toBe('edited\n')
      }
    })

    // A no-op run never exits with 2, as `rekindle apply --help` says; what was changed is in the report.
    it('does not hold what says noop: false, which is told as changed (N3)', async () => {
      const resources = [
        file('/srv/always', { content: 'x\n' }, { noop: false }),
        file('/srv/held', { content: 'x\n' }),
      ]
      const { code, report } = await host.apply(resources, { noop: true })
      expect(code).toBe(0)
      expect(report).toMatchObject({ status: 'changed', counts: { changed: 1 } })
      expect(outcomes(report)).toEqual({ 'file:/srv/always': 'changed', 'file:/srv/held': 'pending' })
      expect(await shell('ls /srv')).toBe('always\n')
      expect((await host.apply(resources, { noop: true })).report.resources).toMatchObject([
        { id: 'file:/srv/held', outcome: 'pending' },
      ])
    })

    it('of one source does not keep another from refreshing what both notify (N4)', async () => {
      const { report } = await host.apply([
        file('/srv/real', { content: 'x\n' }, { notify: ['exec:told'] }),
        file('/srv/held', { content: 'x\n' }, { noop: true, notify: ['exec:told'] }),
        exec('told', { command: count('/srv/count'), refreshOnly: true }),
      ])
      expect(report.resources.find(({ id }) => id === 'exec:told')?.refreshed).toEqual(['file:/srv/real'])
      expect(await shell('cat /srv/count; test -e /srv/held || echo held')).toBe('ran\nheld\n')
    })
  })
})
