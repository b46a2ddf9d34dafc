/** One value in a YAML file. */
import type { YamlSettingParams } from '../../schemas/generated/types.ts'
import { editSetting } from './piece/setting.ts'
import { textPiece } from './piece/text-piece.ts'

export const yamlSetting = textPiece<YamlSettingParams>({
  name: 'yaml_setting',
  async load() {
    const { yamlFormat } = await import('./piece/yaml-format.ts')
    return ({ params }, text) => editSetting(yamlFormat, params, text)
  },
})
