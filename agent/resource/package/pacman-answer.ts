/** Pure: what pacman prints. */

/** The answer to `pacman -Q`, and to `pacman -Sp --print-format '%n %v'`: a name and a version a line. */
export function parsePacmanList(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\n').flatMap((line) => {
      const [, name, version] = /^(\S+) (\S+)$/.exec(line) ?? []
      return name === undefined || version === undefined ? [] : [[name, version] as const]
    }),
  )
}

/** The answer to `pacman -Sl`: `repository name version [installed]`; of a name in two repositories, the first counts. */
export function parseSyncList(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, name, version] = line.split(' ')
    if (name !== undefined && version !== undefined && !found.has(name)) found.set(name, version)
  }
  return found
}

/** The answer to `pacman-conf IgnorePkg`: one name or pattern a line. */
export function isIgnored(name: string, ignored: string): boolean {
  return ignored
    .split('\n')
    .filter((pattern) => pattern !== '')
    .some((pattern) => globOf(pattern).test(name))
}

function globOf(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`)
}

/** Why pacman refuses: its `error:` lines, with what follows each of them indented. */
export function pacmanComplaint({ stderr }: { readonly stderr: string }): string | undefined {
  const lines = stderr.match(/^error: .*(?:\n {2}.*)*/gm)
  return lines?.map((text) => text.replace(/\s+/g, ' ').trim()).join('; ')
}
