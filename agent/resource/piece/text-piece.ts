/**
 * Makes the resource types that keep a piece of a text file. Each is one pure function from the text that is there to the
 * text that is wanted; a refusal of it fails that resource and keeps the file.
 *
 * `apply` reads the file again, so that several pieces of one file each see what the others have written.
 */
import { RekindleError } from '../../../schemas/errors.ts'
import type { Change, FileParams } from '../../../schemas/generated/types.ts'
import type { Host } from '../../host/host.ts'
import { cannotApply } from '../cannot-apply.ts'
import { validateContent } from '../file/validate-content.ts'
import type { Instance, Reading, ResourceType, Wanted } from '../resource-type.ts'
import { readEach, readTextFile, type TextFile, withTextDiff, writeTextFile } from '../text-file.ts'
import { Refusal } from './refusal.ts'

export interface PieceParams {
  readonly path: string
  readonly ensure?: 'present' | 'absent'
  readonly create?: boolean
  readonly validate?: FileParams['validate']
  readonly backup?: boolean
  readonly showDiff?: boolean
  readonly sensitive?: boolean
}

/** What an edit comes to. */
export interface Edit {
  readonly text: string
  /** What differs, for people; that of a text which stays is not looked at. */
  readonly change: Change
}

/** Pure. The text has no byte order mark; that of a missing file is empty. @throws Refusal */
export type EditText<Params> = (wanted: Wanted<Params>, text: string) => Edit

export interface Piece<Params> {
  readonly name: string
  /** Called when there is something to read: an agent without such a resource has no use for the parser of a format. */
  load(): EditText<Params> | Promise<EditText<Params>>
}

export interface PieceState {
  readonly file: TextFile
  readonly edit: Edit
}

const byteOrderMark = '\uFEFF'

export function textPiece<Params extends PieceParams>({
  name,
  load,
}: Piece<Params>): ResourceType<Params, PieceState> {
  async function read(host: Host, wanted: readonly Wanted<Params>[]): Promise<Reading<PieceState>> {
    const edit = await load()
    return readEach(wanted, (one) => readOne(host, one, edit))
  }

  function diff({ params }: Wanted<Params>, { file, edit: { text, change } }: PieceState): readonly Change[] {
    if (text === (file.text ?? '')) return []
    return [params.sensitive === true ? redacted(change) : change]
  }

  async function apply(host: Host, wanted: Wanted<Params>): Promise<void> {
    const { file, edit: made } = readOne(host, wanted, await load())
    if (made.text === (file.text ?? '')) return
    if (file.kind === 'absent' && wanted.params.create === false) throw missing(wanted)
    await write(host, wanted, { file, text: made.text })
  }

  async function explain(
    _: Host,
    { params }: Wanted<Params>,
    { file, edit: { text: after, change } }: PieceState,
    changes: readonly Change[],
  ): Promise<readonly Change[]> {
    if (params.sensitive === true || params.showDiff === false) return changes
    return withTextDiff(changes, file, { property: change.property, wanted: after })
  }

  return {
    name,
    read,
    diff,
    apply,
    explain,
    inspect: (_, title) => Promise.resolve(cannotInspect(name, title)),
    watch: ({ params }) => [params.path],
  }
}

function readOne<Params extends PieceParams>(
  host: Host,
  wanted: Wanted<Params>,
  edit: EditText<Params>,
): PieceState {
  const file = readTextFile(host, wanted.params.path)
  const { text = '' } = file
  const mark = text.startsWith(byteOrderMark) ? byteOrderMark : ''
  try {
    const made = edit(wanted, text.slice(mark.length))
    return { file, edit: { ...made, text: mark + made.text } }
  } catch (cause) {
    throw cause instanceof Refusal ? refuse(wanted, cause) : cause
  }
}

async function write(
  host: Host,
  { id, params, where }: Wanted<PieceParams>,
  { file, text }: { readonly file: TextFile; readonly text: string },
): Promise<void> {
  const { path, validate, backup, sensitive } = params
  const of = { subject: `${id} to "${path}"`, where, path, sensitive }
  await writeTextFile(host, file, text, {
    ...(backup === undefined ? {} : { backup }),
    // What nobody may see in a report is not for every user of the host either.
    ...(file.kind === 'absent' && sensitive === true ? { mode: 0o600 } : {}),
    ...(validate === undefined
      ? {}
      : {
          check: (temporaryPath: string) =>
            validateContent(host.exec, { ...of, command: validate, temporaryPath }),
        }),
  })
}

function redacted({ property, from, to }: Change): Change {
  const hidden = '[redacted]'
  const isEnsure = property === 'ensure'
  const hide = (value: string | null) => (value === null || isEnsure ? value : hidden)
  return { property, from: hide(from), to: hide(to) }
}

function refuse({ id, params, where }: Wanted<PieceParams>, cause: Refusal): RekindleError {
  return new RekindleError({
    code: 'apply-failed',
    message: `Cannot apply ${id} to "${params.path}": ${cause.message}`,
    where,
    kept: 'the file as it is',
    hint: cause.hint,
  })
}

function missing(wanted: Wanted<PieceParams>): RekindleError {
  return cannotApply(wanted, `there is no file "${wanted.params.path}"`, {
    kept: 'nothing was there, and "create" is false',
    hint: 'Declare the file or the package that brings it before this resource',
  })
}

/** A title says nothing of the file that it is a piece of. */
function cannotInspect(name: string, title: string | undefined): readonly Instance[] {
  throw new RekindleError({
    code: 'unsupported',
    message:
      title === undefined
        ? `Cannot list ${name}: every line of every file could be one`
        : `Cannot inspect ${name} "${title}": a title does not say which file it is a piece of`,
    hint: 'Look at the file itself, or at the plan of a host that declares it: rekindle plan',
  })
}
