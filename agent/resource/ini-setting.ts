/** One setting in a file of sections. */
import type { IniSettingParams } from '../../schemas/generated/types.ts'
import { editIni } from './piece/edit-ini.ts'
import { textPiece } from './piece/text-piece.ts'

export const iniSetting = textPiece<IniSettingParams>({
  name: 'ini_setting',
  load:
    () =>
    ({ params }, text) =>
      editIni(params, text),
})
