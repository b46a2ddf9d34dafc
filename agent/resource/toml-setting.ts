/** One value in a TOML file. */
import type { TomlSettingParams } from '../../schemas/generated/types.ts'
import { editSetting } from './piece/setting.ts'
import { textPiece } from './piece/text-piece.ts'
import { tomlFormat } from './piece/toml-format.ts'

export const tomlSetting = textPiece<TomlSettingParams>({
  name: 'toml_setting',
  edit: ({ params }, text) => editSetting(tomlFormat, params, text),
})
