/** Certificates, on the host of delivery.test.ts. */
import { describe, expect, it } from 'vitest'
import { type Delivery, isPair, shell } from './delivery.ts'

export function certificateTests(on: Delivery): void {
  describe('certificate', () => {
    const www = (params: Record<string, unknown> = {}) => [
      on.host.resource('certificate:/etc/ssl/www.crt', {
        ...{
          names: ['www.example.org', '192.0.2.7', '2001:DB8::7'],
          ca: { cert: '/root/ca.pem', key: '/root/ca.key' },
        },
        ...{ chain: '/etc/ssl/www-chain.pem', fullchain: '/etc/ssl/www-full.pem' },
        ...params,
      }),
    ]
    const fingerprint = () => on.output('openssl x509 -in /etc/ssl/www.crt -noout -fingerprint')
    const changed = (report: {
      readonly resources: readonly { readonly changes: readonly { readonly property: string }[] }[]
    }) => report.resources[0]?.changes.map(({ property }) => property)

    it('is signed by an authority on the host, renewed in time, and no key is told or kept', async () => {
      const first = await on.host.apply(www({ validDays: 88 }))
      expect(first.code, JSON.stringify(first.report)).toBe(2)
      expect(
        await on.output(
          'openssl verify -CAfile /root/ca.pem -verify_hostname www.example.org /etc/ssl/www.crt',
        ),
      ).toContain('OK')
      expect(
        await on.output(
          'openssl verify -CAfile /etc/ssl/www-chain.pem -verify_ip 2001:db8::7 /etc/ssl/www-full.pem',
        ),
      ).toContain('OK')
      expect(
        await on.output(`stat -c %a /etc/ssl/www.key; ${isPair('/etc/ssl/www.crt', '/etc/ssl/www.key')}`),
      ).toBe('600\npair\n')
      expect(await on.host.apply(www())).toMatchObject({ code: 0 })
      const before = await fingerprint()
      const due = await on.host.apply(www({ renewBefore: 88 }))
      expect(due.report.resources[0]).toMatchObject({ outcome: 'changed', cause: 'intent' })
      expect(changed(due.report)).toEqual(['renewal'])
      expect(await fingerprint()).not.toBe(before)
      expect(await on.host.apply(www(), { drift: 'report' })).toMatchObject({ code: 0 })
      expect(JSON.stringify([first.report, due.report])).not.toContain('PRIVATE KEY')
      expect(await on.output('grep -rl "PRIVATE KEY" /var/lib/rekindle | wc -l')).toBe('0\n')
    })

    it('a renewal tells its services, and a run without one does not', async () => {
      const told = (params: Record<string, unknown>) => [
        ...www(params).map((one) => ({ ...one, notify: ['exec:reload'] })),
        on.host.resource(
          'exec:reload',
          { command: 'echo told >> /root/told', refreshOnly: true },
          { require: ['certificate:/etc/ssl/www.crt'] },
        ),
      ]
      await on.host.apply(www())
      await on.output(': > /root/told')
      await on.host.apply(told({}))
      expect(await on.output('cat /root/told')).toBe('')
      const due = { validDays: 100, renewBefore: 95 }
      const { report } = await on.host.apply(told(due))
      expect(report.resources[1], JSON.stringify(report)).toMatchObject({
        refreshed: ['certificate:/etc/ssl/www.crt'],
      })
      expect(await on.host.apply(told(due))).toMatchObject({ code: 0 })
      expect(await on.output('cat /root/told')).toBe('told\n')
    })

    it('certificate and key that do not belong together are made anew, a lost chain and a mode are not', async () => {
      await on.host.apply(www())
      await on.output('openssl genpkey -quiet -algorithm ed25519 -out /etc/ssl/www.key')
      expect(changed((await on.host.apply(www())).report)).toEqual(['key'])
      expect(await on.output(isPair('/etc/ssl/www.crt', '/etc/ssl/www.key'))).toBe('pair\n')
      const before = await fingerprint()
      await on.output('rm /etc/ssl/www-full.pem; chmod 644 /etc/ssl/www.key')
      expect(changed((await on.host.apply(www())).report)).toEqual(['fullchain', 'keyMode'])
      expect(await fingerprint()).toBe(before)
      expect(
        changed((await on.host.apply(www({ names: ['b.example.org'], keyType: 'rsa-2048' }))).report),
      ).toEqual(['names', 'keyType'])
      expect(
        changed(
          (
            await on.host.apply(
              www({ names: ['b.example.org'], keyType: 'rsa-2048', ca: undefined, selfSigned: true }),
            )
          ).report,
        ),
      ).toContain('issuer')
      expect(await on.host.apply(www({ ensure: 'absent' }))).toMatchObject({ code: 2 })
      expect(await on.output('ls /etc/ssl | grep -c www || true')).toBe('0\n')
    })

    it('a pair that is none, or an authority that is not there, changes nothing and tells no key', async () => {
      const { code, report } = await on.host.apply([
        on.host.resource('certificate:/etc/ssl/wrong.pem', {
          content: on.pair.certificate,
          key: await on.output('cat /root/ca.key'),
        }),
        ...www({ ca: { cert: '/root/ca.pem', key: '/root/none.key' } }),
        on.host.resource('certificate:/etc/ssl/other.pem', {
          names: ['a.org'],
          ca: { cert: '/root/given.pem', key: '/root/ca.key' },
        }),
      ])
      expect(code).toBe(4)
      expect(report.resources.map(({ error }) => error?.message)).toEqual([
        expect.stringContaining('its key is not the key of its certificate'),
        expect.stringContaining('"/root/none.key" is not there'),
        expect.stringContaining('its key is not the one of its certificate'),
      ])
      expect(JSON.stringify(report)).not.toContain('PRIVATE KEY')
      expect(await on.output('ls /etc/ssl | grep -cE "wrong|www|other" || true')).toBe('0\n')
    })

    it('killed between key and certificate, the next run ends the same', async () => {
      await on.host.apply(www())
      on.host.prepareCatalog(www({ renewBefore: 89 }))
      for (const seconds of ['0.15', '0.2', '0.25', '0.3'])
        await on.host.run(shell(`timeout --signal=KILL ${seconds} ${on.host.applyCommand.join(' ')}`))
      await on.host.apply(www())
      expect(await on.host.apply(www())).toMatchObject({ code: 0 })
      expect(await on.output(isPair('/etc/ssl/www.crt', '/etc/ssl/www.key'))).toBe('pair\n')
    })
  })
}
