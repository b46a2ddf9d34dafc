/** Gets an archive and unpacks it into a directory beside its place, after every check that it can be put to. */
import type { ArchiveParams } from '../../../schemas/generated/types.ts'
import type { ExecResult } from '../../host/exec.ts'
import type { Host } from '../../host/host.ts'
import { cannotReplace } from '../cannot-apply.ts'
import type { Wanted } from '../resource-type.ts'
import { runTool } from '../run-tool.ts'
import {
  type Format,
  formatOf,
  headBytes,
  linkLeadsOut,
  programsFor,
  tarListArguments,
  unpackArguments,
} from './format.ts'
import { type Entry, parseTarListing, parseZipLinks, wrongIn, zipPattern } from './listing.ts'
import { walk } from './manifest.ts'

export type WantedArchive = Wanted<ArchiveParams>

/** For lists of a million entries. */
const keptBytes = 256 * 1024 * 1024

/** @param tree an empty directory; what is unpacked is in `<tree>/content` then */
export async function unpack(host: Host, wanted: WantedArchive, tree: string): Promise<string> {
  const path = `${tree}/archive`
  await obtain(host, wanted, path)
  const format = formatOf(await host.trees.head(path, headBytes))
  if (format === undefined) throw cannotReplace(wanted, 'it is no tar or zip archive')
  await assertPrograms(host, wanted, format)
  await assertStaysInside(host, wanted, { path, format })
  const content = `${tree}/content`
  await host.write.putDirectory(content, { mode: 0o755 })
  const { strip = 0 } = wanted.params
  const argv = unpackArguments(format, path, strip)
  await runTool(host, argv, { ...toolOptions(wanted, 'cannot unpack it'), cwd: content })
  if (format === 'zip' && strip > 0) await host.trees.strip(content, strip)
  assertLinksStayInside(host, wanted, content)
  await own(host, wanted, content)
  return content
}

/** The bytes that the catalog names, or none at all. */
async function obtain({ download, blobs, trust }: Host, wanted: WantedArchive, to: string): Promise<void> {
  const { url, sha256, blob, timeout = 1800 } = wanted.params
  if (blob !== undefined) return blobs.copyTo(blob.sha256, to)
  if (url === undefined) throw cannotReplace(wanted, 'it has no "url" and no "source"')
  const ca = url.startsWith('https:') ? { ca: trust.certificates() } : {}
  const found = await download.fetch(url, to, { timeoutMs: timeout * 1000, ...ca })
  if (found.sha256 === sha256) return
  throw cannotReplace(
    wanted,
    `what came is not the archive that is wanted: its SHA-256 is ${found.sha256}, not ${sha256}`,
    'Correct sha256, or find out who changed the archive',
  )
}

async function assertPrograms(host: Host, wanted: WantedArchive, format: Format): Promise<void> {
  const places = ['/usr/local/bin', '/usr/bin', '/bin']
  for (const [program, pkg] of programsFor(format)) {
    if (places.some((place) => host.files.exists(`${place}/${program}`))) continue
    throw cannotReplace(
      wanted,
      `a ${format} archive needs ${program}, which is not on this host`,
      `Declare the package "${pkg}" before it`,
    )
  }
}

/** tar and unzip would leave some of it out, or cut it: an archive that tries it is not to be trusted with the rest. */
async function assertStaysInside(
  host: Host,
  wanted: WantedArchive,
  { path, format }: { readonly path: string; readonly format: Format },
): Promise<void> {
  const { strip = 0 } = wanted.params
  const entries =
    format === 'zip' ? await listZip(host, wanted, path) : await listTar(host, wanted, { path, format })
  const wrong = wrongIn(entries, strip)
  if (wrong !== undefined) throw cannotReplace(wanted, wrong)
}

async function listTar(
  host: Host,
  wanted: WantedArchive,
  { path, format }: { readonly path: string; readonly format: Format },
): Promise<readonly Entry[]> {
  const argv = tarListArguments(format, path)
  const { stdout } = await runTool(host, argv, { ...toolOptions(wanted, 'cannot list it'), keptBytes })
  const entries = parseTarListing(stdout)
  if (typeof entries === 'string')
    throw cannotReplace(wanted, `tar lists an entry that is not known: ${entries}`)
  return entries
}

/** A link of a zip has its target for content. */
async function listZip(host: Host, wanted: WantedArchive, path: string): Promise<readonly Entry[]> {
  const ask = async (argv: readonly string[]) =>
    (await runTool(host, ['unzip', ...argv], { ...toolOptions(wanted, 'cannot list it'), keptBytes })).stdout
  const names = await ask(['-Z1', path])
  const links = parseZipLinks(names, await ask(['-Z', path]))
  if (links === undefined) throw cannotReplace(wanted, 'unzip lists an entry that is not known')
  const entries: Entry[] = names
    .split('\n')
    .filter((name) => name !== '')
    .map((name) => ({ name, kind: 'file' }))
  for (const name of links)
    entries.push({ name, kind: 'symlink', target: await ask(['-p', path, zipPattern(name)]) })
  return entries
}

/** Once more over what came of it. */
function assertLinksStayInside(host: Host, wanted: WantedArchive, content: string): void {
  for (const path of walk(host, content)) {
    if (host.files.stat(`${content}/${path}`)?.kind !== 'symlink') continue
    const target = host.files.readLink(`${content}/${path}`)
    if (linkLeadsOut(path, target))
      throw cannotReplace(wanted, `its link "${path}" leads out of the directory, to "${target}"`)
  }
}

async function own(host: Host, wanted: WantedArchive, content: string): Promise<void> {
  const { owner, group } = wanted.params
  if (owner === undefined && group === undefined) return
  const argv = [
    'chown',
    '--recursive',
    '--no-dereference',
    '--',
    `${owner ?? ''}${group === undefined ? '' : `:${group}`}`,
    content,
  ]
  await runTool(host, argv, toolOptions(wanted, 'cannot give it to its owner'))
}

function toolOptions(wanted: WantedArchive, doing: string) {
  const { timeout = 1800 } = wanted.params
  return {
    wanted,
    doing,
    package: 'tar',
    timeoutMs: timeout * 1000,
    kept: 'what stood there before',
    explain: hintFor,
  }
}

/** Of a disk that is full, tar may tell no more than that it could write a part. */
function hintFor({ stderr }: ExecResult): string | undefined {
  if (!/No space left on device|Wrote only|write error|disk full/.test(stderr)) return undefined
  return 'The disk may be full: see df -h and df -i'
}
