/** Pieces of files: lines, blocks, settings, and the small files of hosts and limits. */
import type { AuthoredParams } from '../../../schemas/generated/authored.ts'
import { declare, type Metaparams, type OtherMetaparams } from '../declare.ts'
import type { Params, TypeRule } from '../parameter.ts'
import type { Reference } from '../reference.ts'

/** A regular expression, as JavaScript's or as its text. Of flags, `i` and `s` count. */
export type Pattern = string | RegExp

export type FileLineOptions = AuthoredParams['file_line'] & OtherMetaparams

/**
 * One line of a text file.
 *
 * @example
 * fileLine('no root login', {
 *   path: '/etc/ssh/sshd_config', line: 'PermitRootLogin no', match: /^#?PermitRootLogin\s/, validate: 'sshd -t -f %',
 * })
 */
export function fileLine(title: string, options: FileLineOptions): Reference<'file_line'> {
  return declare({ type: 'file_line', title, options: withPatterns(options), rule: fileLineRule })
}

export const fileLineRule: TypeRule = { contradictions: fileLineContradictions }

function fileLineContradictions(params: Params): readonly string[] {
  const { ensure, line, match } = params
  const wrong = wrongPatterns(params)
  if (ensure === 'absent') {
    if ((line === undefined) === (match === undefined))
      wrong.push('absence needs "line" or "match", and not both')
    for (const name of ['after', 'before', 'append', 'replace'])
      if (params[name] !== undefined) wrong.push(`"${name}" does not go with ensure "absent"`)
    return wrong
  }
  if (line === undefined) wrong.push('a line needs a "line"')
  for (const name of ['multiple', 'append', 'replace'])
    if (params[name] !== undefined && match === undefined) wrong.push(`"${name}" goes with "match" only`)
  // Puppet takes it, and then changes the file in every run.
  if (
    typeof line === 'string' &&
    typeof match === 'string' &&
    wrong.length === 0 &&
    !new RegExp(match).test(line)
  )
    wrong.push('"line" does not match "match", so that each run would find it missing')
  return wrong
}

export type FileBlockOptions = AuthoredParams['file_block'] & OtherMetaparams

/**
 * Lines of a text file between markers that name them.
 *
 * @example fileBlock('proxy', { path: '/etc/profile', content: 'export http_proxy=http://proxy:3128\n' })
 */
export function fileBlock(title: string, options: FileBlockOptions): Reference<'file_block'> {
  return declare({ type: 'file_block', title, options: withPatterns(options), rule: fileBlockRule })
}

export const fileBlockRule: TypeRule = {
  contradictions: (params, title) => {
    const { ensure, content, name } = params
    const wrong = wrongPatterns(params)
    if (ensure !== 'absent' && content === undefined) wrong.push('a block needs a "content"')
    if (name === undefined && !/^\S+( \S+)*$/.test(title))
      wrong.push('the title cannot stand in a marker: give a "name"')
    if (typeof content === 'string' && /(^|\s)(BEGIN|END) REKINDLE /.test(content))
      wrong.push('"content" has a marker line in it')
    return wrong
  },
}

function wrongPatterns(params: Params): string[] {
  const wrong = ['match', 'after', 'before'].flatMap((name) => {
    const given = params[name]
    return typeof given === 'string' && !isPattern(given) ? [`"${name}" is no regular expression`] : []
  })
  if (params.after !== undefined && params.before !== undefined)
    wrong.push('"after" and "before" exclude each other')
  return wrong
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text)
    return true
  } catch {
    return false
  }
}

function withPatterns(options: object): object {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name, value instanceof RegExp ? sourceOf(value) : value]),
  )
}

/** Flags travel inside the pattern; those that say how often to look mean nothing for one line. */
function sourceOf({ source, flags }: RegExp): string {
  const kept = [...flags].filter((flag) => flag === 'i' || flag === 's').join('')
  return kept === '' ? source : `(?${kept}:${source})`
}

export type IniSettingOptions = AuthoredParams['ini_setting'] & Metaparams

/**
 * One setting in a file of sections.
 *
 * @example iniSetting('connections', { path: '/etc/mysql/my.cnf', section: 'mysqld', setting: 'max_connections', value: 500 })
 */
export function iniSetting(title: string, options: IniSettingOptions): Reference<'ini_setting'> {
  return declare({ type: 'ini_setting', title, options, rule: iniSettingRule })
}

export const iniSettingRule: TypeRule = {
  contradictions: ({ ensure, setting, value, flag, separator = '=' }) => {
    const wrong: string[] = []
    if (ensure !== 'absent' && (value === undefined) === (flag !== true))
      wrong.push('a setting needs a "value", or "flag: true" and none')
    const mark = String(separator).trim()
    if (typeof setting === 'string' && (mark === '' ? /\s/.test(setting) : setting.includes(mark)))
      wrong.push('"setting" has the separator in it')
    return wrong
  },
}

export type JsonSettingOptions = AuthoredParams['json_setting'] & Metaparams

/**
 * One value in a JSON file.
 *
 * @example jsonSetting('log driver', { path: '/etc/docker/daemon.json', key: ['log-driver'], value: 'journald' })
 */
export function jsonSetting(title: string, options: JsonSettingOptions): Reference<'json_setting'> {
  return declare({ type: 'json_setting', title, options, rule: jsonSettingRule })
}

export type YamlSettingOptions = AuthoredParams['yaml_setting'] & Metaparams

/**
 * One value in a YAML file.
 *
 * @example yamlSetting('port', { path: '/etc/app.yaml', key: ['server', 'port'], value: 8080 })
 */
export function yamlSetting(title: string, options: YamlSettingOptions): Reference<'yaml_setting'> {
  return declare({ type: 'yaml_setting', title, options, rule: yamlSettingRule })
}

export type TomlSettingOptions = AuthoredParams['toml_setting'] & Metaparams

/**
 * One value in a TOML file.
 *
 * @example tomlSetting('root', { path: '/etc/containerd/config.toml', key: ['root'], value: '/srv/containerd' })
 */
export function tomlSetting(title: string, options: TomlSettingOptions): Reference<'toml_setting'> {
  return declare({ type: 'toml_setting', title, options, rule: tomlSettingRule })
}

export const jsonSettingRule: TypeRule = { contradictions: settingContradictions }
export const yamlSettingRule: TypeRule = { contradictions: settingContradictions }
export const tomlSettingRule: TypeRule = {
  contradictions: (params) => [
    ...settingContradictions(params),
    ...(holds(params.value, (leaf) => leaf === null) ? ['TOML has no null'] : []),
    ...(Array.isArray(params.key) && typeof params.key[0] === 'number' ? ['"key" begins with a name'] : []),
  ],
}

function settingContradictions({ ensure, key, value }: Params): readonly string[] {
  const wrong: string[] = []
  if (ensure !== 'absent' && value === undefined) wrong.push('a setting needs a "value"')
  // The next run would remove what has moved up into its place.
  if (ensure === 'absent' && Array.isArray(key) && typeof key.at(-1) === 'number')
    wrong.push('an item of a list cannot be absent: give the whole list as the value')
  if (holds([key, value], (leaf) => typeof leaf === 'string' && !leaf.isWellFormed()))
    wrong.push('"value" is no valid Unicode text')
  return wrong
}

function holds(value: unknown, test: (leaf: unknown) => boolean): boolean {
  if (typeof value !== 'object' || value === null) return test(value)
  return Object.entries(value).some(([name, member]) => test(name) || holds(member, test))
}

export type HostEntryOptions = AuthoredParams['host_entry'] & Metaparams

/**
 * A name in /etc/hosts.
 *
 * @example hostEntry('db', { ip: '10.0.0.5', aliases: ['db.example.org'] })
 */
export function hostEntry(name: string, options: HostEntryOptions): Reference<'host_entry'> {
  return declare({ type: 'host_entry', title: name, options, rule: hostEntryRule })
}

export const hostEntryRule: TypeRule = {
  contradictions: ({ ensure, ip, name, aliases }, title) => {
    const wrong: string[] = []
    if (ensure !== 'absent' && ip === undefined) wrong.push('an entry needs an "ip"')
    if (typeof ip === 'string' && !ip.includes(':') && ip.split('.').some((part) => Number(part) > 255))
      wrong.push('"ip" is no address')
    if (name === undefined && !/^[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?$/.test(title))
      wrong.push('the title is no name of a host: give a "name"')
    if (Array.isArray(aliases) && aliases.includes(name ?? title))
      wrong.push('"aliases" has the name itself in it')
    return wrong
  },
}

export type LimitsOptions = AuthoredParams['limits'] & Metaparams

/**
 * A resource limit of sessions.
 *
 * @example limits('open files of www-data', { domain: 'www-data', type: '-', item: 'nofile', value: 65536 })
 */
export function limits(title: string, options: LimitsOptions): Reference<'limits'> {
  return declare({ type: 'limits', title, options, rule: limitsRule })
}

export const limitsRule: TypeRule = {
  contradictions: ({ ensure, item, value }) => {
    if (value === undefined) return ensure === 'absent' ? [] : ['a limit needs a "value"']
    const wrong: string[] = []
    if (typeof value === 'number' && value < -1 && item !== 'nice' && item !== 'priority')
      wrong.push(`"value" ${value} goes with nice and priority only`)
    if ((typeof value === 'string' && value.startsWith('/')) !== (item === 'chroot'))
      wrong.push('a directory goes with "chroot", and "chroot" with a directory')
    return wrong
  },
}
