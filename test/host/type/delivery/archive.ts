/** Archives, on the host of delivery.test.ts. */
import { describe, expect, it } from 'vitest'
import { type Delivery, shell } from './delivery.ts'

export function archiveTests(on: Delivery): void {
  describe('archive', () => {
    const app = (name: string, more: Record<string, unknown> = {}) => [
      on.host.resource('archive:/opt/app', {
        url: on.hosted(name),
        sha256: on.hashes[name],
        strip: 1,
        ...more,
      }),
    ]

    it('another checksum replaces all of it, whatever it is packed with', async () => {
      for (const name of [
        'app-2.tar.bz2',
        'app-1.tar.gz',
        'app-2.tar',
        'app-1.tar.xz',
        'app-2.tar',
        'app-1.zip',
      ]) {
        const { code, report } = await on.host.apply(app(name))
        expect(code, JSON.stringify(report)).toBe(2)
        expect(await on.output('cat /opt/app/bin/app')).toBe(name.startsWith('app-1') ? 'one\n' : 'two\n')
        expect(await on.host.apply(app(name))).toMatchObject({ code: 0 })
      }
      expect(await on.output('ls -A /opt | grep -c rekindle || true')).toBe('0\n')
    })

    it('another archive than the one that is wanted is not unpacked', async () => {
      await on.host.apply(app('app-1.tar.gz'))
      const { code, report } = await on.host.apply(app('app-2.tar', { sha256: on.hashes['app-1.zip'] }))
      expect(code).toBe(4)
      expect(report.resources[0]?.error?.message).toContain(`its SHA-256 is ${on.hashes['app-2.tar']}`)
      const away = await on.host.apply(app('nowhere.tar', { sha256: on.hashes['app-1.zip'] }))
      expect(away.report.resources[0]?.error?.message).toMatch(/nowhere.tar": it answers 404/)
      expect(await on.output('cat /opt/app/bin/app; ls -A /opt | grep -c rekindle || true')).toBe('one\n0\n')
    })

    it.each(['parent.tar', 'absolute.tar', 'link.tar', 'through.tar', 'parent.zip', 'link.zip'])(
      'an archive that leads out of its directory is refused before it is unpacked: %s',
      async (name) => {
        const url = { url: on.hosted(name), sha256: on.hashes[name] }
        const { code, report } = await on.host.apply([on.host.resource('archive:/opt/evil', url)])
        expect(code).toBe(4)
        expect(report.resources[0]?.error?.message).toMatch(/its (entry|link) .* leads out of the directory/)
        expect(
          await on.output('ls -d /opt/evil /opt/escaped /escaped /tmp/escaped 2>/dev/null | wc -l'),
        ).toBe('0\n')
      },
    )

    it('a hard link that leads out is told as such', async () => {
      const url = { url: on.hosted('hard.tar'), sha256: on.hashes['hard.tar'] }
      const { report } = await on.host.apply([on.host.resource('archive:/opt/evil', url)])
      expect(report.resources[0]?.error?.message).toContain(
        'its link "twin" leads out of the directory, to "/etc/shadow"',
      )
    })

    it('an archive with a device is refused', async () => {
      const url = { url: on.hosted('device.tar'), sha256: on.hashes['device.tar'] }
      const { report } = await on.host.apply([on.host.resource('archive:/opt/evil', url)])
      expect(report.resources[0]?.error?.message).toContain('its entry "null" is a device')
    })

    it('an archive that is cut off keeps the old tree, and leaves nothing beside', async () => {
      await on.host.apply(app('app-1.tar.gz'))
      const { code, report } = await on.host.apply(app('truncated.tar.gz'))
      expect(code).toBe(4)
      expect(report.resources[0]?.error).toMatchObject({
        message: expect.stringContaining('cannot list it: tar ended with 2'),
        kept: 'what stood there before',
      })
      expect(await on.output('cat /opt/app/bin/app; ls -A /opt | grep -c rekindle || true')).toBe('one\n0\n')
    })

    it('a full disk keeps the old tree, and says so', async () => {
      await on.output('mkdir -p /opt/small; mount -t tmpfs -o size=1m tmpfs /opt/small')
      const at = (name: string) => [
        on.host.resource('archive:/opt/small/app', { url: on.hosted(name), sha256: on.hashes[name] }),
      ]
      expect(await on.host.apply(at('app-1.tar.gz'))).toMatchObject({ code: 2 })
      const { code, report } = await on.host.apply(at('large.tar.gz'))
      expect(code).toBe(4)
      expect(report.resources[0]?.error).toMatchObject({
        message: expect.stringContaining('cannot unpack it: tar ended with 2'),
        hint: 'The disk may be full: see df -h and df -i',
      })
      const left = 'cat /opt/small/app/app-1/bin/app; ls -A /opt/small; umount /opt/small'
      expect(await on.output(left)).toBe('one\napp\n')
    })

    it('an archive of many files is looked at as a whole', async () => {
      const { code, report } = await on.host.apply(app('many.tar.gz', { strip: 6, verify: true }))
      expect(code, JSON.stringify(report)).toBe(2)
      expect(await on.output('ls /opt/app/many | wc -l')).toBe('4500\n')
      expect(await on.host.apply(app('many.tar.gz', { strip: 6, verify: true }))).toMatchObject({ code: 0 })
    })

    it('what force replaces is kept in the backups', async () => {
      await on.output('rm -rf /opt/app; mkdir /opt/app; echo precious > /opt/app/own')
      expect(await on.host.apply(app('app-1.tar.gz', { force: true }))).toMatchObject({ code: 2 })
      expect(await on.output('grep -hx precious -r /var/lib/rekindle/backup/content')).toBe('precious\n')
    })

    it('killed while it is fetched and unpacked, the next run ends the same and leaves nothing beside', async () => {
      await on.output('rm -rf /opt/app')
      on.host.prepareCatalog(app('app-1.tar.gz'))
      for (const seconds of ['0.1', '0.13', '0.16', '0.2'])
        await on.host.run(shell(`timeout --signal=KILL ${seconds} ${on.host.applyCommand.join(' ')}`))
      await on.host.apply(app('app-1.tar.gz'))
      expect(await on.host.apply(app('app-1.tar.gz'))).toMatchObject({ code: 0 })
      expect(await on.output('cat /opt/app/bin/app; ls -A /opt | grep -c rekindle || true')).toBe('one\n0\n')
    })

    it('a directory that is no unpacked archive is replaced or removed only with force (F4)', async () => {
      await on.output('mkdir -p /opt/data && echo kept > /opt/data/kept')
      const url = { url: on.hosted('app-1.tar.gz'), sha256: on.hashes['app-1.tar.gz'] }
      expect(await on.host.apply([on.host.resource('archive:/opt/data', url)])).toMatchObject({ code: 4 })
      expect(
        await on.host.apply([on.host.resource('archive:/opt/data', { ensure: 'absent' })]),
      ).toMatchObject({
        code: 4,
      })
      expect(await on.output('cat /opt/data/kept')).toBe('kept\n')
      expect(await on.host.apply([on.host.resource('archive:/opt/app', { ensure: 'absent' })])).toMatchObject(
        {
          code: 2,
        },
      )
      expect((await on.host.run(['test', '-e', '/opt/app'])).code).toBe(1)
    })

    it('a removal that ends half-way is ended by the next run', async () => {
      await on.host.apply(app('app-1.tar.gz'))
      // What is mounted in it cannot be removed, and all else can.
      await on.output('mkdir /opt/app/held && mount -t tmpfs tmpfs /opt/app/held')
      const gone = [on.host.resource('archive:/opt/app', { ensure: 'absent' })]
      expect(await on.host.apply(gone)).toMatchObject({ code: 4 })
      await on.output('umount $(findmnt -rno TARGET | grep /held$)')
      expect(await on.host.apply(gone)).toMatchObject({ code: 0 })
      expect(await on.output('ls -A /opt | grep -cE "app$|rekindle" || true')).toBe('0\n')
    })
  })
}
