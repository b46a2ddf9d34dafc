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

  /** An init script as old packages bring it: it keeps its process id in /run and knows `status`. */
  const script = `#!/bin/sh
### BEGIN INIT INFO
# Provides:          legacy
# Required-Start:    $remote_fs
# Required-Stop:     $remote_fs
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: An old service
### END INIT INFO
pid=/run/legacy.pid
runs() { [ -s $pid ] && kill -0 "$(cat $pid)" 2>/dev/null; }
case "$1" in
start) runs || { setsid sleep 8472 </dev/null >/dev/null 2>&1 & echo $! >$pid; } ;;
stop) runs && kill "$(cat $pid)"; rm -f $pid ;;
restart|force-reload) "$0" stop; "$0" start ;;
reload) echo reloaded >>/run/legacy.log ;;
status) runs && exit 0; exit 3 ;;
*) echo "Usage: $0 {start|stop|restart|reload|status}"; exit 2 ;;
esac
`
  const putScript = async (): Promise<void> => {
    const { code } = await host.apply([
      host.resource('file:/etc/init.d/legacy', { content: script, mode: '0755' }),
    ])
    expect([0, 2]).toContain(code)
  }

  it.each([
    ['sysv', '/etc/init.d/legacy stop'],
    ['systemd', 'systemctl stop legacy'],
  ])('an init script, by %s: converges, holds, shows drift, is corrected', async (provider, stop) => {
    await putScript()
    await host.run(['systemctl', 'daemon-reload'])
    await checkCase(host, {
      title: `init script by ${provider}`,
      resources: () => [service('legacy', { provider, ensure: 'running', enable: true })],
      drift: ['sh', '-c', `${stop}; update-rc.d legacy disable`],
      shows: ['service:legacy', 'enable'],
      look: ['sh', '-c', 'pgrep -fc "[s]leep 8472"; ls /etc/rc3.d | grep -c "S..legacy"'],
      seen: '1\n1\n',
    })
    const gone = [service('legacy', { provider, ensure: 'stopped', enable: false })]
    expect((await host.apply(gone)).code).toBe(2)
    expect((await host.apply(gone)).code).toBe(0)
    expect((await host.run(['pgrep', '-f', 'sleep 8472'])).code).toBe(1)
    expect(await host.output(['sh', '-c', 'ls /etc/rc3.d | grep legacy'])).toMatch(/^K..legacy\n$/)
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
    expect(await reloads()).toBeGreaterThan(before)
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
    const before = await host.output(['systemctl', 'list-units', '--type=service', '--no-legend', '--plain'])
    const listed = await host.output(['rekindle', 'inspect', 'service'])
    expect(listed).toContain("service('cron', { ensure: 'running', enable: true })")
    expect(await host.output(['systemctl', 'list-units', '--type=service', '--no-legend', '--plain'])).toBe(
      before,
    )
  })

  it('an OpenRC service, by its real tools: converges, holds, shows drift, is corrected', async () => {
    await host.output(['sh', '-c', 'apt-get install -y -qq openrc >/dev/null 2>&1'])
    // What OpenRC makes when it boots a machine.
    await host.output(['sh', '-c', 'mkdir -p /run/openrc; touch /run/openrc/softlevel'])
    const depot = `#!/sbin/openrc-run
command=/bin/sleep
command_args=8473
command_background=true
pidfile=/run/depot.pid
extra_started_commands=reload
reload() { touch /run/depot-reloaded; }
`
    const up = { provider: 'openrc', ensure: 'running', enable: true }
    await checkCase(host, {
      title: 'OpenRC service',
      resources: () => [
        host.resource('file:/etc/init.d/depot', { content: depot, mode: '0755' }),
        service('depot', up, ['file:/etc/init.d/depot']),
      ],
      drift: ['sh', '-c', 'rc-service depot stop && rc-update -a del depot; true'],
      shows: ['service:depot', 'enable'],
      look: ['sh', '-c', 'pgrep -fc "[s]leep 8473"; echo /etc/runlevels/*/depot'],
      seen: '1\n/etc/runlevels/default/depot\n',
    })
    const changed = [
      host.resource('file:/etc/depot.conf', { content: 'x' }, { notify: ['service:depot'] }),
      service('depot', { ...up, onRefresh: 'reload' }),
    ]
    expect((await host.apply(changed)).code).toBe(2)
    await host.output(['test', '-e', '/run/depot-reloaded'])
    const down = [service('depot', { provider: 'openrc', ensure: 'stopped', enable: false })]
    expect((await host.apply(down)).code).toBe(2)
    expect((await host.apply(down)).code).toBe(0)
    expect((await host.run(['pgrep', '-f', 'sleep 8473'])).code).toBe(1)
    const masked = await host.apply([service('depot', { provider: 'openrc', enable: 'mask' })])
    expect(masked.report.resources[0]?.error?.message).toContain('OpenRC knows no mask')
  })
})
