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

  const cases: readonly ConvergeCase[] = [
    {
      title: 'systemd_unit with its service',
      resources: () => [
        host.resource(
          'systemd_unit:shop.service',
          { sections: { Unit: { Description: 'The shop' }, ...sleeper } },
          { notify: ['service:shop'] },
        ),
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
      resources: () => [
        host.resource('timer:tick', {
          command: '/bin/sh -c "env > /run/ticked"',
          onCalendar: 'Mon *-*-* 03:15:00',
          environment: { GREETING: 'hello "you" 100%' },
        }),
      ],
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
    const { report } = await host.apply([
      host.resource('systemd_unit:shop.service', { content: '[Service]\nExecStart=relative\nTypo=1\n' }),
    ])
    expect(report.resources[0]).toMatchObject({ outcome: 'failed', error: { code: 'validate-failed' } })
    expect(report.resources[0]?.error?.message).toMatch(/shop\.service/)
    expect(await host.output(['systemctl', 'is-active', 'shop'])).toBe('active\n')
  })

  it('a time that systemd does not know fails the timer, and leaves the old one', async () => {
    const { report } = await host.apply([
      host.resource('timer:tick', { command: '/bin/true', onCalendar: 'whenever' }),
    ])
    expect(report.resources[0]?.error?.message).toContain('"whenever" is no time')
    expect(await host.output(['systemctl', 'is-active', 'tick.timer'])).toBe('active\n')
  })

  it('an absent timer is stopped and gone', async () => {
    expect((await host.apply([host.resource('timer:tick', { ensure: 'absent' })])).code).toBe(2)
    expect((await host.run(['systemctl', 'cat', 'tick.timer'])).code).not.toBe(0)
    expect((await host.apply([host.resource('timer:tick', { ensure: 'absent' })])).code).toBe(0)
  })

  it('a mask holds, and goes for one that is to run (S3)', async () => {
    await host.output(['sh', '-c', 'apt-get install -y -qq cron >/dev/null 2>&1'])
    expect((await host.apply([service('cron', { ensure: 'stopped', enable: 'mask' })])).code).toBe(2)
    expect(await host.output(['readlink', '/etc/systemd/system/cron.service'])).toBe('/dev/null\n')
    expect((await host.apply([service('cron', { ensure: 'stopped', enable: 'mask' })])).code).toBe(0)
    expect((await host.apply([service('cron', { ensure: 'running', enable: true })])).code).toBe(2)
    expect(await host.output(['systemctl', 'is-active', 'cron'])).toBe('active\n')
  })

  it('a service that this run starts is not restarted for what notified it (S5)', async () => {
    await host.output(['systemctl', 'stop', 'shop'])
    const { report } = await host.apply([
      host.resource('file:/etc/shop.conf', { content: 'new\n' }, { notify: ['service:shop'] }),
      service('shop', { ensure: 'running' }, ['file:/etc/shop.conf']),
    ])
    expect(report.counts).toMatchObject({ changed: 2, failed: 0 })
    const shown = await host.output(['journalctl', '-u', 'shop', '-o', 'cat', '--since=-1min'])
    const last = shown.trim().split('\n').slice(-1)
    expect(last[0]).toMatch(/Started/)
  })

  it('a static unit is taken as it is (S6)', async () => {
    const resources = [service('systemd-journald', { ensure: 'running', enable: true })]
    expect((await host.apply(resources)).code).toBe(0)
  })

  it('listing all services changes nothing (S9)', async () => {
    const before = await host.output(['systemctl', 'list-units', '--type=service', '--no-legend', '--plain'])
    const listed = await host.output(['rekindle', 'inspect', 'service'])
    expect(listed).toContain("service('shop', { ensure: 'running', enable: true })")
    expect(await host.output(['systemctl', 'list-units', '--type=service', '--no-legend', '--plain'])).toBe(
      before,
    )
  })
})
