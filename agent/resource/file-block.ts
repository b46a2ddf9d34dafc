/** Lines of a text file between markers that name them. */
import type { FileBlockParams } from '../../schemas/generated/types.ts'
import { editBlock } from './piece/edit-block.ts'
import { textPiece } from './piece/text-piece.ts'

export const fileBlock = textPiece<FileBlockParams>({
  name: 'file_block',
  load:
    () =>
    ({ title, params }, text) =>
      editBlock(params, title, text),
})
