/** Makes the resource types that own one small text file as a whole: a unit, a drop-in, an apt source. */
import { renderMode } from '../../schemas/file-mode.ts'
import type { Change } from '../../schemas/generated/types.ts'
import { sha256 } from '../../schemas/hash.ts'
import type { Host } from '../host/host.ts'
import type { Instance, Reading, ResourceType, Wanted } from './resource-type.ts'
import {
  findTextFile,
  readEach,
  readTextFile,
  removeTextFile,
  type TextFile,
  withTextDiff,
  writeTextFile,
} from './text-file.ts'

export interface OwnedText<Params extends { readonly ensure?: 'present' | 'absent' }> {
  readonly name: string
  pathOf(wanted: Wanted<Params>): string
  /** The whole file. */
  render(wanted: Wanted<Params>): string
  /** Default 0644. */
  readonly mode?: number
  /** The directory that it stands in, where Rekindle makes that too. */
  readonly folderOf?: (wanted: Wanted<Params>) => string
  /** Looks at the new text, or puts it to work, before it is moved in; what it throws refuses it. */
  check?(host: Host, wanted: Wanted<Params>, temporaryPath: string): Promise<void>
  /** After the file was written or removed. When the agent dies before it, nobody calls it again. */
  after?(host: Host, wanted: Wanted<Params>): Promise<void>
  /** Before the file is removed. */
  beforeRemoval?(host: Host, wanted: Wanted<Params>): Promise<void>
  /** What the host has of the type. */
  inspect?(host: Host, title: string | undefined): Promise<readonly Instance[]>
}

export function ownedText<Params extends { readonly ensure?: 'present' | 'absent' }>(
  own: OwnedText<Params>,
): ResourceType<Params, TextFile> {
  const mode = own.mode ?? 0o644

  function read(host: Host, wanted: readonly Wanted<Params>[]): Reading<TextFile> {
    return readEach(wanted, (one) => {
      const look = one.params.ensure === 'absent' ? findTextFile : readTextFile
      return look(host, own.pathOf(one))
    })
  }

  function diff(wanted: Wanted<Params>, actual: TextFile): readonly Change[] {
    if (wanted.params.ensure === 'absent')
      return actual.kind === 'absent' ? [] : [{ property: 'ensure', from: 'present', to: 'absent' }]
    const text = own.render(wanted)
    if (actual.text === undefined)
      return [
        { property: 'ensure', from: 'absent', to: 'present' },
        { property: 'content', from: null, to: shortHash(text) },
      ]
    const changes: Change[] = []
    if (actual.text !== text)
      changes.push({ property: 'content', from: shortHash(actual.text), to: shortHash(text) })
    if (actual.mode !== mode)
      changes.push({ property: 'mode', from: renderMode(actual.mode), to: renderMode(mode) })
    if (actual.uid !== 0 || actual.gid !== 0)
      changes.push({ property: 'owner', from: `${actual.uid}:${actual.gid}`, to: '0:0' })
    return changes
  }

  async function apply(host: Host, wanted: Wanted<Params>, actual: TextFile): Promise<void> {
    if (wanted.params.ensure === 'absent') {
      await own.beforeRemoval?.(host, wanted)
      await removeTextFile(host, actual)
    } else {
      const folder = own.folderOf?.(wanted)
      if (folder !== undefined && host.files.stat(folder) === undefined)
        await host.write.putDirectory(folder, { mode: 0o755, uid: 0, gid: 0 })
      const check = own.check?.bind(own, host, wanted)
      await writeTextFile(host, actual, own.render(wanted), {
        ...{ mode, uid: 0, gid: 0 },
        ...(check === undefined ? {} : { check }),
      })
    }
    await own.after?.(host, wanted)
  }

  async function explain(
    _: Host,
    wanted: Wanted<Params>,
    actual: TextFile,
    changes: readonly Change[],
  ): Promise<readonly Change[]> {
    if (wanted.params.ensure === 'absent') return changes
    return withTextDiff(changes, actual, { property: 'content', wanted: own.render(wanted) })
  }

  return {
    name: own.name,
    read,
    diff,
    apply,
    explain,
    watch: (wanted) => [own.pathOf(wanted)],
    ...(own.inspect === undefined ? {} : { inspect: own.inspect }),
  }
}

function shortHash(text: string): string {
  return `sha256:${sha256(text).slice(0, 8)}`
}
