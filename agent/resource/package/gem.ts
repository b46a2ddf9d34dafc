/** Packages of Ruby. Several versions of one live side by side: an exact version is there when it is one of them. */
import { RekindleError } from '../../../schemas/errors.ts'
import type { Host } from '../../host/host.ts'
import { gemComplaint, leftByGem, parseGemList } from './gem-answer.ts'
import { compareGemVersions } from './gem-version.ts'
import { ask, change, missing, quote, type ToolWish } from './tool.ts'
import { namesAsked, packagesOf, type ToolPlace, type ToolProvider, type ToolQuery } from './tool-provider.ts'

const said = { complaint: gemComplaint }

/** @param gem the program, as `gem` or an absolute path */
export async function readGems(host: Host, gem: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const { stdout } = await ask(host, [gem, 'list', '--local', '--quiet'], 'the gems', said)
  return newestFirst(parseGemList(stdout))
}

/** What the sources have, by name, newest first: one question for all names. Versions before a release are left out. */
export async function readGemVersions(
  host: Host,
  gem: string,
  names: readonly string[],
  options: readonly string[] = [],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (names.length === 0) return new Map()
  const pattern = `^(?:${names.map((name) => name.replaceAll('.', '\\.')).join('|')})$`
  const argv = [gem, 'list', '--remote', '--all', '--quiet', ...sourcesOf(options), pattern]
  return newestFirst(parseGemList((await ask(host, argv, 'what gem could install', said)).stdout))
}

export async function installByGem(
  host: Host,
  gem: string,
  wishes: readonly ToolWish[],
  options: readonly string[] = [],
): Promise<void> {
  const argv = [gem, 'install', '--no-document', ...options, ...wishes.map(specOf)]
  await change(host, argv, `install ${quote(wishes.map(({ name }) => name))}`, said)
}

/** Every version. @throws RekindleError also for what came with Ruby, which gem leaves and calls that well done */
export async function removeByGem(host: Host, gem: string, names: readonly string[]): Promise<void> {
  const argv = [gem, 'uninstall', '--all', '--executables', '--abort-on-dependent', ...names]
  const result = await change(host, argv, `remove ${quote(names)}`, said)
  const left = leftByGem(result)
  if (left !== undefined) {
    throw new RekindleError({
      code: 'apply-failed',
      message: `Cannot remove ${quote(names)}: gem answers "${left}"`,
    })
  }
}

export function isGemName(title: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(title)
}

function specOf({ name, version, source }: ToolWish): string {
  return source ?? (version === undefined ? name : `${name}:${version}`)
}

/** Of what is said for an installation, that which says where gems are looked for. */
function sourcesOf(options: readonly string[]): readonly string[] {
  return options.flatMap((option, at) => {
    if (option === '--source' || option === '-s') return [option, options[at + 1] ?? '']
    return option === '--clear-sources' || option.startsWith('--source=') ? [option] : []
  })
}

function newestFirst(found: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, readonly string[]> {
  return new Map(
    [...found].map(([name, versions]) => [name, versions.toSorted((a, b) => compareGemVersions(b, a))]),
  )
}

async function read(host: Host, query: ToolQuery) {
  const gem = programOf(query)
  return packagesOf(query, {
    installed: await readGems(host, gem),
    available: await readGemVersions(host, gem, namesAsked(query), query.options),
  })
}

function programOf({ command = 'gem' }: ToolPlace): string {
  return command
}

export const gemProvider = {
  name: 'gem',
  features: new Set(['versionable', 'upgradeable', 'ranges', 'local-file'] as const),
  unusable: (host, place) => missing(host, programOf(place), 'the package ruby'),
  read,
  install: (host, wishes, place) => installByGem(host, programOf(place), wishes, place.options),
  remove: (host, names, place) => removeByGem(host, programOf(place), names),
  compareVersions: compareGemVersions,
  isVersion: (installed, asked) => compareGemVersions(installed, asked) === 0,
  isName: isGemName,
} satisfies ToolProvider
