/** The host's clock. */
import { facts } from '../api/facts.ts'
import type { Container } from '../api/reference.ts'
import { file } from '../api/resource/file.ts'
import { pkg } from '../api/resource/package.ts'
import { type SystemdDropinOptions, service, systemdDropin } from '../api/resource/service.ts'
import { isContainer } from './part/container.ts'
import { type Checked, declareModule, type ModuleOptions, type Wrong } from './part/declare.ts'

export type TimeSyncOptions = ModuleOptions<'module/time-sync'>
type TimeSync = Checked<'module/time-sync'>

/**
 * Keeps the clock.
 *
 * @example timeSync({ servers: ['ntp1.example.org', 'ntp2.example.org'] })
 */
export function timeSync(options: TimeSyncOptions = {}): Container {
  return declareModule({
    name: 'timeSync',
    schema: 'module/time-sync',
    options,
    wrong,
    declare: declareClock,
  })
}

function wrong({ client = 'chrony', servers = [], ...options }: TimeSync): readonly Wrong[] {
  if (client === 'chrony') return []
  const ofChrony = (['pools', 'serve', 'maxStepSeconds'] as const).filter(
    (name) => options[name] !== undefined,
  )
  return [
    ...ofChrony.map((name) => `option "${name}": systemd-timesyncd has no such thing`),
    ...servers
      .filter((server) => server.includes(' '))
      .map((server) => `option "servers": systemd-timesyncd takes names alone, and not "${server}"`),
  ]
}

function declareClock(options: TimeSync): void {
  if (options.client === 'timesyncd') timesyncd(options)
  else chrony(options)
}

function chrony(options: TimeSync): void {
  const isDebian = facts.os.family === 'debian'
  // It takes the place of other programs that set the clock, which it conflicts with.
  const daemon = pkg('chrony', isDebian ? { removeConflicting: true } : {})
  const conf = file(isDebian ? '/etc/chrony/chrony.conf' : '/etc/chrony.conf', {
    ...{ content: renderChrony(options), owner: 'root', group: 'root', mode: '0644' },
    validate: ['chronyd', '-p', '-f', '%'],
    require: daemon,
  })
  const name = isDebian ? 'chrony' : 'chronyd'
  const measuring = isContainer() ? [systemdDropin('rekindle', measureOnly(name))] : []
  service(name, { ensure: 'running', enable: true, subscribe: [conf, ...measuring] })
}

/** A container may not set the clock, which the unit takes for a reason not to start, and chronyd for one to end. */
function measureOnly(name: string): SystemdDropinOptions {
  const Service = { ExecStart: ['', '!/usr/sbin/chronyd -x -F 1'] }
  return { unit: `${name}.service`, sections: { Unit: { ConditionCapability: '' }, Service } }
}

function renderChrony({ servers, pools, serve = [], maxStepSeconds = 1, settings = [] }: TimeSync): string {
  const usual = servers === undefined && pools === undefined ? [usualPool()] : []
  return [
    '# Managed by Rekindle: changes made here by hand go away.',
    ...(servers ?? []).map((server) => `server ${server} iburst`),
    ...[...(pools ?? []), ...usual].map((pool) => `pool ${pool} iburst`),
    'driftfile /var/lib/chrony/chrony.drift',
    'ntsdumpdir /var/lib/chrony',
    'logdir /var/log/chrony',
    `makestep ${maxStepSeconds} 3`,
    // A clock that is off by too much is an error of the sources, rather than of the clock.
    'maxupdateskew 100',
    'rtcsync',
    ...(serve.length === 0 ? ['port 0'] : serve.map((network) => `allow ${network}`)),
    ...settings,
    '',
  ].join('\n')
}

function usualPool(): string {
  const { id } = facts.os
  return ['debian', 'ubuntu', 'fedora', 'centos', 'rhel'].includes(id)
    ? `2.${id}.pool.ntp.org`
    : 'pool.ntp.org'
}

function timesyncd({ servers = [], settings = [] }: TimeSync): void {
  const daemon = pkg('systemd-timesyncd', facts.os.family === 'debian' ? { removeConflicting: true } : {})
  const folder = file('/etc/systemd/timesyncd.conf.d', { ensure: 'directory', mode: '0755' })
  const names = servers.length === 0 ? [] : [`NTP=${servers.join(' ')}`]
  const conf = file(`${folder}/90-rekindle.conf`, {
    content: ['[Time]', ...names, ...settings, ''].join('\n'),
    mode: '0644',
    require: daemon,
  })
  service('systemd-timesyncd', {
    enable: true,
    // systemd does not start it in a container.
    ...(isContainer() ? {} : { ensure: 'running' }),
    subscribe: conf,
  })
}
