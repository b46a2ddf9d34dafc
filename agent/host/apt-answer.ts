/** Pure: what apt's programs print. Everything here is read with LC_ALL=C. */

/**
 * The candidate of each package in the answer of `apt-cache policy`; null where apt knows the name and has no version.
 * Names that apt does not know are absent from its answer.
 */
export function parseCandidates(policy: string): ReadonlyMap<string, string | null> {
  const candidates = new Map<string, string | null>()
  let name: string | undefined
  for (const line of policy.split('\n')) {
    const heading = /^(\S+):$/.exec(line)?.[1]
    if (heading !== undefined) name = heading
    const candidate = /^ {2}Candidate: (\S+)$/.exec(line)?.[1]
    if (name !== undefined && candidate !== undefined)
      candidates.set(name, candidate === '(none)' ? null : candidate)
  }
  return candidates
}

/** All versions of each package in the answer of `apt-cache madison`: `name | version | source`, newest first. */
export function parseVersions(madison: string): ReadonlyMap<string, readonly string[]> {
  const versions = new Map<string, string[]>()
  for (const line of madison.split('\n')) {
    const [name = '', version = ''] = line.split('|').map((cell) => cell.trim())
    const known = versions.get(name) ?? []
    if (version !== '' && !known.includes(version)) versions.set(name, [...known, version])
  }
  return versions
}

/** Paths of changed configuration files in the answer of `dpkg --verify`: `??5?????? c /etc/motd`. */
export function parseChangedConfigFiles(verification: string): readonly string[] {
  return [...verification.matchAll(/^..5\S* +c (\/.*)$/gm)].map(([, path]) => path ?? '')
}

/** Names that `apt-get --simulate remove` would remove: its `Remv` lines. */
export function parseRemovals(simulation: string): readonly string[] {
  return [...simulation.matchAll(/^(?:Remv|Purg) (\S+)/gm)].map(([, name]) => name ?? '')
}

/**
 * Why apt-get or dpkg failed, in its own words, on one line: dependencies that cannot be met, what dpkg said of a
 * package, and apt's `E:` lines.
 */
export function aptComplaint(answer: { readonly stdout: string; readonly stderr: string }): string {
  const unmet = /The following packages have unmet dependencies:\n((?: .*\n?)+)/.exec(answer.stdout)?.[1]
  const removed = /remove is disabled/.test(answer.stderr)
    ? /^The following packages will be REMOVED:\n(?: .*\n)+/m.exec(answer.stdout)?.[0]
    : undefined
  // It stops naming the holder when it gives up waiting.
  const [, lock, holder] =
    /Waiting for .*Could not get lock (\S+)\. It is held by (process .*?)\.*$/m.exec(answer.stdout) ?? []
  const held = /Unable to (?:acquire|lock)/.test(answer.stderr) && lock !== undefined
  const dpkg = answer.stderr.match(/^dpkg: error.*(?:\n .*)*/gm) ?? []
  const errors = [...answer.stderr.matchAll(/^E: (.*)$/gm)].map(([, text]) => text ?? '')
  const said = [
    ...(unmet?.split('\n') ?? []),
    removed ?? '',
    ...dpkg,
    ...errors,
    held ? `${lock} is held by ${holder}` : '',
  ]
    .map(oneLine)
    .filter((text) => text !== '')
  return said.length > 0
    ? [...new Set(said)].join('; ')
    : oneLine(answer.stderr.slice(-1000)) || 'it gave no reason'
}

/** What `apt-get update` could not fetch, in its own words; it often says so in warnings, and succeeds. */
export function fetchComplaint({ stderr }: { readonly stderr: string }): string | undefined {
  const lines = [
    ...stderr.matchAll(/^(?:E|W|Err): (.*(?:Failed to fetch|Could not|not signed|expired).*)$/gm),
  ]
  return lines.length === 0
    ? undefined
    : [...new Set(lines.map(([, text]) => oneLine(text ?? '')))].slice(0, 3).join('; ')
}

/** Paths that `dpkg-query --search` has found; lines on diversions are no owners. */
export function parseOwned(stdout: string): ReadonlySet<string> {
  return new Set(
    [...stdout.matchAll(/^(?!diversion by |local diversion )[^/\n]+: (\/.*)$/gm)].map(
      ([, path = '']) => path,
    ),
  )
}

/** Why the lists of a source cannot be used; apt says much of it in warnings, and succeeds. */
export function sourceComplaint(answer: {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}): string | undefined {
  const grave = /Failed to fetch|GPG error|not signed|expired|not valid yet|doesn't have the component/
  const warnings = [...answer.stderr.matchAll(/^W: (.*)$/gm)].flatMap(([, text = '']) =>
    grave.test(text) ? [oneLine(text)] : [],
  )
  const errors = answer.code === 0 && !/^E: /m.test(answer.stderr) ? [] : [aptComplaint(answer)]
  const said = [...new Set([...warnings, ...errors])]
  return said.length === 0 ? undefined : said.join('; ')
}

/** Why a file of preferences is refused; apt passes over a pin that it does not understand with a warning. */
export function preferencesComplaint(answer: {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}): string | undefined {
  const misunderstood = /^W: (Did not understand .*)$/m.exec(answer.stderr)?.[1]
  if (answer.code === 0) return misunderstood
  return aptComplaint(answer)
}

/** Whether newer package lists could help: a name or version that apt does not know, or a file the mirror has dropped. */
export function isAboutLists(complaint: string): boolean {
  return /Unable to locate package|has no installation candidate|Version '.*' for '.*' was not found|Failed to fetch/.test(
    complaint,
  )
}

export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
