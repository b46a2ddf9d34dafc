/** Pure: the line for the host's own name in /etc/hosts (hosts(5)). */

export interface OwnName {
  /** As in /etc/hostname. */
  readonly name: string
  readonly domain: string | undefined
  /** The host's name until now, whose names on the line go. */
  readonly old: string
}

const address = '127.0.1.1'

/** The text with the name first on the line for 127.0.1.1; a new line stands below that of localhost. */
export function setOwnName(text: string, own: OwnName): string {
  const lines = text.split('\n')
  const at = lines.findIndex((line) => namesOf(line) !== undefined)
  const found = lines[at]
  if (found === undefined) return insertLine(lines, `${address}\t${wantedNames(own, []).join(' ')}`)
  const before = namesOf(found) ?? []
  const after = wantedNames(own, before)
  if (after.join(' ') === before.join(' ')) return text
  const [, head = '', , tail = ''] = /^(\s*\S+\s+)([^#]*?)(\s*(?:#.*)?)$/.exec(found) ?? []
  return lines.with(at, `${head}${after.join(' ')}${tail}`).join('\n')
}

/** Of the line for 127.0.1.1 only. */
function namesOf(line: string): readonly string[] | undefined {
  const [first, ...names] = (line.split('#')[0] ?? '').trim().split(/\s+/)
  return first === address && names.length > 0 ? names : undefined
}

function wantedNames({ name, domain, old }: OwnName, before: readonly string[]): readonly string[] {
  const short = shortOf(name)
  const oldShort = shortOf(old)
  const isOwn = (one: string) => [short, oldShort].some((host) => one === host || one.startsWith(`${host}.`))
  const kept = domain ?? before.find((one) => isOwn(one) && one.includes('.'))?.replace(/^[^.]*\./, '')
  const full = name.includes('.') ? name : kept === undefined ? name : `${name}.${kept}`
  return [...new Set([full, short, ...before.filter((one) => !isOwn(one))])]
}

function shortOf(name: string): string {
  return name.split('.')[0] ?? name
}

function insertLine(lines: readonly string[], line: string): string {
  const localhost = lines.findLastIndex((one) => /^\s*127\.0\.0\.1\s/.test(one))
  const at = localhost === -1 ? 0 : localhost + 1
  return [...lines.slice(0, at), line, ...(at === lines.length ? [''] : lines.slice(at))].join('\n')
}
