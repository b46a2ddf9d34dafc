/** What admins import as 'rekindle'. */

export type { ChangedHosts, ChangedResource, FleetChange, PlacedHost } from '../../schemas/fleet-change.ts'
export {
  type ChangeFinding,
  type ChangePolicy,
  type ChangePolicyOptions,
  changePolicy,
} from './change-policy.ts'
export { contain } from './contain.ts'
export { type CustomFact, customFact } from './custom-fact.ts'
export { type CustomType, type CustomTypeOptions, customType } from './custom-type.ts'
export { type Data, type Layer, type LayersOptions, layers } from './data.ts'
export { field } from './data-field.ts'
export type { Metaparams } from './declare.ts'
export type { DeclaredResource } from './declared-resource.ts'
export { facts, type HostFacts, host, type TrustedHost } from './facts.ts'
export type { FromSchema, JsonSchema } from './json-schema.ts'
export {
  type Finding,
  type Policy,
  type PolicyCatalog,
  type PolicyOptions,
  policy,
} from './policy.ts'
export { type Pool, type PoolOptions, pool } from './pool.ts'
export type { Container, Reference, References } from './reference.ts'
export { type GroupOptions, group, type UserOptions, user } from './resource/account.ts'
export {
  type AptKeyOptions,
  type AptPinOptions,
  type AptSourceOptions,
  aptKey,
  aptPin,
  aptSource,
} from './resource/apt.ts'
export { type Concat, type ConcatOptions, concat, type FragmentOptions, fragment } from './resource/concat.ts'
export {
  type CronFileOptions,
  type CronOptions,
  cron,
  cronFile,
  type SudoersOptions,
  sudoers,
} from './resource/cron.ts'
export { type ArchiveOptions, archive, type GitCheckoutOptions, gitCheckout } from './resource/delivery.ts'
export { type ExecOptions, exec } from './resource/exec.ts'
export { type FileOptions, file } from './resource/file.ts'
export { type NotifyOptions, notify, type RebootOptions, reboot } from './resource/flow.ts'
export { type CertificateOptions, certificate, type FirewallOptions, firewall } from './resource/network.ts'
export { type PackageOptions, pkg } from './resource/package.ts'
export {
  type FileBlockOptions,
  type FileLineOptions,
  fileBlock,
  fileLine,
  type HostEntryOptions,
  hostEntry,
  type IniSettingOptions,
  iniSetting,
  type JsonSettingOptions,
  jsonSetting,
  type LimitsOptions,
  limits,
  type Pattern,
  type TomlSettingOptions,
  tomlSetting,
  type YamlSettingOptions,
  yamlSetting,
} from './resource/piece.ts'
export { type PurgeableType, type PurgeOptions, purge } from './resource/purge.ts'
export {
  type ServiceOptions,
  type SystemdDropinOptions,
  type SystemdUnitOptions,
  type SysusersOptions,
  service,
  systemdDropin,
  systemdUnit,
  sysusers,
  type TimerOptions,
  type TmpfilesOptions,
  timer,
  tmpfiles,
} from './resource/service.ts'
export {
  type SshAuthorizedKeyOptions,
  type SshKeyPurgeOptions,
  type SshKnownHostOptions,
  sshAuthorizedKey,
  sshKeyPurge,
  sshKnownHost,
} from './resource/ssh.ts'
export {
  type AlternativesOptions,
  alternatives,
  type HostnameOptions,
  hostname,
  type KernelModuleOptions,
  kernelModule,
  type LocaleOptions,
  type LogrotateOptions,
  locale,
  logrotate,
  type MountOptions,
  mount,
  type SwapOptions,
  type SysctlOptions,
  swap,
  sysctl,
  type TimezoneOptions,
  timezone,
} from './resource/system.ts'
export { type TidyOptions, tidy } from './resource/tidy.ts'
export { type Role, role } from './role.ts'
export { type Secret, secret } from './secret.ts'
export { type HostOptions, type HostPattern, type Site, type SiteOptions, site } from './site.ts'
export { template } from './template.ts'
