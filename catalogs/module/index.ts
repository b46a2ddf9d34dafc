/** What admins import as 'rekindle/module': functions over the authoring API, each of which declares a part of a host. */

export { type BaseOptions, base } from './base.ts'
export { type HostFirewallOptions, hostFirewall } from './firewall.ts'
export { type HaproxyOptions, haproxy } from './haproxy.ts'
export { type NginxOptions, nginx } from './nginx.ts'
export { type PostgresqlOptions, postgresql } from './postgresql.ts'
export { type SshOptions, ssh } from './ssh.ts'
export { type UsersOptions, users } from './users.ts'
