/** An archive, unpacked. Its parts: archive/{format,manifest,unpack}.ts. */
import type { ArchiveParams, Change } from '../../schemas/generated/types.ts'
import type { FileKind } from '../host/file-reader.ts'
import type { Host } from '../host/host.ts'
import { changedPaths, type Marker, markerName, readManifest, readMarker } from './archive/manifest.ts'
import { unpack, type WantedArchive } from './archive/unpack.ts'
import { cannotReplace } from './cannot-apply.ts'
import { type Names, readNames } from './file/names.ts'
import type { ResourceType } from './resource-type.ts'
import { readEach } from './text-file.ts'

export interface ArchiveState {
  readonly kind: FileKind | 'absent'
  /** Whether nothing is in the directory. */
  readonly isEmpty: boolean
  readonly marker: Marker | undefined
  /** Whether `creates` is there. */
  readonly isCreated: boolean
  /** Of the directory itself. */
  readonly owner: string
  readonly group: string
  /** Paths that are not as they were unpacked; read only where they are verified. */
  readonly changed: readonly string[]
}

const shownPaths = 5

function read(host: Host, wanted: readonly WantedArchive[]) {
  const names = readNames(host.files)
  return readEach(wanted, (one) => readOne(host, one, names))
}

function readOne(host: Host, wanted: WantedArchive, names: Names): ArchiveState {
  const { creates, verify } = wanted.params
  const path = pathOf(wanted)
  const stat = host.files.stat(path)
  const marker = stat?.kind === 'directory' ? readMarker(host, path) : undefined
  const isVerified = verify === true && marker?.files !== undefined
  return {
    kind: stat?.kind ?? 'absent',
    isEmpty: stat?.kind === 'directory' && host.files.list(path).length === 0,
    marker,
    isCreated: creates !== undefined && host.files.exists(creates),
    owner: names.ownerOf(stat?.uid ?? 0),
    group: names.groupOf(stat?.gid ?? 0),
    changed: isVerified ? changedPaths(marker.files, readManifest(host, path)) : [],
  }
}

function diff({ params }: WantedArchive, state: ArchiveState): readonly Change[] {
  const { ensure, creates, owner, group, verify, strip = 0 } = params
  const { kind, marker, changed } = state
  if (ensure === 'absent')
    return kind === 'absent' ? [] : [{ property: 'ensure', from: 'present', to: 'absent' }]
  if (creates !== undefined)
    return state.isCreated ? [] : [{ property: 'creates', from: 'absent', to: creates }]
  if (kind === 'absent') return [{ property: 'ensure', from: 'absent', to: 'present' }]
  if (marker === undefined)
    return [{ property: 'ensure', from: `a ${kind} that is no unpacked archive`, to: 'present' }]
  const wanted = sha256Of(params)
  return [
    ...(marker.sha256 === wanted ? [] : [{ property: 'sha256', from: marker.sha256, to: wanted }]),
    ...(marker.strip === strip ? [] : [{ property: 'strip', from: String(marker.strip), to: String(strip) }]),
    ...(verify !== true || marker.files !== undefined
      ? []
      : [{ property: 'verify', from: 'false', to: 'true' }]),
    ...(changed.length === 0 ? [] : [{ property: 'files', from: show(changed), to: 'as unpacked' }]),
    ...(owner === undefined || owner === state.owner
      ? []
      : [{ property: 'owner', from: state.owner, to: owner }]),
    ...(group === undefined || group === state.group
      ? []
      : [{ property: 'group', from: state.group, to: group }]),
  ]
}

/** Everything is unpacked anew for any difference: what is in the tree otherwise, nobody knows. */
async function apply(host: Host, wanted: WantedArchive, actual: ArchiveState): Promise<void> {
  const { params } = wanted
  const path = pathOf(wanted)
  const isOurs = actual.kind === 'absent' || actual.isEmpty || actual.marker !== undefined
  const isMerged = params.ensure !== 'absent' && params.creates !== undefined
  if (!isMerged && !isOurs && params.force !== true) {
    throw cannotReplace(
      wanted,
      `a ${actual.kind} that is no unpacked archive stands there`,
      'Set force to true to replace or remove it',
    )
  }
  // What force replaces or removes is kept as files; what was unpacked can be unpacked again.
  if (!isMerged && !isOurs) await host.backups.put(path)
  if (params.ensure === 'absent') return host.trees.moveOut(path)
  const tree = await host.trees.makeBeside(path)
  try {
    const content = await unpack(host, wanted, tree)
    if (params.creates === undefined) await putWhole(host, wanted, content)
    else await merge(host, wanted, { content, creates: params.creates })
  } finally {
    await host.trees.remove(tree)
  }
}

async function putWhole(host: Host, wanted: WantedArchive, content: string): Promise<void> {
  const { strip = 0, verify } = wanted.params
  const files = verify === true ? { files: readManifest(host, content) } : {}
  const marker: Marker = { sha256: sha256Of(wanted.params), strip, ...files }
  const text = Buffer.from(`${JSON.stringify(marker)}\n`)
  await host.write.putFile(`${content}/${markerName}`, { content: text, mode: 0o644, uid: 0, gid: 0 })
  await host.trees.moveIn(content, pathOf(wanted))
}

async function merge(
  host: Host,
  wanted: WantedArchive,
  { content, creates }: { readonly content: string; readonly creates: string },
): Promise<void> {
  const path = pathOf(wanted)
  if (host.files.stat(content + creates.slice(path.length)) === undefined)
    throw cannotReplace(wanted, `it has no "${creates.slice(path.length + 1)}", which "creates" names`)
  if (host.files.stat(path) === undefined) return host.trees.moveIn(content, path)
  await host.trees.mergeInto(content, path, creates)
}

function sha256Of({ blob, sha256 = '' }: ArchiveParams): string {
  return blob?.sha256 ?? sha256
}

function pathOf({ title, params }: WantedArchive): string {
  return params.to ?? title
}

function show(paths: readonly string[]): string {
  const more = paths.length > shownPaths ? `, and ${paths.length - shownPaths} more` : ''
  return `changed: ${paths.slice(0, shownPaths).join(', ')}${more}`
}

/** The directory is replaced as a whole, with the note in it. */
function watch(wanted: WantedArchive): readonly string[] {
  const { creates } = wanted.params
  return creates === undefined ? [pathOf(wanted), `${pathOf(wanted)}/${markerName}`] : [creates]
}

export const archive = { name: 'archive', read, diff, apply, watch } satisfies ResourceType<
  ArchiveParams,
  ArchiveState
>
