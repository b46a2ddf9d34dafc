/** Updates that install themselves, on Debian and Ubuntu. */
import { facts } from '../api/facts.ts'
import type { Container, Reference } from '../api/reference.ts'
import { file } from '../api/resource/file.ts'
import { pkg } from '../api/resource/package.ts'
import { service, systemdDropin } from '../api/resource/service.ts'
import { type Checked, declareModule, type ModuleOptions, type Wrong } from './part/declare.ts'

export type UnattendedUpgradesOptions = ModuleOptions<'module/unattended-upgrades'>
type Upgrades = Checked<'module/unattended-upgrades'>
type Value = NonNullable<Upgrades['settings']>[string]

/**
 * Security updates that install themselves.
 *
 * @example unattendedUpgrades({ exclude: ['postgresql-.*'], reboot: '04:30' })
 */
export function unattendedUpgrades(options: UnattendedUpgradesOptions = {}): Container {
  return declareModule({
    ...{ name: 'unattendedUpgrades', schema: 'module/unattended-upgrades', options, wrong },
    declare: declareUpgrades,
  })
}

function wrong({ reboot = false, rebootWithUsers }: Upgrades): readonly Wrong[] {
  return [
    ...(facts.os.family === 'debian' ? [] : [`${facts.os.id} has no apt`]),
    ...(reboot === false && rebootWithUsers === true ? ['"rebootWithUsers" goes with "reboot"'] : []),
  ]
}

function declareUpgrades(options: Upgrades): void {
  const tool = pkg('unattended-upgrades')
  const conf = (name: string, content: string) =>
    file(`/etc/apt/apt.conf.d/${name}`, {
      ...{ content, owner: 'root', group: 'root', mode: '0644' },
      validate: ['apt-config', '-c', '%', 'dump'],
      require: tool,
    })
  conf('20auto-upgrades', renderSettings(periodic))
  // Behind the file of the package, whose lists it clears.
  conf('52unattended-upgrades-rekindle', renderUpgrades(options))
  const { downloadAt, installAt, spreadMinutes } = options
  timerOf('apt-daily', tool, downloadAt, spreadMinutes)
  timerOf('apt-daily-upgrade', tool, installAt, spreadMinutes)
}

function timerOf(name: string, after: Reference, at: string | undefined, spreadMinutes = 30): void {
  const times = systemdDropin(`rekindle-${name}`, {
    unit: `${name}.timer`,
    ...(at === undefined
      ? { ensure: 'absent' }
      : // The empty one takes the distribution's time away.
        { sections: { Timer: { OnCalendar: ['', at], RandomizedDelaySec: `${spreadMinutes}min` } } }),
  })
  service(`${name}.timer`, { ensure: 'running', enable: true, subscribe: times, require: after })
}

const periodic: Readonly<Record<string, Value>> = {
  'APT::Periodic::Update-Package-Lists': 1,
  'APT::Periodic::Unattended-Upgrade': 1,
  'APT::Periodic::AutocleanInterval': 7,
}

const own = 'Unattended-Upgrade'

function renderUpgrades(options: Upgrades): string {
  const {
    origins = ['security'],
    exclude = [],
    removeUnused = true,
    mail,
    reboot = false,
    settings = {},
  } = options
  const cleared = ['Origins-Pattern', 'Allowed-Origins', 'Package-Blacklist']
  return [
    ...cleared.map((name) => `#clear ${own}::${name};\n`),
    renderSettings({
      [`${own}::Origins-Pattern`]: origins.map((origin) => known()[origin] ?? origin),
      [`${own}::Package-Blacklist`]: exclude,
      [`${own}::Remove-Unused-Kernel-Packages`]: removeUnused,
      [`${own}::Remove-Unused-Dependencies`]: removeUnused,
      [`${own}::MinimalSteps`]: true,
      [`${own}::Automatic-Reboot`]: reboot !== false,
      [`${own}::Automatic-Reboot-WithUsers`]: options.rebootWithUsers ?? false,
      ...(reboot === false ? {} : { [`${own}::Automatic-Reboot-Time`]: reboot }),
      ...(mail === undefined
        ? {}
        : { [`${own}::Mail`]: mail.to, [`${own}::MailReport`]: mail.when ?? 'on-change' }),
      ...settings,
    }),
  ].join('')
}

function known(): Readonly<Record<string, string>> {
  if (facts.os.id === 'ubuntu')
    return {
      security: 'origin=Ubuntu,archive=${distro_codename}-security',
      updates: 'origin=Ubuntu,archive=${distro_codename}-updates',
    }
  return {
    security: 'origin=Debian,codename=${distro_codename}-security,label=Debian-Security',
    updates: 'origin=Debian,codename=${distro_codename},label=Debian',
  }
}

/** A list is cleared by whoever sets it, and each of its values is added. */
function renderSettings(settings: Readonly<Record<string, Value>>): string {
  return Object.entries(settings)
    .flatMap(([name, value]) =>
      typeof value === 'object' ? value.map((one) => `${name}:: "${one}";\n`) : [`${name} "${value}";\n`],
    )
    .join('')
}
