/** The one list of resource types. Each has its schema in schemas/resource/, which its parameters have passed before. */
import { alternatives } from './alternatives.ts'
import { custom } from './custom.ts'
import { exec } from './exec.ts'
import { file } from './file.ts'
import { firewall } from './firewall.ts'
import { group } from './group.ts'
import { hostname } from './hostname.ts'
import { kernelModule } from './kernel-module.ts'
import { locale } from './locale.ts'
import { logrotate } from './logrotate.ts'
import { mount } from './mount.ts'
import { pkg } from './package.ts'
import { createPurge } from './purge.ts'
import type { ResourceType } from './resource-type.ts'
import { service } from './service.ts'
import { swap } from './swap.ts'
import { sysctl } from './sysctl.ts'
import { systemdDropin, systemdUnit, sysusers, tmpfiles } from './systemd-unit.ts'
import { timer } from './timer.ts'
import { timezone } from './timezone.ts'
import { user } from './user.ts'

const purge = createPurge((name) => resourceTypes.get(name))

const types: readonly ResourceType<unknown, unknown>[] = [
  alternatives,
  custom,
  exec,
  file,
  firewall,
  group,
  hostname,
  kernelModule,
  locale,
  logrotate,
  mount,
  pkg,
  purge,
  service,
  systemdDropin,
  systemdUnit,
  sysusers,
  timer,
  tmpfiles,
  swap,
  sysctl,
  timezone,
  user,
]

/** By name. */
export const resourceTypes: ReadonlyMap<string, ResourceType<unknown, unknown>> = new Map(
  types.map((type) => [type.name, type]),
)
