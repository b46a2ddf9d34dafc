/** Gets an archive and unpacks it into a directory beside its place, after every check that it can be put to. */
import { RekindleError } from '../../../schemas/errors.ts'
import type { ArchiveParams } from '../../../schemas/generated/types.ts'
import type { Host } from '../../host/host.ts'
import type { Wanted } from '../resource-type.ts'
import { runTool } from '../run-tool.ts'
import {
  type Format,
  formatOf,
  headBytes,
  leadsOut,
  linkLeadsOut,
  listArguments,
  programsFor,
  unpackArguments,
} from './format.ts'
import { walk } from './manifest.ts'

export type WantedArchive = Wanted<ArchiveParams>

/** @param tree an empty directory; what is unpacked is in `<tree>/content` then */
export async function unpack(host: Host, wanted: WantedArchive, tree: string): Promise<string> {
  const path = await obtain(host, wanted, `${tree}/archive`)
  const format = formatOf(await host.trees.head(path, headBytes))
  if (format === undefined) throw refused(wanted, 'it is no tar or zip archive')
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
async function obtain({ download, blobs }: Host, wanted: WantedArchive, to: string): Promise<string> {
  const { url, sha256, blob, timeout = 1800 } = wanted.params
  if (blob !== undefined) {
    await blobs.read(blob.sha256)
    return blobs.path(blob.sha256)
  }
  if (url === undefined) throw refused(wanted, 'it has no "url" and no "source"')
  const found = await download.fetch(url, to, { timeoutMs: timeout * 1000 })
  if (found.sha256 === sha256) return to
  throw new RekindleError({
    code: 'apply-failed',
    message: `Cannot apply ${wanted.id}: what came is not the archive that is wanted: its SHA-256 is ${found.sha256}, not ${sha256}`,
    where: wanted.where,
    kept: 'what stood there before; nothing was unpacked',
    hint: 'Correct sha256, or find out who changed the archive',
  })
}

async function assertPrograms(host: Host, wanted: WantedArchive, format: Format): Promise<void> {
  const places = ['/usr/local/bin', '/usr/bin', '/bin']
  for (const [program, pkg] of programsFor(format)) {
    if (places.some((place) => host.files.exists(`${place}/${program}`))) continue
    throw refused(
      wanted,
      `a ${format} archive needs ${program}, which is not on this host`,
      `Declare the package "${pkg}" before it`,
    )
  }
}

/** tar and unzip would leave such names out, or cut them: an archive that tries it is not to be trusted with the rest. */
async function assertStaysInside(
  host: Host,
  wanted: WantedArchive,
  { path, format }: { readonly path: string; readonly format: Format },
): Promise<void> {
  const { stdout } = await runTool(host, listArguments(format, path), toolOptions(wanted, 'cannot list it'))
  const bad = stdout.split('\n').find((name) => name !== '' && leadsOut(name))
  if (bad !== undefined) throw refused(wanted, `its entry "${bad}" leads out of the directory`)
}

function assertLinksStayInside(host: Host, wanted: WantedArchive, content: string): void {
  for (const path of walk(host, content)) {
    if (host.files.stat(`${content}/${path}`)?.kind !== 'symlink') continue
    const target = host.files.readLink(`${content}/${path}`)
    if (linkLeadsOut(path, target))
      throw refused(wanted, `its link "${path}" leads out of the directory, to "${target}"`)
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
  return { wanted, doing, package: 'tar', timeoutMs: timeout * 1000, kept: 'what stood there before' }
}

export function refused({ id, where }: WantedArchive, reason: string, hint?: string): RekindleError {
  return new RekindleError({
    code: 'apply-failed',
    message: `Cannot apply ${id}: ${reason}`,
    where,
    kept: 'what stood there before',
    hint,
  })
}
