/** What admins import as 'rekindle/module': functions over the authoring API, each of which declares a part of a host. */

export { type BaseOptions, base } from './base.ts'
export { type CronJobsOptions, cronJobs } from './cron-jobs.ts'
export { type HostFirewallOptions, hostFirewall } from './firewall.ts'
export { type HaproxyOptions, haproxy } from './haproxy.ts'
export { type LogRotationOptions, logRotation } from './log-rotation.ts'
export { type NginxOptions, nginx } from './nginx.ts'
export { type NodeAppOptions, nodeApp } from './node-app.ts'
export { type PostgresqlOptions, postgresql } from './postgresql.ts'
export { type SshOptions, ssh } from './ssh.ts'
export { type TimeSyncOptions, timeSync } from './time-sync.ts'
export { type UnattendedUpgradesOptions, unattendedUpgrades } from './unattended-upgrades.ts'
export { type UsersOptions, users } from './users.ts'
