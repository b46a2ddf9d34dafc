/** What two hosts are compared by after a trial. Pure; `lookCommand` runs on the host. */

/** What a host has, by name: a path, a package, a unit, an account. */
export type HostState = ReadonlyMap<string, string>

/**
 * Whose bytes tell in which order things came, and nothing else of use: ids are handed out in order. Accounts are compared
 * by what they are, without ids; owners of files by name.
 */
const byOrderAlone = [
  ...['passwd', 'group', 'shadow', 'gshadow', 'subuid', 'subgid'].flatMap((name) => [name, `${name}-`]),
  '.pwd.lock',
  'ld.so.cache',
].map((name) => `/etc/${name}`)

const trees = '/etc /opt /srv /usr/local'

/** Prints one thing a line: its kind and name, a tab, what it is. */
export const lookCommand: readonly string[] = [
  'sh',
  '-c',
  `
export LC_ALL=C
find ${trees} -xdev -printf 'path %p\\t%y %m %u:%g %l\\n'
find ${trees} -xdev -type f -exec sha256sum -- {} + | sed -E 's/^(\\\\?[0-9a-f]{64})  (.*)$/content \\2\\t\\1/'
if command -v dpkg-query > /dev/null; then dpkg-query -W -f 'package \${binary:Package}\\t\${Version} \${db:Status-Abbrev}\\n'; fi
systemctl list-unit-files --no-legend --plain --state=enabled,masked | awk '{ print "unit " $1 "\\t" $2 }'
systemctl list-units --no-legend --plain --state=failed | awk '{ print "failed unit " $1 "\\tfailed" }'
getent passwd | awk -F: '{ print "user " $1 "\\t" $5 ":" $6 ":" $7 }'
getent group | awk -F: '{ print "group " $1 "\\t" $4 }'
`,
]

export function parseState(text: string): HostState {
  const state = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [name = '', value] = line.split('\t')
    if (value === undefined || byOrderAlone.includes(name.replace(/^(?:path|content) /, ''))) continue
    // Members in the order in which they were added.
    state.set(name, name.startsWith('group ') ? value.split(',').sort().join(',') : value)
  }
  return state
}

/** What differs between two hosts that were made alike: chance, such as keys made at installation. */
export function chanceOf(one: HostState, other: HostState): ReadonlySet<string> {
  return new Set(differing(one, other))
}

/** Names of what differs, without those that differ by chance; one for people each. */
export function compareStates(
  wanted: HostState,
  found: HostState,
  byChance: ReadonlySet<string>,
): readonly string[] {
  return differing(wanted, found)
    .filter((name) => !byChance.has(name))
    .map((name) => `${name}: ${show(found.get(name))} here, ${show(wanted.get(name))} as declared`)
}

function differing(one: HostState, other: HostState): readonly string[] {
  const names = new Set([...one.keys(), ...other.keys()])
  return [...names].filter((name) => one.get(name) !== other.get(name)).sort()
}

function show(value: string | undefined): string {
  if (value === undefined) return 'nothing'
  return /^\\?[0-9a-f]{64}$/.test(value) ? `SHA-256 ${value.slice(0, 12)}` : `"${value.trim()}"`
}
