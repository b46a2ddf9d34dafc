/** cron, cron.d and sudoers on a real host. X1 and so on are rows of Puppet's behaviours that people rely on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLab, type Lab } from '../../lab/lab.ts'
import { canRunHosts } from '../../lab/prerequisites.ts'
import { type ConvergeCase, checkCase } from '../converge-case.ts'
import { bootHost, type OnHost } from '../on-host.ts'

const hosts = canRunHosts()

describe.skipIf(!hosts.ok)(`cron and sudoers${hosts.ok ? '' : `: skipped: ${hosts.reason}`}`, () => {
  let lab: Lab
  let host: OnHost
  beforeAll(async () => {
    lab = await createLab({ name: 'cron', log: console.log })
    host = await bootHost(lab, 'cron-1')
  })
  afterAll(() => lab.close())

  const sh = (script: string) => ['sh', '-c', script]
  const cron = (title: string, params: Record<string, unknown>, require: readonly string[] = []) =>
    host.resource(`cron:${title}`, { user: 'root', ...params }, { require: [...require] })
  const crontab = (user = 'root') => host.output(['crontab', '-u', user, '-l'])

  it('works in the run that brings cron and the user (X4)', async () => {
    const resources = () => [
      host.resource('package:cron', {}),
      host.resource('user:app', { system: true, ensure: 'present' }),
      cron('report', { user: 'app', command: 'report --all', special: 'daily' }, [
        'package:cron',
        'user:app',
      ]),
    ]
    const { code, report } = await host.apply(resources())
    expect(code, JSON.stringify(report)).toBe(2)
    expect(await crontab('app')).toBe('# rekindle: report\n@daily report --all\n')
    expect((await host.apply(resources())).code).toBe(0)
  })

  const cases: readonly ConvergeCase[] = [
    {
      title: 'cron',
      resources: () => [
        cron('stamp', {
          command: 'date +%F > "$STAMP"',
          minute: [0, 30],
          hour: '9-17',
          weekday: 'mon-fri',
          environment: { STAMP: '/tmp/it is' },
        }),
      ],
      drift: sh('crontab -l | sed "s/9-17/22/" | crontab -'),
      shows: ['cron:stamp', 'entry'],
      look: sh('crontab -l'),
      seen: `# rekindle: stamp\n0,30 9-17 * * mon-fri export STAMP='/tmp/it is'; date +\\%F > "$STAMP"\n`,
    },
    {
      title: 'cron_file',
      resources: () => [
        host.resource('cron_file:shop', {
          environment: { MAILTO: '', PATH: '/usr/bin:/bin' },
          entries: [{ user: 'root', command: 'touch /run/shop', minute: '*/5' }],
        }),
      ],
      drift: sh('echo "* * * * * root true" >> /etc/cron.d/shop'),
      shows: ['cron_file:shop', 'content'],
      look: ['cat', '/etc/cron.d/shop'],
      seen: '# Written by Rekindle: edits are lost.\nMAILTO=""\nPATH="/usr/bin:/bin"\n*/5 * * * * root touch /run/shop\n',
    },
    {
      title: 'sudoers',
      resources: () => [
        host.resource('package:sudo', {}),
        host.resource('user:deployer', {}),
        host.resource(
          'sudoers:deploy',
          { rules: [{ user: 'deployer', commands: ['/usr/bin/id -u'], noPassword: true }] },
          { require: ['package:sudo', 'user:deployer'] },
        ),
      ],
      drift: ['chmod', '0644', '/etc/sudoers.d/deploy'],
      shows: ['sudoers:deploy', 'mode'],
      look: ['runuser', '-u', 'deployer', '--', 'sudo', '-n', '/usr/bin/id', '-u'],
      seen: '0\n',
    },
  ]
  it.each(cases)('$title: converges, holds, shows drift, is corrected', (one) => checkCase(host, one))

  it('lines of others stay as they are (X1)', async () => {
    const foreign = 'MAILTO=ops\n# by hand\n5 4\t* * sun   /usr/bin/tidy\n'
    await host.output(sh(`printf '${foreign.replaceAll('\n', '\\n')}' | crontab -u daemon -`))
    const declared = [cron('one', { user: 'daemon', command: 'one', minute: 1 })]
    expect((await host.apply(declared)).code).toBe(2)
    expect(await crontab('daemon')).toBe(`${foreign}# rekindle: one\n1 * * * * one\n`)
    expect((await host.apply(declared)).code).toBe(0)
    expect((await host.apply([cron('one', { user: 'daemon', ensure: 'absent' })])).code).toBe(2)
    expect(await crontab('daemon')).toBe(foreign)
  })

  it('cron runs what is written', async () => {
    const boot = cron('ring', {
      command: 'printf "%s-%s" "$WHO" "$(cat)" > /run/rang',
      stdin: '100%\nsure\\',
      special: 'reboot',
      environment: { WHO: "it's me" },
    })
    expect((await host.apply([boot])).code).toBe(2)
    // Without its mark cron takes its own start for that of the host, so that nothing waits for the next minute.
    await host.output(sh('mkfifo /run/rang; rm -f /run/crond.reboot; systemctl restart cron'))
    expect(await host.output(['timeout', '20', 'cat', '/run/rang'])).toBe("it's me-100%\nsure\\")
    expect((await host.apply([cron('ring', { ensure: 'absent' })])).code).toBe(2)
  })

  it('a crontab that cannot be read is not written, and others are (X3)', async () => {
    await host.output(sh('mkdir /var/spool/cron/crontabs/nobody'))
    const { report } = await host.apply([
      cron('lost', { user: 'nobody', command: 'x', minute: 1 }),
      cron('well', { user: 'daemon', command: 'y', minute: 1 }),
    ])
    expect(report.resources.map(({ id, outcome }) => [id, outcome])).toEqual([
      ['cron:lost', 'failed'],
      ['cron:well', 'changed'],
    ])
    expect(report.resources[0]?.error?.message).toContain('a directory stands there')
    await host.output(['rmdir', '/var/spool/cron/crontabs/nobody'])
  })

  it.each([
    ['fails', 'exit 1', 'crontab ended with 1'],
    ['prints and does nothing', 'echo junk', 'has not kept them'],
  ])('a crontab(1) that %s fails the resource and leaves the file (X3)', async (_, script, message) => {
    const before = await crontab('daemon')
    const stub = '/usr/local/sbin/crontab'
    await host.output(sh(`printf '#!/bin/sh\n${script}\n' > ${stub}; chmod 755 ${stub}`))
    const { code, report } = await host.apply([
      cron('stub', { user: 'daemon', command: 'x', minute: 1 }),
      host.resource('file:/srv/apart', { content: 'x' }),
    ])
    await host.output(['rm', stub, '/srv/apart'])
    expect(code).toBe(6)
    expect(report.resources.map(({ outcome }) => outcome)).toEqual(['failed', 'changed'])
    expect(report.resources[0]?.error).toMatchObject({ code: 'apply-failed' })
    expect(report.resources[0]?.error?.message).toContain(message)
    expect(await crontab('daemon')).toBe(before)
  })

  it('an entry moves with its user', async () => {
    const of = (user: string) => [cron('roam', { user, command: 'roam', minute: 1 })]
    const before = await crontab('daemon')
    expect((await host.apply(of('daemon'))).code).toBe(2)
    const { report } = await host.apply(of('games'))
    expect(report.resources[0]?.changes).toContainEqual({ property: 'user', from: 'daemon', to: 'games' })
    expect(await crontab('games')).toBe('# rekindle: roam\n1 * * * * roam\n')
    expect(await crontab('daemon')).toBe(before)
    expect((await host.apply(of('games'))).code).toBe(0)
    expect((await host.apply([cron('roam', { user: 'games', ensure: 'absent' })])).code).toBe(2)
    expect((await host.run(['crontab', '-u', 'games', '-l'])).stderr).toContain('no crontab for games')
  })

  it('a crontab is backed up before it changes', async () => {
    const backups = await host.output(sh('cat /var/lib/rekindle/backup/index.jsonl'))
    expect(backups).toContain('"path":"/var/spool/cron/crontabs/daemon"')
  })

  it('a crontab whose user is gone can still be emptied, and what crontab(1) left is no crontab', async () => {
    await host.output(sh('useradd left; echo "1 1 * * * theirs" | crontab -u left -'))
    await host.apply([cron('mine', { user: 'left', command: 'x', minute: 1 })])
    await host.output(sh('userdel left; echo "2 2 * * * y" > /var/spool/cron/crontabs/tmp.AbCdEf'))
    const look = sh('tail -n 1 /var/spool/cron/crontabs/left')
    expect((await host.apply([cron('mine', { user: 'left', ensure: 'absent' })])).code).toBe(2)
    expect(await host.output(look)).toBe('1 1 * * * theirs\n')
    const purge = host.resource('purge:cron', {
      declared: [],
      keep: ['report', 'stamp', 'well', 'daemon: *'],
    })
    const { code, report } = await host.apply([purge])
    expect(code, JSON.stringify(report)).toBe(2)
    expect(report.resources[0]?.changes.map(({ property }) => property)).toEqual(['left: 1 1 * * * theirs'])
    expect((await host.run(['test', '-e', '/var/spool/cron/crontabs/left'])).code).toBe(1)
    expect((await host.apply([purge])).code).toBe(0)
    await host.output(['rm', '/var/spool/cron/crontabs/tmp.AbCdEf'])
  })

  it('a file with a user who is not there is not put there, since cron would skip it for good', async () => {
    const late = host.resource('cron_file:late', {
      entries: [{ user: 'late', command: 'true', special: 'daily' }],
    })
    const { report } = await host.apply([late])
    expect(report.resources[0]?.error).toMatchObject({
      code: 'apply-failed',
      hint: 'Declare the user "late"',
    })
    expect((await host.run(['test', '-e', '/etc/cron.d/late'])).code).toBe(1)
    expect((await host.apply([host.resource('user:late', {}), late])).code).toBe(2)
  })

  it('a crontab of a user that is not there says what to do', async () => {
    const { report } = await host.apply([cron('ghost', { user: 'ghost', command: 'x', minute: 1 })])
    expect(report.resources[0]?.error).toMatchObject({ hint: 'Declare the user "ghost" before it' })
  })

  it('purge shows what would go, then takes it (X7)', async () => {
    await host.output(sh('(crontab -l; echo "7 7 * * *  by-hand 100%in") | crontab -'))
    const declared = [
      cron('kept', { command: 'keep', minute: 1 }),
      host.resource(
        'purge:cron',
        { declared: ['kept'], keep: ['report', 'well', 'daemon: *'] },
        { require: ['cron:kept'] },
      ),
    ]
    const noop = await host.apply(declared, { noop: true })
    const planned = noop.report.resources.find(({ id }) => id === 'purge:cron')
    expect(planned?.changes.map(({ property }) => property)).toEqual([
      'stamp',
      'root: 7 7 * * *  by-hand 100%in',
    ])
    expect(await crontab()).toContain('by-hand')
    expect((await host.apply(declared)).code).toBe(2)
    expect(await crontab()).toBe('# rekindle: kept\n1 * * * * keep\n')
    expect((await host.apply(declared)).code).toBe(0)
    expect(await crontab('app')).toContain('report')
  })

  it('adopt writes down the entries of users, by hand ones too', async () => {
    await host.output(sh('(crontab -u daemon -l; echo "9 9 * * * by-hand") | crontab -u daemon -'))
    await host.output(['rekindle', 'adopt', '/root/adopted', '--name', 'box'])
    const role = await host.output(['cat', '/root/adopted/role.ts'])
    expect(role.replace(/\s+/g, ' ')).toContain(
      "cron('daemon: 9 9 * * * by-hand', { user: 'daemon', minute: 9, hour: 9, command: 'by-hand'",
    )
  })

  it('inspect prints entries that would change nothing', async () => {
    expect(await host.output(['rekindle', 'inspect', 'cron', 'report'])).toContain(
      "cron('report', { user: 'app', special: 'daily', command: 'report --all' })",
    )
  })

  it('what sudo would cut off a command stays in it', async () => {
    const rules = [{ user: 'deployer', commands: ['/usr/bin/id #1', '/usr/bin/w'], noPassword: true }]
    expect((await host.apply([host.resource('sudoers:deploy', { rules })])).code).toBe(2)
    expect((await host.run(['runuser', '-u', 'deployer', '--', 'sudo', '-n', 'id', '-u'])).code).toBe(1)
    const listed = await host.output(['sudo', '-l', '-U', 'deployer'])
    expect(listed).toContain('NOPASSWD: /usr/bin/id \\#1, /usr/bin/w\n')
  })

  it('a rule that visudo refuses is not moved in', async () => {
    const { report } = await host.apply([host.resource('sudoers:bad', { content: 'deployer ALL=(root\n' })])
    expect(report.resources[0]?.error).toMatchObject({ code: 'validate-failed', kept: 'the file as it was' })
    expect(report.resources[0]?.error?.message).toContain('syntax error')
    expect((await host.run(['test', '-e', '/etc/sudoers.d/bad'])).code).toBe(1)
    expect((await host.run(['visudo', '-c'])).code).toBe(0)
  })

  it('a rule that is right by itself and clashes with another file is not moved in', async () => {
    const ops = (title: string, user: string, more: object = {}) =>
      host.resource(`sudoers:${title}`, {
        content: `User_Alias OPS = ${user}\nOPS ALL=(root) ALL\n`,
        ...more,
      })
    const own = [ops('ops-a', 'deployer')]
    expect((await host.apply(own)).code).toBe(2)
    const { report } = await host.apply([ops('ops-b', 'root')])
    expect(report.resources[0]?.error).toMatchObject({
      code: 'validate-failed',
      message: expect.stringMatching(/together with the other files.*Alias "OPS" already defined/),
    })
    expect((await host.run(['test', '-e', '/etc/sudoers.d/ops-b'])).code).toBe(1)
    expect((await host.run(['visudo', '-c'])).code).toBe(0)
    // Its own text is not taken for another file's, and names that sudo skips are not looked at.
    await host.output(['sh', '-c', 'cp /etc/sudoers.d/ops-a /etc/sudoers.d/ops-a.bak'])
    expect((await host.apply([ops('ops-a', 'root')])).code).toBe(2)
    // What was wrong before is no reason to refuse a file that is right.
    await host.output(['sh', '-c', 'echo "broken(" > /etc/sudoers.d/z-broken'])
    expect((await host.apply(own)).code).toBe(2)
    await host.output([
      'sh',
      '-c',
      'rm /etc/sudoers.d/z-broken /etc/sudoers.d/ops-a /etc/sudoers.d/ops-a.bak',
    ])
    expect(await host.output(['sh', '-c', 'ls /run | grep rekindle-sudoers || true'])).toBe('')
  })
})
