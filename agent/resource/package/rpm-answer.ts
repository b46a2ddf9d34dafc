/** Pure: what rpm and dnf print. */

export interface RpmPackage {
  readonly name: string
  /** `[epoch:]version-release.arch`, as dnf takes it behind a name and a dash. */
  readonly version: string
  readonly arch: string
}

/** One line a package; an epoch only where there is one. */
export const rpmFormat = '%{NAME}\\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\t%{ARCH}\\n'

/** The answer to `rpm -qa --queryformat`; keys that signatures are checked with are no packages. */
export function parseRpmList(text: string): readonly RpmPackage[] {
  return text
    .split('\n')
    .map((line) => line.split('\t'))
    .flatMap(([name, evr, arch]) =>
      name === undefined || evr === undefined || arch === undefined || name === 'gpg-pubkey'
        ? []
        : [{ name, version: `${evr}.${arch}`, arch }],
    )
}

/** dnf 4 ends each line by itself and dnf 5 does not: an empty line between two says nothing. */
export const repoqueryFormat = '%{name}\\t%{evr}\\t%{arch}\\n'

/** The answer to `dnf repoquery --queryformat`. */
export function parseRepoquery(text: string): readonly RpmPackage[] {
  return parseRpmList(text).map((one) => ({ ...one, version: one.version.replace(/^0:/, '') }))
}

/** Names that `dnf versionlock` keeps, of its list's lines: `vim-minimal-2:8.2.2637-26.el9_8.4.*`. */
export function parseVersionlock(text: string): ReadonlySet<string> {
  return new Set(
    text
      .split('\n')
      .filter((line) => !line.startsWith('#') && !line.startsWith('!'))
      .flatMap((line) => /^(\S+)-(?:\d+:)?[^-\s]+-[^-\s]+$/.exec(line.trim())?.[1] ?? []),
  )
}

/** The same of dnf 5, which keeps TOML: `name = "vim-minimal"` in each `[[packages]]`. */
export function parseVersionlockToml(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(/^name\s*=\s*"([^"]+)"/gm)].map(([, name = '']) => name))
}

/** Why dnf refuses: what it did not find, and its `Error:` with all that follows. */
export function dnfComplaint({ stderr }: { readonly stderr: string }): string | undefined {
  const error = /^Error:[\s\S]*/m.exec(stderr)?.[0]
  return error?.replace(/\s+/g, ' ').trim()
}
