import { describe, expect, it } from 'vitest'
import { pkg } from '../api/resource/package.ts'
import { service } from '../api/resource/service.ts'
import { role } from '../api/role.ts'
import { type CompileOptions, compile } from '../api/testing.ts'
import { type BaseOptions, base } from './base.ts'

const onMachine = { facts: { virtual: 'kvm' } }
const compiled = (options?: BaseOptions, facts: CompileOptions = onMachine) =>
  compile(
    role('r', () => {
      base(options)
    }),
    facts,
  )

describe('base()', () => {
  it('has sensible defaults', () => {
    const catalog = compiled()
    expect(catalog.ids.filter((id) => !id.startsWith('sysctl:'))).toEqual([
      'package:tzdata',
      'timezone:Etc/UTC',
      'file:/etc/systemd/journald.conf.d',
      'file:/etc/systemd/journald.conf.d/90-rekindle.conf',
      'service:systemd-journald',
    ])
    expect(catalog.find('file', '/etc/systemd/journald.conf.d/90-rekindle.conf').content).toBe(
      '[Journal]\nStorage=persistent\nSystemMaxUse=1G\nMaxRetentionSec=1month\n',
    )
    expect(catalog.find('sysctl', 'kernel.kptr_restrict').params).toEqual({ value: 1, ignoreUnknown: true })
  })

  it('takes the name of the certificate, with its domain apart', () => {
    const catalog = compiled({ hostname: true }, { host: 'web-1.example.org' })
    expect(catalog.find('hostname', 'web-1').params).toEqual({ domain: 'example.org' })
  })

  it('leaves the kernel of a container alone, whose own parameters are only for its next boot', () => {
    const catalog = compiled({ sysctl: { 'vm.swappiness': 10 } }, { facts: { virtual: 'docker' } })
    expect(catalog.ids.filter((id) => id.startsWith('sysctl:'))).toEqual(['sysctl:vm.swappiness'])
    expect(catalog.find('sysctl', 'vm.swappiness').params.live).toBe(false)
  })

  it('lets parameters of the author win over hardened ones', () => {
    const own = { 'net.ipv4.conf.all.send_redirects': 1 }
    expect(compiled({ sysctl: own }).find('sysctl', 'net.ipv4.conf.all.send_redirects').params.value).toBe(1)
    expect(compiled({ hardening: false }).ids.join()).not.toContain('sysctl:')
  })

  it('installs, purges, greets, speaks', () => {
    const catalog = compiled({
      packages: ['vim'],
      absentPackages: ['telnetd'],
      motd: 'hi\n',
      locale: 'C.UTF-8',
      journal: false,
    })
    expect(catalog.ids.slice(0, 6)).toEqual([
      'package:telnetd',
      'package:vim',
      'package:tzdata',
      'timezone:Etc/UTC',
      'locale:C.UTF-8',
      'file:/etc/motd',
    ])
    expect(catalog.ids.join()).not.toContain('journald')
  })

  it('is a container, and yields to packages that the role declares itself', () => {
    const catalog = compile(
      role('r', () => {
        const all = base({ tags: ['slow'] })
        pkg('tzdata', { ensure: 'latest' })
        service('app', { ensure: 'running', require: all })
      }),
    )
    expect(catalog.find('package', 'tzdata').params.ensure).toBe('latest')
    expect(catalog.find('timezone', 'Etc/UTC').tags).toEqual(['slow', 'base'])
    expect(catalog.find('service', 'app').require).toContain('timezone:Etc/UTC')
  })

  it.each<[object, string]>([
    [{ timezone: 3 }, 'Cannot use base: option "timezone": wanted string, found 3 (base.test.ts:'],
    [{ timzone: 'UTC' }, 'Cannot use base: unknown option "timzone" ("UTC") (base.test.ts:'],
    [{ journal: { maxUse: 'a lot' } }, 'Cannot use base: option "journal.maxUse"'],
    [{ hostname: '-x' }, 'Cannot use base: option "hostname"'],
    [{ packages: 'vim' }, 'wanted array'],
  ])('refuses %j', (options, said) => {
    expect(() => compiled(options)).toThrow(said)
  })
})
