/** Services and what systemd runs, on a real host. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLab, type Lab } from '../../lab/lab.ts'
import { canRunHosts } from '../../lab/prerequisites.ts'
import { type ConvergeCase, checkCase } from '../converge-case.ts'
import { bootHost, type OnHost } from '../on-host.ts'

const hosts = canRunHosts()
const many = Array.from({ length: 12 }, (_, at) => `many-${at + 1}`)

describe.skipIf(!hosts.ok)(`services${hosts.ok ? '' : `: skipped: ${hosts.reason}`}`, () => {
  let lab: Lab
  let host: OnHost
  beforeAll(async () => {
    lab = await createLab({ name: 'service', log: console.log })
    host = await bootHost(lab, 'service-1')
  })
  afterAll(() => lab.close())

  const service = (name: string, params: Record<string, unknown>, require: readonly string[] = []) =>
    host.resource(`service:${name}`, params, { require: [...require] })
  const sleeper = {
    Service: { ExecStart: '/bin/sleep infinity' },
    Install: { WantedBy: 'multi-user.target' },
  }

  const shopUnit = () =>
    host.resource(
      'systemd_unit:shop.service',
      { sections: { Unit: { Description: 'The shop' }, ...sleeper } },
      { notify: ['service:shop'] },
    )
  const tick = () =>
    host.resource('timer:tick', {
      command: '/bin/sh -c "env > /run/ticked"',
      onCalendar: 'Mon *-*-* 03:15:00',
      environment: { GREETING: 'hello "you" 100%' },
    })
  const installCron = () => host.output(['sh', '-c', 'apt-get install -y -qq cron >/dev/null 2>&1'])

  const cases: readonly ConvergeCase[] = [
    {
      title: 'systemd_unit with its service',
      resources: () => [
        shopUnit(),
        service('shop', { ensure: 'running', enable: true }, ['systemd_unit:shop.service']),
      ],
      drift: ['sh', '-c', 'echo "# by hand" >> /etc/systemd/system/shop.service'],
      shows: ['systemd_unit:shop.service', 'content'],
      look: [
        'sh',
        '-c',
        'systemctl is-active shop; systemctl is-enabled shop; systemctl show -p Description,NeedDaemonReload shop',
      ],
      seen: 'active\nenabled\nDescription=The shop\nNeedDaemonReload=no\n',
    },
    {
      title: 'systemd_dropin',
      resources: () => [
        shopUnit(),
        host.resource(
          'systemd_dropin:limits',
          { unit: 'shop.service', sections: { Service: { LimitNOFILE: 4321 } } },
          { notify: ['service:shop'] },
        ),
        service('shop', { ensure: 'running' }),
      ],
      drift: ['rm', '/etc/systemd/system/shop.service.d/limits.conf'],
      shows: ['systemd_dropin:limits', 'ensure'],
      look: [
        'sh',
        '-c',
        'grep "open files" /proc/$(systemctl show -p MainPID --value shop)/limits | tr -s " "',
      ],
      seen: 'Max open files 4321 4321 files \n',
    },
    {
      title: 'timer',
      resources: () => [tick()],
      drift: ['systemctl', 'disable', '--now', '--quiet', 'tick.timer'],
      shows: ['timer:tick', 'enable'],
      look: [
        'sh',
        '-c',
        'systemctl is-active tick.timer; systemctl is-enabled tick.timer; systemctl start tick; grep GREETING /run/ticked',
      ],
      seen: 'active\nenabled\nGREETING=hello "you" 100%\n',
    },
    {
      title: 'tmpfiles',
      resources: () => [host.resource('tmpfiles:shop', { entries: ['d /run/shop 0750 daemon daemon -'] })],
      drift: ['rm', '/etc/tmpfiles.d/shop.conf'],
      shows: ['tmpfiles:shop', 'ensure'],
      look: ['stat', '-c', '%U %a', '/run/shop'],
      seen: 'daemon 750\n',
    },
    {
      title: 'sysusers',
      resources: () => [
        host.resource('sysusers:shop', { entries: ['u shopd 450 "The shop" /var/lib/shop'] }),
      ],
      drift: ['sh', '-c', 'echo "g extra" >> /etc/sysusers.d/shop.conf'],
      shows: ['sysusers:shop', 'content'],
      look: ['getent', 'passwd', 'shopd'],
      seen: 'shopd:x:450:450:The shop:/var/lib/shop:/usr/sbin/nologin\n',
    },
  ]
  it.each(cases)('$title: converges, holds, shows drift, is corrected', (one) => checkCase(host, one))

  it('a dozen services are one start and one enable; a bad one among them fails alone', async () => {
    const make = many.map(
      (name) =>
        `printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' > /etc/systemd/system/${name}.service`,
    )
    const broken = `printf '[Service]\\nExecStart=/bin/false\\n' > /etc/systemd/system/many-bad.service`
    await host.output(['sh', '-ec', [...make, broken, 'systemctl daemon-reload'].join('\n')])
    const up = { ensure: 'running', enable: true }
    const first = await host.apply(many.slice(0, 6).map((name) => service(name, up)))
    expect(first.report.counts).toMatchObject({ changed: 6, failed: 0 })
    // What systemd started at one call, it started within a moment.
    const stamps = await host.output([
      'systemctl',
      'show',
      '-P',
      'ActiveEnterTimestampMonotonic',
      ...many.slice(0, 6),
    ])
    const times = stamps.trim().split(/\s+/).map(Number)
    expect(Math.max(...times) - Math.min(...times)).toBeLessThan(500_000)
    const second = await host.apply([
      ...many.map((name) => service(name, up)),
      service('many-bad', { ensure: 'running' }),
    ])
    expect(second.report.counts).toMatchObject({ changed: 6, failed: 1, inSync: 6 })
    expect(second.report.resources.find(({ outcome }) => outcome === 'failed')?.id).toBe('service:many-bad')
  })

  it('a unit file that systemd refuses is not moved in, and says why', async () => {
    const good = '[Service]\nExecStart=/bin/sleep infinity\n'
    await host.apply([
      host.resource('systemd_unit:shop.service', { content: good }),
      service('shop', { ensure: 'running' }, ['systemd_unit:shop.service']),
    ])
    const { report } = await host.apply([
      host.resource('systemd_unit:shop.service', { content: '[Service]\nExecStart=relative\nTypo=1\n' }),
    ])
    expect(await host.output(['cat', '/etc/systemd/system/shop.service'])).toBe(good)
    expect(report.resources[0]).toMatchObject({ outcome: 'failed', error: { code: 'validate-failed' } })
    expect(report.resources[0]?.error?.message).toMatch(/shop\.service/)
    expect(await host.output(['systemctl', 'is-active', 'shop'])).toBe('active\n')
  })

  it('a time that systemd does not know fails the timer, and leaves the old one', async () => {
    await host.apply([tick()])
    const { report } = await host.apply([
      host.resource('timer:tick', { command: '/bin/true', onCalendar: 'whenever' }),
    ])
    expect(report.resources[0]?.error?.message).toContain('"whenever" is no time')
    expect(await host.output(['systemctl', 'is-active', 'tick.timer'])).toBe('active\n')
  })

  it('an absent timer is stopped and gone', async () => {
    await host.apply([tick()])
    expect((await host.apply([host.resource('timer:tick', { ensure: 'absent' })])).code).toBe(2)
    expect((await host.run(['systemctl', 'cat', 'tick.timer'])).code).not.toBe(0)
    expect((await host.apply([host.resource('timer:tick', { ensure: 'absent' })])).code).toBe(0)
  })

  it('a mask holds, and goes for one that is to run (S3)', async () => {
    await installCron()
    expect((await host.apply([service('cron', { ensure: 'stopped', enable: 'mask' })])).code).toBe(2)
    expect(await host.output(['readlink', '/etc/systemd/system/cron.service'])).toBe('/dev/null\n')
    expect((await host.apply([service('cron', { ensure: 'stopped', enable: 'mask' })])).code).toBe(0)
    expect((await host.apply([service('cron', { ensure: 'running', enable: true })])).code).toBe(2)
    expect(await host.output(['systemctl', 'is-active', 'cron'])).toBe('active\n')
  })

  it('a service that this run starts is not restarted for what notified it (S5)', async () => {
    await host.apply([shopUnit(), service('shop', { ensure: 'running' }, ['systemd_unit:shop.service'])])
    await host.output(['systemctl', 'stop', 'shop'])
    const tail = await host.output(['sh', '-c', 'journalctl --sync; journalctl --lines=1 --show-cursor'])
    const [cursor = ''] = /(?<=cursor: ).+/.exec(tail) ?? []
    const { report } = await host.apply([
      host.resource('file:/etc/shop.conf', { content: 'new\n' }, { notify: ['service:shop'] }),
      service('shop', { ensure: 'running' }, ['file:/etc/shop.conf']),
    ])
    expect(report.counts).toMatchObject({ changed: 2, failed: 0 })
    const said = await host.output(['journalctl', '-u', 'shop', '-o', 'cat', `--after-cursor=${cursor}`])
    expect(said.trim().split('\n')).toEqual([expect.stringMatching(/^Started shop\.service/)])
  })

  it('a unit that is static or indirect is taken as it is, whatever is wanted at boot (S6)', async () => {
    await host.output([
      'sh',
      '-c',
      `printf '[Service]\\nExecStart=/bin/true\\n[Install]\\nAlso=through.timer\\n' > /etc/systemd/system/through.service; systemctl daemon-reload`,
    ])
    const word = (unit: string) => host.output(['systemctl', 'show', '-P', 'UnitFileState', unit])
    expect(await word('systemd-journald')).toBe('static\n')
    expect(await word('through')).toBe('indirect\n')
    for (const enable of [true, false])
      expect(
        (await host.apply([service('systemd-journald', { enable }), service('through', { enable })])).code,
      ).toBe(0)
  })

  it('a refresh reloads the process that runs, or restarts it, as declared', async () => {
    const unit = {
      Service: { ExecStart: '/bin/sleep infinity', ExecReload: '/bin/touch /run/press-reloaded' },
    }
    const press = (params: Record<string, unknown>, text: string) => [
      host.resource('systemd_unit:press.service', { sections: unit }),
      host.resource('file:/etc/press.conf', { content: text }, { notify: ['service:press'] }),
      service('press', { ensure: 'running', ...params }, ['systemd_unit:press.service']),
    ]
    const pid = () => host.output(['systemctl', 'show', '-P', 'MainPID', 'press'])
    expect((await host.apply(press({}, 'one'))).code).toBe(2)
    const first = await pid()
    expect((await host.apply(press({ onRefresh: 'reload' }, 'two'))).code).toBe(2)
    expect(await pid()).toBe(first)
    await host.output(['rm', '/run/press-reloaded'])
    expect((await host.apply(press({ onRefresh: 'try-reload-or-restart' }, 'three'))).code).toBe(2)
    expect(await pid()).toBe(first)
    await host.output(['rm', '/run/press-reloaded'])
    expect((await host.apply(press({}, 'four'))).code).toBe(2)
    expect(await pid()).not.toBe(first)
    expect((await host.run(['test', '-e', '/run/press-reloaded'])).code).toBe(1)
  })

  it('systemd reads its files again only when a unit has changed', async () => {
    const reloads = async () =>
      (await host.output(['journalctl', '-o', 'cat', '-q', '_PID=1'])).match(
        /Reloading\.|Reloading requested/g,
      )?.length ?? 0
    const other = (description: string) => [
      host.resource('systemd_unit:other.service', {
        sections: { Unit: { Description: description }, ...sleeper },
      }),
      service('other', { ensure: 'running', enable: true }, ['systemd_unit:other.service']),
    ]
    await host.apply(other('one'))
    const before = await reloads()
    await host.output(['systemctl', 'stop', 'other'])
    expect((await host.apply(other('one'))).code).toBe(2)
    expect(await reloads()).toBe(before)
    expect((await host.apply(other('two'))).code).toBe(2)
    expect(await reloads()).toBe(before + 1)
  })

  it('a start that fails says what the unit logged (S8)', async () => {
    await host.output([
      'sh',
      '-c',
      `printf '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/bin/sh -c "echo I cannot read my configuration; exit 1"\\n' > /etc/systemd/system/sick.service; systemctl daemon-reload`,
    ])
    const { code, report } = await host.apply([service('sick', { ensure: 'running' })])
    expect(code).toBe(4)
    expect(report.resources[0]?.error).toMatchObject({
      code: 'apply-failed',
      message: expect.stringContaining('I cannot read my configuration'),
      kept: 'sick.service is failed (failed, result exit-code)',
    })
  })

  it('a start that hangs ends at its timeout, and the report says so', async () => {
    await host.output([
      'sh',
      '-c',
      `printf '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/bin/sleep infinity\\n' > /etc/systemd/system/slow.service; systemctl daemon-reload`,
    ])
    const { report } = await host.apply([service('slow', { ensure: 'running', timeout: 1 })])
    expect(report.resources[0]?.error?.message).toContain('has not ended the job within 1 seconds')
    await host.output(['systemctl', 'stop', 'slow'])
  })

  it("an author's own commands take the place of the init system's", async () => {
    const own = {
      start: ['/bin/sh', '-c', 'touch /run/own'],
      stop: 'rm /run/own',
      status: ['test', '-e', '/run/own'],
    }
    expect((await host.apply([service('own', { ensure: 'running', ...own })])).code).toBe(2)
    expect((await host.apply([service('own', { ensure: 'running', ...own })])).code).toBe(0)
    expect((await host.apply([service('own', { ensure: 'stopped', ...own })])).code).toBe(2)
    expect((await host.run(['test', '-e', '/run/own'])).code).toBe(1)
    const { report } = await host.apply([
      service('own', { ensure: 'running', ...own, start: 'echo no key >&2; exit 7' }),
    ])
    expect(report.resources[0]?.error?.message).toBe('Cannot start service:own: it ended with 7:\n  no key')
  })

  it.each([true, false])('enable %s shows in the links (S2)', async (enable) => {
    await host.output([
      'sh',
      '-c',
      `printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' > /etc/systemd/system/linked.service; systemctl daemon-reload; systemctl --quiet ${enable ? 'disable' : 'enable'} linked`,
    ])
    expect((await host.apply([service('linked', { enable })])).code).toBe(2)
    const link = ['test', '-L', '/etc/systemd/system/multi-user.target.wants/linked.service']
    expect((await host.run(link)).code).toBe(enable ? 0 : 1)
    expect((await host.apply([service('linked', { enable })])).code).toBe(0)
  })

  it('listing all services changes nothing (S9)', async () => {
    await installCron()
    const units = () => host.output(['systemctl', 'list-units', '--type=service', '--no-legend', '--plain'])
    const before = await units()
    const listed = await host.output(['rekindle', 'inspect', 'service'])
    expect(listed).toContain("service('cron', { ensure: 'running', enable: true })")
    expect(await host.output(['rekindle', 'inspect', 'service'])).toBe(listed)
    expect(await units()).toBe(before)
  })
})
