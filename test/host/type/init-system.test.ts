/** Services of init systems other than systemd: init scripts, by themselves and under systemd, and OpenRC's real tools. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLab, type Lab } from '../../lab/lab.ts'
import { canRunHosts } from '../../lab/prerequisites.ts'
import { checkCase } from '../converge-case.ts'
import { bootHost, type OnHost } from '../on-host.ts'

const hosts = canRunHosts()

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

describe.skipIf(!hosts.ok)(`init systems${hosts.ok ? '' : `: skipped: ${hosts.reason}`}`, () => {
  let lab: Lab
  let host: OnHost
  beforeAll(async () => {
    lab = await createLab({ name: 'init-system', log: console.log })
    host = await bootHost(lab, 'init-system-1')
  })
  afterAll(() => lab.close())

  const service = (name: string, params: Record<string, unknown>, require: readonly string[] = []) =>
    host.resource(`service:${name}`, params, { require: [...require] })

  describe('an init script', () => {
    const putScript = async (): Promise<void> => {
      const { code } = await host.apply([
        host.resource('file:/etc/init.d/legacy', { content: script, mode: '0755' }),
      ])
      expect([0, 2]).toContain(code)
    }

    it.each([
      ['sysv', '/etc/init.d/legacy stop'],
      ['systemd', 'systemctl stop legacy'],
    ])('by %s: converges, holds, shows drift, is corrected', async (provider, stop) => {
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

    it('is a generated unit for systemd, and its links are enabled and disabled', async () => {
      await putScript()
      await host.output(['systemctl', 'daemon-reload'])
      const show = ['systemctl', 'show', '-p', 'SourcePath', '-p', 'UnitFileState', 'legacy']
      expect(await host.output(show)).toBe('SourcePath=/etc/init.d/legacy\nUnitFileState=generated\n')
      for (const [enable, link] of [
        [true, /^S..legacy\n$/],
        [false, /^K..legacy\n$/],
        [true, /^S..legacy\n$/],
      ] as const) {
        await host.apply([service('legacy', { enable })])
        expect(await host.output(['sh', '-c', 'ls /etc/rc3.d | grep legacy'])).toMatch(link)
        expect((await host.apply([service('legacy', { enable })])).code).toBe(0)
      }
    })

    it('is reloaded or restarted on a refresh, and not started by one', async () => {
      await putScript()
      await host.output(['sh', '-c', 'rm -f /run/legacy.log; /etc/init.d/legacy stop; true'])
      const pid = async () => (await host.run(['cat', '/run/legacy.pid'])).stdout
      const legacy = (text: string, params: Record<string, unknown>) => [
        host.resource('file:/etc/legacy.conf', { content: text }, { notify: ['service:legacy'] }),
        service('legacy', { provider: 'sysv', ...params }, ['file:/etc/legacy.conf']),
      ]
      expect((await host.apply(legacy('zero', { enable: true }))).report.counts.failed).toBe(0)
      expect(await pid()).toBe('')
      await host.apply(legacy('one', { ensure: 'running' }))
      const first = await pid()
      await host.apply(legacy('two', { ensure: 'running', onRefresh: 'reload' }))
      expect(await pid()).toBe(first)
      expect(await host.output(['cat', '/run/legacy.log'])).toBe('reloaded\n')
      await host.apply(legacy('three', { ensure: 'running' }))
      const second = await pid()
      expect(second).not.toBe(first)
      await host.apply(legacy('four', { enable: true }))
      expect(await pid()).not.toBe(second)
      expect(await host.output(['pgrep', '-fc', '^sleep 8472'])).toBe('1\n')
    })

    it('whose daemon died is started again, though systemd takes it for active', async () => {
      await putScript()
      await host.output(['systemctl', 'daemon-reload'])
      const own = [service('legacy', { ensure: 'running', status: ['/etc/init.d/legacy', 'status'] })]
      await host.output(['systemctl', 'restart', 'legacy'])
      await host.output(['sh', '-c', 'kill -9 $(cat /run/legacy.pid)'])
      expect(await host.output(['systemctl', 'is-active', 'legacy'])).toBe('active\n')
      expect((await host.apply(own)).report.counts).toMatchObject({ changed: 1, failed: 0 })
      expect((await host.apply(own)).code).toBe(0)
    })

    it('that hangs is killed at its timeout, and the others are served', async () => {
      await putScript()
      const hangs = '#!/bin/sh\ncase $1 in status) exit 3 ;; *) echo waiting; sleep 8474 ;; esac\n'
      const dumb = '#!/bin/sh\necho "Usage: $0 {start|stop}"; exit 2\n'
      const { report } = await host.apply([
        host.resource('file:/etc/init.d/hangs', { content: hangs, mode: '0755' }),
        host.resource('file:/etc/init.d/dumb', { content: dumb, mode: '0755' }),
        service('hangs', { provider: 'sysv', ensure: 'running', timeout: 1 }, ['file:/etc/init.d/hangs']),
        service('dumb', { provider: 'sysv', ensure: 'running' }, ['file:/etc/init.d/dumb']),
        service('legacy', { provider: 'sysv', ensure: 'running' }),
      ])
      const failed = report.resources.flatMap(({ id, error }) => (error === undefined ? [] : [{ id, error }]))
      expect(failed).toMatchObject([
        {
          id: 'service:hangs',
          error: {
            code: 'apply-failed',
            message: 'Cannot start service:hangs: it did not end within 1 seconds and was killed:\n  waiting',
          },
        },
        { id: 'service:dumb', error: { code: 'resource-unreadable' } },
      ])
      expect((await host.run(['pgrep', '-f', '^sleep 8474'])).code).toBe(1)
      expect((await host.run(['/etc/init.d/legacy', 'status'])).code).toBe(0)
    })
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
    await host.output(['sh', '-c', 'kill -9 $(cat /run/depot.pid)'])
    // Debian's OpenRC takes it for started.
    expect((await host.apply([service('depot', up)])).code).toBe(0)
    const watched = [service('depot', { ...up, status: ['pgrep', '-f', '^/bin/sleep 8473'] })]
    expect((await host.apply(watched)).report.counts).toMatchObject({ changed: 1, failed: 0 })
    expect((await host.apply(watched)).code).toBe(0)
    expect(await host.output(['pgrep', '-fc', '^/bin/sleep 8473'])).toBe('1\n')
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
