/** What admins import as 'rekindle'. */
export { facts, host } from './facts.ts'
export { type Pool, type PoolOptions, pool } from './pool.ts'
export type { Reference, References } from './reference.ts'
export {
  type ExecOptions,
  exec,
  type FileOptions,
  file,
  type GroupOptions,
  group,
  type Metaparams,
  type PackageOptions,
  pkg,
  type ServiceOptions,
  service,
  type UserOptions,
  user,
} from './resource.ts'
export { type Role, role } from './role.ts'
export { type HostOptions, type Site, type SiteOptions, site } from './site.ts'
export { template } from './template.ts'
