/** One value in a YAML file. */
import type { YamlSettingParams } from '../../schemas/generated/types.ts'
import { editSetting } from './piece/setting.ts'
import { textPiece } from './piece/text-piece.ts'
import { yamlFormat } from './piece/yaml-format.ts'

export const yamlSetting = textPiece<YamlSettingParams>({
  name: 'yaml_setting',
  edit: ({ params }, text) => editSetting(yamlFormat, params, text),
})
