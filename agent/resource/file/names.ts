/** Users and groups of the host by name and id, read again only when their files have changed. */
import { type Account, type Group, parseGroup, parsePasswd } from '../../host/account.ts'
import { type FileReader, type FileStat, isSameStat } from '../../host/file-reader.ts'

export interface Names {
  /** A name, or a number as text; undefined when there is no such user. */
  uidOf(owner: string): number | undefined
  gidOf(group: string): number | undefined
  /** The name, or the number where none has it. */
  ownerOf(uid: number): string
  groupOf(gid: number): string
}

interface Kept {
  readonly passwd: FileStat | undefined
  readonly group: FileStat | undefined
  readonly names: Names
}

const keptFor = new WeakMap<FileReader, Kept>()

export function readNames(files: FileReader): Names {
  const passwd = files.stat('/etc/passwd')
  const group = files.stat('/etc/group')
  const kept = keptFor.get(files)
  if (kept !== undefined && isSame(kept.passwd, passwd) && isSame(kept.group, group)) return kept.names
  const names = namesIn(
    passwd === undefined ? '' : files.read('/etc/passwd').toString(),
    group === undefined ? '' : files.read('/etc/group').toString(),
  )
  keptFor.set(files, { passwd, group, names })
  return names
}

/** Pure: from the text of /etc/passwd and /etc/group. */
export function namesIn(passwd: string, group: string): Names {
  const accounts = parsePasswd(passwd)
  const groups = parseGroup(group)
  const ownerByUid = firstNames([...accounts.values()], (account) => account.uid)
  const groupByGid = firstNames([...groups.values()], (one) => one.gid)
  return {
    uidOf: (owner) => accounts.get(owner)?.uid ?? numberIn(owner),
    gidOf: (name) => groups.get(name)?.gid ?? numberIn(name),
    ownerOf: (uid) => ownerByUid.get(uid) ?? String(uid),
    groupOf: (gid) => groupByGid.get(gid) ?? String(gid),
  }
}

/** Where two have one id, the first line's name is the one that libc tells. */
function firstNames<One extends Account | Group>(
  all: readonly One[],
  idOf: (one: One) => number,
): ReadonlyMap<number, string> {
  return new Map(all.toReversed().map((one) => [idOf(one), one.name]))
}

function numberIn(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined
}

function isSame(a: FileStat | undefined, b: FileStat | undefined): boolean {
  return a === undefined || b === undefined ? a === b : isSameStat(a, b)
}
