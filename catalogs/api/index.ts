/** What admins import as 'rekindle'. */

export type { Metaparams } from './declare.ts'
export { facts, host } from './facts.ts'
export { type Pool, type PoolOptions, pool } from './pool.ts'
export type { Reference, References } from './reference.ts'
export { type GroupOptions, group, type UserOptions, user } from './resource/account.ts'
export { type ExecOptions, exec } from './resource/exec.ts'
export { type FileOptions, file } from './resource/file.ts'
export { type PackageOptions, pkg } from './resource/package.ts'
export { type ServiceOptions, service } from './resource/service.ts'
export { type Role, role } from './role.ts'
export { type HostOptions, type Site, type SiteOptions, site } from './site.ts'
export { template } from './template.ts'
