/** Pure: what npm prints with --json. */

/** The answer to `npm ls --global --json --depth=0`; a folder without a version in it is no package. */
export function parseNpmList(text: string): ReadonlyMap<string, string> {
  const { dependencies } = parseObject(text)
  return new Map(
    Object.entries(isObject(dependencies) ? dependencies : {}).flatMap(([name, found]) =>
      isObject(found) && typeof found.version === 'string' ? [[name, found.version] as const] : [],
    ),
  )
}

/** Why npm cannot answer: `ENOENT` where nothing was ever installed in its prefix, `E404` for a name nobody has. */
export function errorCodeOf(text: string): string | undefined {
  const { error } = parseObject(text)
  return isObject(error) && typeof error.code === 'string' ? error.code : undefined
}

/** The answer to `npm view NAME versions dist-tags --json`. */
export function parseNpmView(text: string): {
  readonly latest: string | undefined
  readonly versions: readonly string[]
} {
  const { versions, 'dist-tags': tags } = parseObject(text)
  const latest = isObject(tags) && typeof tags.latest === 'string' ? tags.latest : undefined
  const listed = typeof versions === 'string' ? [versions] : Array.isArray(versions) ? versions : []
  return { latest, versions: listed.filter((one) => typeof one === 'string') }
}

/** Why npm refuses: its `npm error` lines without the place of its log, which tells of nothing else. */
export function npmComplaint({ stderr }: { readonly stderr: string }): string | undefined {
  const lines = [...stderr.matchAll(/^npm (?:error|ERR!) (.*)$/gm)].map(([, text = '']) => text.trim())
  const said = lines.filter((text) => text !== '' && !/^A complete log of this run|^\s*\/.*-debug/.test(text))
  return said.slice(0, 6).join('; ') || undefined
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const found: unknown = JSON.parse(text)
    return isObject(found) ? found : {}
  } catch {
    return {}
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
