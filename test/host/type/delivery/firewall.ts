/** Packet filters, on the host of delivery.test.ts. */
import { describe, expect, it } from 'vitest'
import { type Delivery, openRules, repositoryPort, shell } from './delivery.ts'

export function firewallTests(on: Delivery): void {
  describe('firewall', () => {
    const confirm = (seconds: number) => ({ host: on.lab.address, port: repositoryPort, seconds })
    const dropAll = 'chain out {\n  type filter hook output priority 0; policy drop;\n}\n'
    const table = (params: Record<string, unknown>) => [on.host.resource('firewall:inet filter', params)]
    const armed = () => on.output('systemctl list-timers --all --no-legend "rekindle-firewall-*" | wc -l')

    it('what counters count and sets collect is no difference, and a lost note costs no change', async () => {
      const content = `set seen { type ipv4_addr; flags dynamic; }\nset blocked { type ipv4_addr; }\n${openRules}chain see { add @seen { ip saddr }; }\n`
      const resources = () => [
        on.host.resource('firewall:ip collecting', { content, ignoreSets: ['blocked'] }),
      ]
      expect(await on.host.apply(resources())).toMatchObject({ code: 2 })
      await on.output(
        'nft add element ip collecting seen { 192.0.2.1 }; nft add element ip collecting blocked { 192.0.2.2 }',
      )
      expect(await on.host.apply(resources())).toMatchObject({ code: 0, report: { status: 'in-sync' } })
      await on.output('rm -r /var/lib/rekindle/note')
      expect(await on.host.apply(resources())).toMatchObject({ code: 0, report: { status: 'in-sync' } })
      await on.output('nft delete table ip collecting')
    })

    it('what was written for the boot loads the same rules', async () => {
      await on.host.apply(table({ content: openRules }))
      await on.output('nft -f /etc/nftables.conf')
      expect(await on.host.apply(table({ content: openRules }))).toMatchObject({ code: 0 })
    })

    it('text that nft refuses, or that leaves its table, changes nothing (F13)', async () => {
      await on.host.apply(table({ content: openRules }))
      for (const content of ['chain x { nonsense }\n', '}\ntable ip evil {\n']) {
        const { code, report } = await on.host.apply(table({ content }))
        expect(code).toBe(4)
        expect(report.resources[0]?.error?.code).toMatch(/validate-failed|resource-unreadable/)
      }
      expect(await on.output('nft list tables')).not.toContain('evil')
      expect(await on.host.apply(table({ content: openRules }))).toMatchObject({ code: 0 })
    })

    /** What cuts this host off from its server: its port on the way out, or the answers on the way in. */
    const cuts = [
      [
        'the port',
        `chain out {\n  type filter hook output priority 0; policy accept;\n  tcp dport ${repositoryPort} drop\n}\n`,
      ],
      [
        'the answers',
        `chain in {\n  type filter hook input priority 0; policy drop;\n  iif lo accept\n  tcp dport 22 accept\n}\n`,
      ],
      [
        'the port, with an answer',
        `chain out {\n  type filter hook output priority 0; policy accept;\n  tcp dport ${repositoryPort} reject with tcp reset\n}\n`,
      ],
    ] as const

    it.each(cuts)(
      'rules that cut off %s are taken back, and the resource fails with the reason',
      async (_title, content) => {
        const good = await on.host.apply(table({ content: openRules, confirm: confirm(10) }))
        expect(good.report.status, JSON.stringify(good.report)).not.toBe('failed')
        const before = await on.output('nft -s list table inet filter')
        const { code, report } = await on.host.apply(table({ content, confirm: confirm(1) }))
        expect(code).toBe(4)
        expect(report.resources[0]?.error?.message).toContain('could not be reached')
        expect(report.resources[0]?.error?.kept).toContain('the old rules')
        expect(await on.output('nft -s list table inet filter')).toBe(before)
        expect(await on.output('cat /etc/nftables.d/*inet-filter.nft')).toContain('tcp dport { 443, 22 }')
        expect(await armed()).toBe('0\n')
        expect(await on.host.apply(table({ content: openRules }))).toMatchObject({ code: 0 })
      },
    )

    it('the timer takes them back when the agent is killed before they are confirmed', async () => {
      await on.host.apply(table({ content: openRules }))
      const reachable = `timeout 3 bash -c ": < /dev/tcp/${on.lab.address}/${repositoryPort}"`
      on.host.prepareCatalog(table({ content: cuts[0][1], confirm: confirm(1) }))
      await on.output(
        `setsid ${on.host.applyCommand.join(' ')} > /root/killed 2>&1 & pid=$!
           until nft list table inet filter | grep -q "dport ${repositoryPort}"; do kill -0 $pid || exit 1; done
           kill -9 -$pid`,
      )
      expect((await on.host.run(shell(reachable))).code).not.toBe(0)
      expect(await armed()).toBe('1\n')
      await on.output(
        `while nft list table inet filter | grep -q "dport ${repositoryPort}"; do sleep 0.2; done`,
      )
      expect(
        await on.output(`nft -s list table inet filter | grep -c accept; ${reachable} && echo reached`),
      ).toBe('4\nreached\n')
      const again = await on.host.apply(table({ content: cuts[0][1], confirm: confirm(1) }))
      expect(again.code, JSON.stringify(again.report)).toBe(4)
      const after = await on.host.apply(table({ content: openRules, confirm: confirm(10) }))
      expect(after.report.status, JSON.stringify(after.report)).not.toBe('failed')
      expect(await on.host.apply(table({ content: openRules, confirm: confirm(10) }))).toMatchObject({
        code: 0,
      })
    })

    it('a table that was not there before is gone again, and those of others stay as they are', async () => {
      await on.output(
        'nft add table ip others; nft add chain ip others mine; nft add rule ip others mine counter; mkdir -p /etc/nftables.d; echo "table ip others { }" > /etc/nftables.d/others.nft',
      )
      const others = 'nft list table ip others; cat /etc/nftables.d/others.nft; nft list table inet filter'
      const before = await on.output(others)
      const fresh = (params: Record<string, unknown>) => [on.host.resource('firewall:inet fresh', params)]
      expect(await on.host.apply(fresh({ content: dropAll, confirm: confirm(1) }))).toMatchObject({ code: 4 })
      expect(await on.output('nft list tables | grep -c fresh || true')).toBe('0\n')
      expect(await on.host.apply(fresh({ content: openRules, confirm: confirm(10) }))).toMatchObject({
        code: 2,
      })
      expect(await on.host.apply(fresh({ ensure: 'absent' }))).toMatchObject({ code: 2 })
      expect(await on.output(others)).toBe(before)
      await on.output('nft delete table ip others; rm /etc/nftables.d/others.nft')
    })

    it('a table that is no longer to be kept for the boot leaves no file for it', async () => {
      await on.host.apply(table({ content: openRules }))
      const { report } = await on.host.apply(table({ content: openRules, persist: false }))
      expect(report.resources[0]?.changes).toMatchObject([{ property: 'boot', to: 'absent' }])
      expect(await on.output('ls /etc/nftables.d | grep -c inet-filter || true')).toBe('0\n')
      expect(await on.host.apply(table({ content: openRules, persist: false }))).toMatchObject({ code: 0 })
    })

    it('a set of many addresses is compared, and brought back, as a whole', async () => {
      const addresses = Array.from(
        { length: 28_000 },
        (_, n) => `fd00:1234:5678:9abc:def1:2345:6789:${(n + 4096).toString(16)}`,
      )
      const many = (list: readonly string[], more = '') => [
        on.host.resource('firewall:inet many', {
          content: `set s { type ipv6_addr; elements = { ${list.join(', ')} }; }\n${more}`,
          confirm: confirm(more === '' ? 10 : 1),
        }),
      ]
      expect(await on.host.apply(many(addresses))).toMatchObject({ code: 2 })
      expect(await on.host.apply(many(addresses))).toMatchObject({ code: 0 })
      const locked = await on.host.apply(many(addresses.slice(1), dropAll))
      expect(locked.report.resources[0]?.error?.message).toContain('could not be reached')
      expect(await on.output('nft list table inet many | grep -o fd00 | wc -l')).toBe('28000\n')
      await on.output('nft delete table inet many; rm /etc/nftables.d/rekindle-inet-many.nft')
    })
  })
}
