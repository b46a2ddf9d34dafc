/** One value in a TOML file. */
import type { TomlSettingParams } from '../../schemas/generated/types.ts'
import { editSetting } from './piece/setting.ts'
import { textPiece } from './piece/text-piece.ts'

export const tomlSetting = textPiece<TomlSettingParams>({
  name: 'toml_setting',
  async load() {
    const { tomlFormat } = await import('./piece/toml-format.ts')
    return ({ params }, text) => editSetting(tomlFormat, params, text)
  },
})
