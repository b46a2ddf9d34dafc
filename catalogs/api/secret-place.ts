/** From marks to places: what a catalog has of secrets, in what roles declared. Pure. */
import type { SecretPlace } from '../../schemas/generated/types.ts'
import { contentPlace, joinPieces, renderSecret } from '../../schemas/secret.ts'
import type { SecretMarks } from './secret-mark.ts'

/** What is needed of a declaration. */
interface Placeable {
  readonly type: string
  readonly title: string
  readonly params: Readonly<Record<string, unknown>>
  readonly bytes?: Uint8Array
  readonly secrets?: readonly SecretPlace[]
  readonly reads?: unknown
  readonly where: string
}

interface Mistake {
  readonly message: string
  readonly where: string
  readonly hint: string
}

interface Placed<Declared> {
  readonly declarations: readonly Declared[]
  readonly mistakes: readonly Mistake[]
}

/** Takes all marks out of what was declared: secrets become places, and `[secret NAME]` for people. */
export function placeSecrets<Declared extends Placeable>(
  declarations: readonly Declared[],
  marks: SecretMarks,
): Placed<Declared> {
  if (marks.taken.size === 0) return { declarations, mistakes: [] }
  const placed = declarations.map((declared) => placeIn(declared, marks))
  const mistakes = placed.flatMap((one) => one.mistakes)
  const used = new Set(placed.flatMap(({ declared }) => namesIn(declared)))
  const unused = [...marks.taken].filter(([name]) => !used.has(name))
  return {
    declarations: placed.map(({ declared }) => declared),
    mistakes: mistakes.length > 0 ? mistakes : unused.map(([name, where]) => nowhere(name, where)),
  }
}

function namesIn({ secrets = [] }: Placeable): readonly string[] {
  return secrets.flatMap(({ pieces }) =>
    pieces.flatMap((piece) => (typeof piece === 'string' ? [] : [piece.secret])),
  )
}

/** Parameters that become the content. */
const contentNames: ReadonlySet<string> = new Set(['content', 'contentBase64', 'source'])

/** Types that keep what they were given in the agent's notes, or tell it to people. */
const keepingTypes: ReadonlySet<string> = new Set(['notify', 'firewall'])

function placeIn<Declared extends Placeable>(
  declared: Declared,
  marks: SecretMarks,
): { readonly declared: Declared; readonly mistakes: readonly Mistake[] } {
  const { params, bytes } = declared
  const places: SecretPlace[] = []
  const content = bytes === undefined ? undefined : marks.split(textIn(bytes))
  if (content !== undefined) places.push({ at: contentPlace, pieces: content })
  const isBytes = (name: string) => bytes !== undefined && contentNames.has(name)
  const clean = Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      name,
      cleaned(value, { at: `/${pointerName(name)}`, marks, places: isBytes(name) ? [] : places }),
    ]),
  )
  const { params: _, bytes: __, secrets: ___, reads: ____, ...rest } = declared
  const left = [rest, clean, content === undefined ? '' : joinPieces(content, renderSecret)]
  const isBroken = left.some((value) => marks.isBroken(JSON.stringify(value)))
  const isBrokenContent = content === undefined && bytes !== undefined && marks.isBroken(textIn(bytes))
  const isKept = places.length > 0 && keepingTypes.has(declared.type)
  return {
    declared: {
      ...declared,
      params: clean,
      ...(content === undefined ? {} : { bytes: Buffer.from(joinPieces(content, renderSecret)) }),
      ...(places.length === 0 ? {} : { secrets: places }),
    },
    mistakes: isBroken || isBrokenContent || isKept ? [broken(declared, marks)] : [],
  }
}

interface Cleaning {
  readonly at: string
  readonly marks: SecretMarks
  /** Those found are added. */
  readonly places: SecretPlace[]
}

function cleaned(value: unknown, { at, marks, places }: Cleaning): unknown {
  if (typeof value === 'string') {
    const pieces = marks.split(value)
    if (pieces === undefined) return value
    places.push({ at, pieces })
    return joinPieces(pieces, renderSecret)
  }
  if (Array.isArray(value)) {
    return value.map((item, index) => cleaned(item, { at: `${at}/${index}`, marks, places }))
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      cleaned(member, { at: `${at}/${pointerName(name)}`, marks, places }),
    ]),
  )
}

function textIn(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
}

/** As JSON pointers want it. */
function pointerName(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

function broken({ type, title, where }: Placeable, marks: SecretMarks): Mistake {
  const shown = marks.isBroken(title) ? type : `${type} "${title}"`
  return {
    message: `Cannot declare ${shown}: a secret stands where none may, or was changed on the way`,
    where,
    hint: 'A secret goes whole into contents and values of parameters: not into titles, tags or names, and not as a part of it or in capitals',
  }
}

function nowhere(name: string, where: string): Mistake {
  return {
    message: `Cannot use secret "${name}": no resource has it`,
    where,
    hint: 'A compile never sees its value, so a hash, a part or an encoding of it cannot be made there: store what is made of it as a secret of its own',
  }
}
