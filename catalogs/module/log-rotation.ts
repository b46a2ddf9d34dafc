/** Rotation of logs. */
import type { Container } from '../api/reference.ts'
import { file } from '../api/resource/file.ts'
import { pkg } from '../api/resource/package.ts'
import { service } from '../api/resource/service.ts'
import { logrotate } from '../api/resource/system.ts'
import { type Checked, declareModule, type ModuleOptions } from './part/declare.ts'
import { yielding } from './part/yielding.ts'

export type LogRotationOptions = ModuleOptions<'module/log-rotation'>
type LogRotation = Checked<'module/log-rotation'>

/**
 * Defaults of logrotate, and logs of your own.
 *
 * @example logRotation({ keep: 8, logs: { shop: { paths: '/var/log/shop/*.log', frequency: 'daily' } } })
 */
export function logRotation(options: LogRotationOptions = {}): Container {
  return declareModule({
    name: 'logRotation',
    schema: 'module/log-rotation',
    options,
    declare: declareRotation,
  })
}

function declareRotation(options: LogRotation): void {
  const tool = yielding(() => pkg('logrotate'))
  const conf = file('/etc/logrotate.conf', {
    ...{ content: renderDefaults(options), owner: 'root', group: 'root', mode: '0644' },
    // It passes over what it does not know, and says so; what stands in files of others is theirs.
    validate: ['/bin/sh', '-c', '! logrotate --debug "$1" 2>&1 | grep -F "error: $1"', 'sh', '%'],
    require: tool,
  })
  for (const [name, log] of Object.entries(options.logs ?? {}))
    logrotate(name, { ...(log.ensure === 'absent' ? {} : { missingok: true }), ...log, require: conf })
  service('logrotate.timer', { ensure: 'running', enable: true, require: tool })
}

function renderDefaults(options: LogRotation): string {
  const {
    frequency = 'weekly',
    keep = 4,
    compress = true,
    maxSize,
    dateNames = true,
    settings = [],
  } = options
  return [
    '# Managed by Rekindle: changes made here by hand go away.',
    frequency,
    `rotate ${keep}`,
    'create',
    ...(compress ? ['compress', 'delaycompress'] : []),
    ...(maxSize === undefined ? [] : [`maxsize ${maxSize}`]),
    // Of two rotations in one day the second would find its name taken.
    ...(dateNames
      ? ['dateext', `dateformat -%Y%m%d${frequency === 'hourly' || maxSize !== undefined ? '-%s' : ''}`]
      : []),
    ...settings,
    'include /etc/logrotate.d',
    '',
  ].join('\n')
}
