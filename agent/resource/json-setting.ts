/** One value in a JSON file. */
import type { JsonSettingParams } from '../../schemas/generated/types.ts'
import { editSetting } from './piece/setting.ts'
import { textPiece } from './piece/text-piece.ts'

export const jsonSetting = textPiece<JsonSettingParams>({
  name: 'json_setting',
  async load() {
    const { jsonFormat } = await import('./piece/json-format.ts')
    return ({ params }, text) => editSetting(jsonFormat, params, text)
  },
})
