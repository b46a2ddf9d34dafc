/** One line of a text file. */
import type { FileLineParams } from '../../schemas/generated/types.ts'
import { editLine } from './piece/edit-line.ts'
import { textPiece } from './piece/text-piece.ts'

export const fileLine = textPiece<FileLineParams>({
  name: 'file_line',
  load:
    () =>
    ({ params }, text) =>
      editLine(params, text),
})
