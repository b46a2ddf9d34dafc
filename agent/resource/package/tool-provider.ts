/** What a package manager is to the package type, besides how it is called. */
import type { Host } from '../../host/host.ts'
import type { ToolWish } from './tool.ts'

export type ToolFeature =
  /** An exact version can be asked for. */
  | 'versionable'
  /** It tells which version is the newest. */
  | 'upgradeable'
  | 'holdable'
  /** Configuration files can go with a package. */
  | 'purgeable'
  /** It tells all versions that could be installed. */
  | 'ranges'
  /** A file or an address can stand for a package. */
  | 'local-file'

/** Which program, and more for it. */
export interface ToolPlace {
  /** Instead of the provider's own program; pip, npm and gem only. */
  readonly command?: string | undefined
  /** A virtual environment; pip only. */
  readonly target?: string | undefined
  /** For an installation, and where it asks what there is. */
  readonly options?: readonly string[] | undefined
}

export interface ToolQuery extends ToolPlace {
  readonly names: readonly string[]
  /** Those whose newest version matters. */
  readonly latest: readonly string[]
  /** Those of which all versions matter, to find one in a range. */
  readonly listed: readonly string[]
  /** Files that stand for packages, by name. */
  readonly sources?: ReadonlyMap<string, string>
}

export interface ToolPackage {
  readonly name: string
  /** Newest first; empty where nothing is installed. Several, where versions live side by side. */
  readonly installed: readonly string[]
  readonly held: boolean
  /** The version that an upgrade would bring; undefined when it was not asked for, or nobody has one. */
  readonly candidate: string | undefined
  /** All versions that could be installed, newest first, where they were asked for. */
  readonly available: readonly string[]
}

export interface ToolProvider {
  readonly name: string
  readonly features: ReadonlySet<ToolFeature>
  /** Why it cannot be used on this host now, with the package that brings what is missing. */
  unusable(host: Host, place: ToolPlace): string | undefined
  /** In as few calls as the program allows, however many names. */
  read(host: Host, query: ToolQuery): Promise<ReadonlyMap<string, ToolPackage>>
  /** One call for all. */
  install(host: Host, wishes: readonly ToolWish[], place: ToolPlace): Promise<void>
  remove(
    host: Host,
    names: readonly string[],
    options: ToolPlace & { readonly purge: boolean },
  ): Promise<void>
  hold?(host: Host, names: readonly string[], isHeld: boolean): Promise<void>
  compareVersions(a: string, b: string): number
  /** Whether an installed version is what an author asks for, who may leave parts of it out. */
  isVersion(installed: string, asked: string): boolean
  isName(title: string): boolean
}

type Versions = ReadonlyMap<string, readonly string[]>

export interface ToolReading {
  readonly installed: Versions
  readonly available?: Versions
  /** By name; default the first that is available. */
  readonly candidates?: ReadonlyMap<string, string | undefined>
  readonly isHeld?: (name: string) => boolean
  /** What a title is looked up by. Default the title itself. */
  readonly keyOf?: (title: string) => string
}

export function packagesOf(
  { names, latest }: Pick<ToolQuery, 'names' | 'latest'>,
  {
    installed,
    available = new Map(),
    candidates,
    isHeld = () => false,
    keyOf = (title) => title,
  }: ToolReading,
): ReadonlyMap<string, ToolPackage> {
  const asked = new Set(latest)
  return new Map(
    names.map((name) => {
      const key = keyOf(name)
      const versions = available.get(key) ?? []
      const candidate = candidates === undefined ? versions[0] : candidates.get(key)
      return [
        name,
        {
          name,
          installed: installed.get(key) ?? [],
          held: isHeld(key),
          candidate: asked.has(name) ? candidate : undefined,
          available: versions,
        },
      ]
    }),
  )
}

/** One version a name, as a list. */
export function single(versions: ReadonlyMap<string, string>): Versions {
  return new Map([...versions].map(([name, version]) => [name, [version]]))
}

export function namesAsked({ latest, listed }: ToolQuery): readonly string[] {
  return [...new Set([...latest, ...listed])]
}
