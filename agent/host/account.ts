/** Pure: the lines of /etc/passwd, /etc/group and /etc/shadow. Lines that are not whole are skipped, as libc does. */

export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly comment: string
  readonly home: string
  readonly shell: string
}

export interface Group {
  readonly name: string
  readonly gid: number
  /** Those who have it as a supplementary group. */
  readonly members: readonly string[]
}

/** By name. Where a name stands twice, the first line holds, as for libc. */
export function parsePasswd(text: string): ReadonlyMap<string, Account> {
  return byName(text, (name, [, uid = '', gid = '', comment = '', home = '', shell = '']) => {
    if (!isId(uid) || !isId(gid)) return undefined
    return { name, uid: Number(uid), gid: Number(gid), comment, home, shell }
  })
}

/** By name. */
export function parseGroup(text: string): ReadonlyMap<string, Group> {
  return byName(text, (name, [, gid = '', members = '']) => {
    if (!isId(gid)) return undefined
    return { name, gid: Number(gid), members: members.split(',').filter((member) => member !== '') }
  })
}

/** Password hashes by name. */
export function parseShadow(text: string): ReadonlyMap<string, string> {
  return byName(text, (_name, [hash]) => hash)
}

const dayMs = 86_400_000

/** The last day of each account as YYYY-MM-DD, or `never`; shadow(5) has it in days since 1970. */
export function parseExpiries(text: string): ReadonlyMap<string, string> {
  return byName(text, (_name, [, , , , , , days = '']) =>
    isId(days) ? new Date(Number(days) * dayMs).toISOString().slice(0, 10) : 'never',
  )
}

/** Days between changes of a password; -1: no limit. */
export interface PasswordAge {
  readonly min: number
  readonly max: number
  /** Days before the end at which people are warned. */
  readonly warn: number
}

/** Of each account that has a line; an empty field is no limit. */
export function parsePasswordAges(text: string): ReadonlyMap<string, PasswordAge> {
  const days = (field = '') => (isId(field) ? Number(field) : -1)
  return byName(text, (_name, [, , min, max, warn]) => ({ min: days(min), max: days(max), warn: days(warn) }))
}

/** Names of the supplementary groups of each account, sorted. */
export function membershipsOf(groups: ReadonlyMap<string, Group>): ReadonlyMap<string, readonly string[]> {
  const memberships = new Map<string, string[]>()
  for (const { name, members } of groups.values()) {
    for (const member of members) memberships.set(member, [...(memberships.get(member) ?? []), name].sort())
  }
  return memberships
}

function byName<Value>(
  text: string,
  parse: (name: string, rest: readonly string[]) => Value | undefined,
): ReadonlyMap<string, Value> {
  const values = new Map<string, Value>()
  for (const line of text.split('\n')) {
    const [name, ...rest] = line.split(':')
    if (name === undefined || name === '' || name.startsWith('#') || values.has(name)) continue
    const value = parse(name, rest)
    if (value !== undefined) values.set(name, value)
  }
  return values
}

function isId(text: string): boolean {
  return /^\d+$/.test(text)
}
