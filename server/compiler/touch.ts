/** What resources touch on a host, by their types' parameters: paths, programs, packages. For finding races. Pure. */
import { dirname } from 'node:path/posix'
import { type Declared, filesOf, isAbsent, traitsOf } from './declared.ts'

const pieceTypes: ReadonlySet<string> = new Set([
  ...['file_line', 'file_block', 'ini_setting', 'json_setting', 'yaml_setting', 'toml_setting', 'host_entry'],
])

/** Whether it changes a part of a file that it shares with others. */
export function isPiece({ type }: Declared): boolean {
  return pieceTypes.has(type)
}

/** The path that it puts something at, or changes a part of. */
export function pathOf({ type, title, params }: Declared): string | undefined {
  if (traitsOf(type)?.titleIsPath === true) return title
  if (type === 'host_entry') return textOr(params.target, '/etc/hosts')
  return pieceTypes.has(type) ? textOr(params.path, undefined) : undefined
}

/** Files that it writes as a whole. */
export function writesWhole(declared: Declared): readonly string[] {
  const { type, title, params, bytes } = declared
  if (isAbsent(declared)) return []
  switch (type) {
    case 'file':
      return params.replace === false || (bytes === undefined && params.checksum === undefined) ? [] : [title]
    case 'hostname':
      return ['/etc/hostname']
    default:
      return filesOf(declared)
  }
}

/** Paths whose existence keeps it from running. */
export function createdBy({ type, params }: Declared): readonly string[] {
  if ((type !== 'exec' && type !== 'archive') || params.refreshOnly === true) return []
  return textsIn(params.creates)
}

/** Words of all its commands, the programs first. */
export function wordsOf({ type, params }: Declared): {
  programs: readonly string[]
  others: readonly string[]
} {
  const lines =
    type === 'exec'
      ? [
          ...linesOf(params.command),
          ...linesOf(params.refresh),
          ...linesOf(params.onlyIf),
          ...linesOf(params.unless),
        ]
      : linesOf(params.validate)
  return {
    programs: lines.flatMap(([program]) => program ?? []),
    others: lines.flatMap(([, ...rest]) => rest),
  }
}

/** Command lines as their words: a text is one, a list of texts is one, a list of lists are several. */
function linesOf(command: unknown): readonly (readonly string[])[] {
  if (typeof command === 'string') return [command.split(/[\s'"`;|&<>()=]+/).filter((word) => word !== '')]
  if (!Array.isArray(command)) return []
  return command.some(Array.isArray) ? command.flatMap(linesOf) : [textsIn(command)]
}

/** The name that a package manager of the host knows it by; undefined for those of npm, pip and gem. */
export function packageOf({ type, title, params }: Declared): string | undefined {
  const isSystem = params.provider === undefined || params.provider === 'apt'
  return type === 'package' && isSystem ? textOr(params.name, title) : undefined
}

export function isBelow(path: string, directory: string): boolean {
  return path.startsWith(directory === '/' ? '/' : `${directory}/`)
}

const systemFolders: ReadonlySet<string> = new Set([...['.', '/bin', '/sbin', '/usr/bin', '/usr/sbin']])

/** @example programName('/usr/sbin/nginx') // 'nginx' */
export function programName(word: string): string | undefined {
  return systemFolders.has(dirname(word)) ? word.slice(word.lastIndexOf('/') + 1) : undefined
}

function textOr<Default>(value: unknown, otherwise: Default): string | Default {
  return typeof value === 'string' ? value : otherwise
}

export function textsIn(value: unknown): readonly string[] {
  return [value].flat().filter((one) => typeof one === 'string')
}
