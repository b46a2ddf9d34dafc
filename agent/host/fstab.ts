/** Pure: /etc/fstab (fstab(5)). An edit changes the fields that differ and keeps all other bytes of the file. */

export interface FstabEntry {
  readonly device: string
  /** Mount point; `none` for swap. */
  readonly path: string
  readonly fstype: string
  /** Never empty. */
  readonly options: readonly string[]
  readonly dump: number
  readonly pass: number
}

/** In the file's order; comments and lines that are too short are left out. */
export function parseFstab(text: string): readonly FstabEntry[] {
  return text.split('\n').flatMap((line) => parseLine(line) ?? [])
}

/**
 * The text with one line for which `isIt` holds: the first of them is edited, later ones go, a new one stands at the end.
 * Without an entry all of them go.
 */
export function setFstabEntry(
  text: string,
  isIt: (found: FstabEntry) => boolean,
  entry: FstabEntry | undefined,
): string {
  let isPlaced = entry === undefined
  const lines = text.split('\n').flatMap((line) => {
    const found = parseLine(line)
    if (found === undefined || !isIt(found)) return [line]
    if (entry === undefined || isPlaced) return []
    isPlaced = true
    return [editLine(line, found, entry)]
  })
  const kept = lines.join('\n')
  if (isPlaced || entry === undefined) return kept
  const end = kept === '' || kept.endsWith('\n') ? '' : '\n'
  return `${kept}${end}${fieldsOf(entry).join('\t')}\n`
}

/** Whitespace, `\` and a `#` that would begin a comment are written in octal, as getmntent(3) reads them. */
export function escapeField(field: string): string {
  return field.replaceAll(/[ \t\n\\]|^#/g, octal)
}

export function unescapeField(field: string): string {
  return field.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  )
}

function octal(character: string): string {
  return `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`
}

function parseLine(line: string): FstabEntry | undefined {
  const [device = '', path, fstype, options = 'defaults', dump = '0', pass = '0'] = wordsOf(line)
  if (device.startsWith('#') || path === undefined || fstype === undefined) return undefined
  return {
    device: unescapeField(device),
    path: normalise(unescapeField(path)),
    fstype: unescapeField(fstype),
    options: unescapeField(options).split(','),
    dump: numberOf(dump),
    pass: numberOf(pass),
  }
}

/** What begins with `#` behind the type is a comment (libmount). */
function wordsOf(line: string): readonly string[] {
  const words = line.trim().split(/[ \t]+/)
  const end = words.findIndex((word, index) => index >= 3 && word.startsWith('#'))
  return end === -1 ? words : words.slice(0, end)
}

function numberOf(field: string): number {
  return /^\d+$/.test(field) ? Number(field) : 0
}

/** `/srv/` is `/srv`. */
function normalise(path: string): string {
  return path.replace(/(.)\/+$/, '$1')
}

function fieldsOf({ device, path, fstype, options, dump, pass }: FstabEntry): readonly string[] {
  return [
    escapeField(device),
    escapeField(path),
    escapeField(fstype),
    escapeField(options.join(',')),
    String(dump),
    String(pass),
  ]
}

/** The gaps between fields, and what stands behind the last of them, stay. */
function editLine(line: string, found: FstabEntry, entry: FstabEntry): string {
  const before = fieldsOf(found)
  const words = wordsOf(line)
  const gaps = line.trimStart().split(/[^ \t]+/)
  const fields = fieldsOf(entry).map((field, index) => {
    const written = words[index]
    return written !== undefined && before[index] === field ? written : field
  })
  const body = fields.map((field, index) => {
    const gap = index < words.length ? gaps[index] : undefined
    return `${index === 0 ? '' : gap || '\t'}${field}`
  })
  const indent = /^[ \t]*/.exec(line)?.[0] ?? ''
  return `${indent}${body.join('')}${restOf(line, Math.min(words.length, fields.length))}`
}

/** Behind so many words. */
function restOf(line: string, words: number): string {
  return line.replace(new RegExp(`^[ \\t]*(?:[^ \\t]+[ \\t]+){${words - 1}}[^ \\t]+`), '')
}
