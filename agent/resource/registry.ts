/** The one list of resource types. Each has its schema in schemas/resource/, which its parameters have passed before. */
import { alternatives } from './alternatives.ts'
import { aptKey } from './apt-key.ts'
import { aptPin } from './apt-pin.ts'
import { aptSource } from './apt-source.ts'
import { archive } from './archive.ts'
import { certificate } from './certificate.ts'
import { cron } from './cron.ts'
import { cronFile } from './cron-file.ts'
import { custom } from './custom.ts'
import { exec } from './exec.ts'
import { file } from './file.ts'
import { fileBlock } from './file-block.ts'
import { fileLine } from './file-line.ts'
import { firewall } from './firewall.ts'
import { gitCheckout } from './git-checkout.ts'
import { group } from './group.ts'
import { hostEntry } from './host-entry.ts'
import { hostname } from './hostname.ts'
import { iniSetting } from './ini-setting.ts'
import { jsonSetting } from './json-setting.ts'
import { kernelModule } from './kernel-module.ts'
import { limits } from './limits.ts'
import { locale } from './locale.ts'
import { logrotate } from './logrotate.ts'
import { mount } from './mount.ts'
import { notify } from './notify.ts'
import { pkg } from './package.ts'
import { createPurge } from './purge.ts'
import { reboot } from './reboot.ts'
import type { ResourceType } from './resource-type.ts'
import { service } from './service.ts'
import { sshAuthorizedKey } from './ssh-authorized-key.ts'
import { sshKeyPurge } from './ssh-key-purge.ts'
import { sshKnownHost } from './ssh-known-host.ts'
import { sudoers } from './sudoers.ts'
import { swap } from './swap.ts'
import { sysctl } from './sysctl.ts'
import { systemdDropin, systemdUnit, sysusers, tmpfiles } from './systemd-unit.ts'
import { tidy } from './tidy.ts'
import { timer } from './timer.ts'
import { timezone } from './timezone.ts'
import { tomlSetting } from './toml-setting.ts'
import { user } from './user.ts'
import { yamlSetting } from './yaml-setting.ts'

const purge = createPurge((name) => resourceTypes.get(name))

const types: readonly ResourceType<unknown, unknown>[] = [
  alternatives,
  archive,
  certificate,
  aptKey,
  aptPin,
  aptSource,
  custom,
  cron,
  cronFile,
  exec,
  file,
  fileBlock,
  fileLine,
  firewall,
  gitCheckout,
  group,
  hostEntry,
  hostname,
  iniSetting,
  jsonSetting,
  kernelModule,
  limits,
  locale,
  logrotate,
  mount,
  notify,
  pkg,
  purge,
  reboot,
  service,
  systemdDropin,
  systemdUnit,
  sysusers,
  tidy,
  timer,
  tmpfiles,
  sshAuthorizedKey,
  sshKeyPurge,
  sshKnownHost,
  sudoers,
  swap,
  sysctl,
  timezone,
  tomlSetting,
  user,
  yamlSetting,
]

/** By name. */
export const resourceTypes: ReadonlyMap<string, ResourceType<unknown, unknown>> = new Map(
  types.map((type) => [type.name, type]),
)
