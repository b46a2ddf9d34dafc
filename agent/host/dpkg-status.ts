/**
 * Pure: what /var/lib/dpkg/status says (deb822 stanzas, see dpkg(1) for the states). Only the fields that are asked for
 * are cut out of a stanza; nine tenths of the file is never looked at.
 */

/** How far the package manager got with a package. */
export const dpkgStates = [
  'not-installed',
  'config-files',
  'half-installed',
  'unpacked',
  'half-configured',
  'triggers-awaited',
  'triggers-pending',
  'installed',
] as const

export type DpkgState = (typeof dpkgStates)[number]

const stateOf: ReadonlyMap<string, DpkgState> = new Map(dpkgStates.map((state) => [state, state]))

export interface DpkgPackage {
  readonly name: string
  readonly architecture: string
  readonly state: DpkgState
  /** A person, or apt-mark, asked that its version stays as it is. */
  readonly held: boolean
  /** As dpkg writes it, epoch and revision included; undefined when nothing of it is there. */
  readonly version: string | undefined
  /** Essential, or of the priority `required` or `important`: a system without it is broken. */
  readonly isBase: boolean
}

export interface DpkgDatabase {
  /** By name, and by `name:architecture`; the native architecture wins where a name stands for several. */
  readonly packages: ReadonlyMap<string, DpkgPackage>
  /** Names of the packages that are installed and provide a virtual name. */
  readonly providers: ReadonlyMap<string, readonly string[]>
}

/** Whether a package can be used: those that wait for a trigger can. */
export function isInstalled(found: DpkgPackage): boolean {
  return ['installed', 'triggers-awaited', 'triggers-pending'].includes(found.state)
}

/** Whether dpkg was stopped in the middle of this package, or its scripts failed. */
export function isHalfDone(found: DpkgPackage): boolean {
  return ['half-installed', 'unpacked', 'half-configured'].includes(found.state)
}

/**
 * Reads a status file, followed by the updates that dpkg had not yet merged into it; a later stanza of the same
 * package replaces an earlier one.
 *
 * @throws Error when a stanza has no name or a state that dpkg does not know: a file that is cut off must not look
 *   like a host without packages.
 */
export function parseDpkgStatus(...texts: readonly string[]): DpkgDatabase {
  const stanzas = new Map<string, { found: DpkgPackage; provides: readonly string[] }>()
  for (const stanza of texts.flatMap(splitStanzas)) {
    const found = parsePackage(stanza)
    const provides = parseProvides(field(stanza, 'Provides'))
    stanzas.set(`${found.name}:${found.architecture}`, { found, provides })
  }
  return index([...stanzas.values()])
}

/** Each with the line feed before it, so that a field's name can be looked for at the start of a line. */
function splitStanzas(text: string): readonly string[] {
  const stanzas: string[] = []
  const whole = `\n${text}`
  for (let start = 0; start < whole.length; ) {
    const blank = whole.indexOf('\n\n', start)
    const end = blank === -1 ? whole.length : blank
    const stanza = whole.slice(start, end)
    if (stanza.length > 1) stanzas.push(stanza)
    start = end + 1
  }
  return stanzas
}

function parsePackage(stanza: string): DpkgPackage {
  const name = field(stanza, 'Package')
  const status = field(stanza, 'Status')
  const [want, , word = ''] = status?.split(' ') ?? []
  const state = stateOf.get(word)
  if (name === undefined || state === undefined) {
    throw new Error(`package "${name ?? ''}" has the status "${status ?? ''}", which dpkg does not write`)
  }
  const version = field(stanza, 'Version')
  return {
    ...{ name, architecture: field(stanza, 'Architecture') ?? '', state, held: want === 'hold', version },
    isBase:
      field(stanza, 'Essential') === 'yes' ||
      ['required', 'important'].includes(field(stanza, 'Priority') ?? ''),
  }
}

function parseProvides(list: string | undefined): readonly string[] {
  if (list === undefined) return []
  return list.split(',').map((entry) => entry.trim().replace(/[ (:].*$/, ''))
}

function field(stanza: string, name: string): string | undefined {
  const at = stanza.indexOf(`\n${name}: `)
  if (at === -1) return undefined
  const start = at + name.length + 3
  const end = stanza.indexOf('\n', start)
  return stanza.slice(start, end === -1 ? undefined : end)
}

function index(stanzas: readonly { found: DpkgPackage; provides: readonly string[] }[]): DpkgDatabase {
  const native = stanzas.find(({ found }) => found.name === 'dpkg')?.found.architecture
  const packages = new Map<string, DpkgPackage>()
  const providers = new Map<string, string[]>()
  for (const { found, provides } of stanzas) {
    packages.set(`${found.name}:${found.architecture}`, found)
    // A package for all architectures answers to the native one, as for apt.
    if (found.architecture === 'all' && native !== undefined) packages.set(`${found.name}:${native}`, found)
    const isForeign = found.architecture !== native && found.architecture !== 'all'
    if (!isForeign || !packages.has(found.name)) packages.set(found.name, found)
    if (!isInstalled(found)) continue
    for (const virtual of provides) providers.set(virtual, [...(providers.get(virtual) ?? []), found.name])
  }
  return { packages, providers }
}
