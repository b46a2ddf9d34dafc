import { describe, expect, it } from 'vitest'
import { role } from '../api/role.ts'
import { type CompileOptions, compile } from '../api/testing.ts'
import { type UnattendedUpgradesOptions, unattendedUpgrades } from './unattended-upgrades.ts'

const compiled = (options?: UnattendedUpgradesOptions, facts: CompileOptions = {}) =>
  compile(
    role('r', () => {
      unattendedUpgrades(options)
    }),
    facts,
  )
const textOf = (options?: UnattendedUpgradesOptions, facts: CompileOptions = {}) =>
  compiled(options, facts).find('file', '/etc/apt/apt.conf.d/52unattended-upgrades-rekindle').content

describe('unattendedUpgrades()', () => {
  it('takes security updates alone, and does not reboot', () => {
    const text = textOf()
    expect(text).toContain('#clear Unattended-Upgrade::Origins-Pattern;\n')
    expect(text?.match(/Origins-Pattern:: .*/g)).toEqual([
      'Origins-Pattern:: "origin=Debian,codename=${distro_codename}-security,label=Debian-Security";',
    ])
    expect(text).toContain('Unattended-Upgrade::Automatic-Reboot "false";\n')
    expect(compiled().find('file', '/etc/apt/apt.conf.d/20auto-upgrades').content).toContain(
      'APT::Periodic::Unattended-Upgrade "1";\n',
    )
    expect(compiled().ids.filter((id) => id.startsWith('service:'))).toEqual([
      'service:apt-daily.timer',
      'service:apt-daily-upgrade.timer',
    ])
  })

  it.each<[UnattendedUpgradesOptions, string]>([
    [
      { origins: ['updates'] },
      'Origins-Pattern:: "origin=Debian,codename=${distro_codename},label=Debian";\n',
    ],
    [{ origins: ['origin=Own'] }, 'Origins-Pattern:: "origin=Own";\n'],
    [{ exclude: ['a', 'b.*'] }, 'Package-Blacklist:: "a";\nUnattended-Upgrade::Package-Blacklist:: "b.*";\n'],
    [{ reboot: '04:30' }, 'Automatic-Reboot "true";\n'],
    [{ reboot: '04:30' }, 'Automatic-Reboot-Time "04:30";\n'],
    [{ reboot: '04:30', rebootWithUsers: true }, 'Automatic-Reboot-WithUsers "true";\n'],
    [{ removeUnused: false }, 'Remove-Unused-Dependencies "false";\n'],
    [{ mail: { to: 'a@b.org' } }, 'Mail "a@b.org";\nUnattended-Upgrade::MailReport "on-change";\n'],
    [{ mail: { to: 'a@b.org', when: 'always' } }, 'MailReport "always";\n'],
    [{ settings: { 'Acquire::http::Dl-Limit': 70 } }, 'Acquire::http::Dl-Limit "70";\n'],
  ])('%j', (options, expected) => {
    expect(textOf(options)).toContain(expected)
  })

  it('has origins of its own on Ubuntu', () => {
    const ubuntu = { facts: { os: { id: 'ubuntu' } } }
    expect(textOf({ origins: ['security', 'updates'] }, ubuntu)).toContain(
      'origin=Ubuntu,archive=${distro_codename}-updates',
    )
  })

  it('moves the times of the distribution, and gives them back', () => {
    const catalog = compiled({ installAt: '04:00', spreadMinutes: 5 })
    expect(catalog.find('systemd_dropin', 'rekindle-apt-daily-upgrade').params).toEqual({
      unit: 'apt-daily-upgrade.timer',
      sections: { Timer: { OnCalendar: ['', '04:00'], RandomizedDelaySec: '5min' } },
    })
    expect(catalog.find('systemd_dropin', 'rekindle-apt-daily').params.ensure).toBe('absent')
    const downloads = compiled({ downloadAt: '*:0/10' }).find('systemd_dropin', 'rekindle-apt-daily')
    expect(downloads.params.sections?.Timer?.OnCalendar).toEqual(['', '*:0/10'])
  })

  it.each<[object, string]>([
    [{ reboot: '25:00' }, 'Cannot use unattendedUpgrades: option "reboot"'],
    [{ rebootWithUsers: true }, '"rebootWithUsers" goes with "reboot"'],
    [{ origins: ['a"b'] }, 'option "origins.0"'],
    [{ mail: {} }, 'option "mail.to": wanted a value'],
    [{ mail: { to: 'a@b', when: 'never' } }, 'option "mail.when"'],
  ])('refuses %j', (options, said) => {
    expect(() => compiled(options as UnattendedUpgradesOptions)).toThrow(said)
    expect(() => compiled(options as UnattendedUpgradesOptions)).toThrow('unattended-upgrades.test.ts:')
  })

  it('is refused where there is no apt', () => {
    expect(() => compiled({}, { facts: { os: { id: 'fedora', family: 'redhat' } } })).toThrow(
      'fedora has no apt',
    )
  })
})
