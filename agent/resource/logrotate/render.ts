/** Pure: a file of /etc/logrotate.d (logrotate(8)), always in the same order. */
import type { LogrotateParams } from '../../../schemas/generated/types.ts'

/** Directives with a value. */
const values = ['size', 'minsize', 'maxsize', 'rotate', 'maxage'] as const
const namings = ['compresscmd', 'compressext', 'su', 'olddir', 'dateformat', 'extension'] as const
/** Directives that are on by their word and off by another. */
const switches: readonly (readonly [name: Switch, off: string])[] = [
  ['missingok', 'nomissingok'],
  ['ifempty', 'notifempty'],
  ['compress', 'nocompress'],
  ['delaycompress', 'nodelaycompress'],
  ['copytruncate', 'nocopytruncate'],
  ['dateext', 'nodateext'],
  ['sharedscripts', 'nosharedscripts'],
]
const scripts = ['firstaction', 'prerotate', 'postrotate', 'lastaction'] as const

type Switch =
  | 'missingok'
  | 'ifempty'
  | 'compress'
  | 'delaycompress'
  | 'copytruncate'
  | 'dateext'
  | 'sharedscripts'

export function renderLogrotate(params: LogrotateParams): string {
  const directives = [
    ...(params.frequency === undefined ? [] : [params.frequency]),
    ...values.flatMap((name) => (params[name] === undefined ? [] : [`${name} ${params[name]}`])),
    ...switches.flatMap(([name, off]) => (params[name] === undefined ? [] : [params[name] ? name : off])),
    ...createOf(params),
    ...namings.flatMap((name) => (params[name] === undefined ? [] : [`${name} ${params[name]}`])),
    ...scripts.flatMap((name) => scriptOf(name, params[name])),
  ]
  return [
    '# Written by Rekindle: edits are lost.',
    // In quotes, a path may have spaces, and its wildcards still count.
    ...listOf(params.paths).map((path) => `"${path}"`),
    '{',
    ...directives.map((line) => `    ${line}`),
    '}',
    '',
  ].join('\n')
}

export function listOf(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return []
  return typeof value === 'string' ? value.replace(/\n+$/, '').split('\n') : value
}

function createOf({ create }: LogrotateParams): readonly string[] {
  if (create === undefined) return []
  if (create === false) return ['nocreate']
  return [create === true ? 'create' : `create ${create}`]
}

function scriptOf(name: string, script: string | readonly string[] | undefined): readonly string[] {
  if (script === undefined) return []
  return [name, ...listOf(script).map((line) => `    ${line}`), 'endscript']
}

/**
 * What logrotate -d says against the file itself, before it looks at the logs: that one of those is missing, or in a
 * folder that it does not trust, makes it end with 1 too, and says nothing of the file.
 */
export function refusals(stderr: string, path: string): readonly string[] {
  const end = stderr.indexOf('\nReading state from file:')
  return (end === -1 ? stderr : stderr.slice(0, end))
    .split('\n')
    .filter((line) => line.startsWith('error: '))
    .map((line) => line.slice('error: '.length).replace(`${path}:`, 'line '))
}
