/** Reboots, on the host of delivery.test.ts. */
import { describe, expect, it } from 'vitest'
import type { Delivery } from './delivery.ts'

export function rebootTests(on: Delivery): void {
  describe('reboot', () => {
    /** Until it has gone down, and another boot is up. */
    const boot = async () => {
      // nspawn ends at a reboot. A program of ours that is inside then would keep it from ending, so it is looked at from outside.
      await expect
        .poll(async () => (await on.lab.driver.status(on.host.machine))?.state, { timeout: 60_000 })
        .toBe('stopped')
      await on.lab.driver.start(on.host.machine)
    }

    const timer = () => on.output('systemctl list-timers --all --no-legend rekindle-reboot.timer | wc -l')
    const updates = (params: Record<string, unknown> = {}) => [
      on.host.resource('reboot:updates', { delay: 3600, ...params }),
    ]

    it('is armed once when the system asks for it, and taken back when it does not', async () => {
      expect(await on.host.apply(updates())).toMatchObject({ code: 0 })
      await on.output(
        'printf "linux-image\nlinux-image\n" > /run/reboot-required.pkgs; touch /run/reboot-required',
      )
      const pending = await on.host.apply(updates(), { noop: true })
      expect(pending.report.resources[0]).toMatchObject({
        outcome: 'pending',
        changes: [{ from: 'asked for by linux-image' }],
      })
      expect(await timer()).toBe('0\n')
      expect((await on.host.apply(updates())).report.resources[0]).toMatchObject({
        outcome: 'changed',
        cause: 'intent',
      })
      expect(await timer()).toBe('1\n')
      expect(await on.host.apply(updates())).toMatchObject({ code: 0 })
      await on.output('rm /run/reboot-required*')
      expect(await on.host.apply(updates())).toMatchObject({ code: 2 })
      expect(await timer()).toBe('0\n')
      expect(await on.host.apply(updates())).toMatchObject({ code: 0 })
    })

    it('outside of its schedule it waits, and says so', async () => {
      await on.output('touch /run/reboot-required')
      const hour = new Date().getUTCHours()
      const two = (number: number) => String(number % 24).padStart(2, '0')
      const schedule = { range: `${two(hour + 2)}:00-${two(hour + 3)}:00` }
      const waits = [on.host.resource('reboot:updates', { delay: 3600 }, { schedule })]
      const { report } = await on.host.apply(waits)
      expect(report.resources[0]).toMatchObject({ outcome: 'pending', withheld: expect.anything() })
      expect(await timer()).toBe('0\n')
      await on.output('rm /run/reboot-required')
    })

    it('reboots after what notifies it, after the run, and not a second time right after', async () => {
      const bootId = 'cat /proc/sys/kernel/random/boot_id'
      const before = await on.output(bootId)
      const resources = (content: string) => [
        on.host.resource('file:/srv/kernel', { content }, { notify: ['reboot:kernel'] }),
        on.host.resource('reboot:kernel', { when: 'refreshed', delay: 1 }, { require: ['file:/srv/kernel'] }),
      ]
      const { report } = await on.host.apply(resources('a'))
      expect(report.resources[1]).toMatchObject({ output: 'The host reboots in 1 seconds: kernel' })
      await boot()
      expect(await on.output(bootId)).not.toBe(before)
      const { code, report: second } = await on.host.apply(resources('b'))
      expect(code, JSON.stringify(second)).toBe(6)
      expect(second.resources[1]?.error?.message).toContain('refresh')
      expect(JSON.stringify(second.resources[1]?.error)).toContain('the host was rebooted a minute ago')
      expect(await timer()).toBe('0\n')
    })

    it('now: what comes after it waits for the boot, and is done by the next run', async () => {
      const bootId = 'cat /proc/sys/kernel/random/boot_id'
      const before = await on.output(bootId)
      const resources = [
        on.host.resource('file:/srv/sooner', { content: 'x' }),
        on.host.resource('reboot:at-once', { timing: 'now' }, { require: ['file:/srv/sooner'] }),
        on.host.resource('file:/srv/later', { content: 'x' }, { require: ['reboot:at-once'] }),
      ]
      await on.output('touch /run/reboot-required')
      on.host.prepareCatalog(resources)
      // A unit of the host, as the agent is, and so stopped with it.
      await on.output(
        `systemd-run --quiet --unit=now sh -c 'exec ${on.host.applyCommand.join(' ')} > /root/now.json'`,
      )
      await boot()
      expect(await on.output(bootId)).not.toBe(before)
      expect(await on.output('ls /srv/sooner /srv/later 2> /dev/null || true')).toBe('/srv/sooner\n')
      expect(JSON.parse(await on.output('cat /root/now.json'))).toMatchObject({
        error: { code: 'run-stopped' },
        resources: [
          { id: 'file:/srv/sooner', outcome: 'changed' },
          { id: 'reboot:at-once', outcome: 'changed', output: 'The host reboots now: at-once' },
          { id: 'file:/srv/later', outcome: 'skipped' },
        ],
      })
      const { code, report } = await on.host.apply(resources)
      expect(code, JSON.stringify(report)).toBe(2)
      expect(report.resources).toMatchObject([{ id: 'file:/srv/later', outcome: 'changed' }])
    })
  })
}
