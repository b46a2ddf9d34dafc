/** Pure: what pip prints. */

/** Names as pip compares them: PEP 503. */
export function pipNameOf(name: string): string {
  return name.replace(/[-_.]+/g, '-').toLowerCase()
}

/** The answer to `pip list --format=json`, by the names that pip compares. */
export function parsePipList(text: string): ReadonlyMap<string, string> {
  const found: unknown = JSON.parse(text)
  const rows: readonly unknown[] = Array.isArray(found) ? found : []
  return new Map(
    rows.flatMap((row) =>
      isObject(row) && typeof row.name === 'string' && typeof row.version === 'string'
        ? [[pipNameOf(row.name), row.version] as const]
        : [],
    ),
  )
}

/** The answer to `pip install --dry-run --report -`: what pip would install, by name. */
export function parsePipReport(text: string): ReadonlyMap<string, string> {
  const found: unknown = JSON.parse(text)
  const install = isObject(found) && Array.isArray(found.install) ? found.install : []
  const metadata = install.flatMap((one) => (isObject(one) && isObject(one.metadata) ? [one.metadata] : []))
  return parsePipList(JSON.stringify(metadata))
}

/** The answer to `pip index versions NAME`, newest first. */
export function parsePipVersions(text: string): readonly string[] {
  return /^Available versions: (.+)$/m.exec(text)?.[1]?.split(', ') ?? []
}

/** Why pip refuses: its `ERROR:` lines, or its `error:` with what it explains. */
export function pipComplaint({ stderr }: { readonly stderr: string }): string | undefined {
  const lines = [...stderr.matchAll(/^(?:ERROR|error): (.*)$/gm)].map(([, text = '']) => text.trim())
  return lines.length === 0 ? undefined : lines.join('; ')
}

export function isExternallyManaged(said: string): boolean {
  return said.includes('externally-managed-environment')
}

/** pip ends well also where it leaves a package: one that the system's own package manager put there. */
export function leftByPip({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }) {
  return /^(?:Not uninstalling .*|Can't uninstall .*)$/m.exec(`${stdout}\n${stderr}`)?.[0]
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
