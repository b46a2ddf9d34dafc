/** Files of /etc/apt/preferences.d. apt stops at one that it cannot read, so it reads each before it is moved in. */
import type { AptPinParams } from '../../schemas/generated/types.ts'
import type { Host } from '../host/host.ts'
import { inspectSharedFolder } from './apt/inspect-folder.ts'
import { withoutOlder } from './apt/older-file.ts'
import { parsePin, renderPin } from './apt/pin-text.ts'
import { cannotApply } from './cannot-apply.ts'
import { ownedText } from './owned-text.ts'
import type { Instance, Wanted } from './resource-type.ts'
import { textOf } from './text-file.ts'

const folder = '/etc/apt/preferences.d'

/** apt passes over other endings. */
const name = /^([\w-][\w.-]*(?=\.pref$)|[\w-]+)(?:\.pref)?$/

const pathOf = (title: string) => `${folder}/${title}.pref`
/** apt reads names without an ending, too. */
const olderPathOf = (title: string) => `${folder}/${title}`

export const aptPin = withoutOlder(
  ownedText<AptPinParams>({
    name: 'apt_pin',
    pathOf: ({ title }) => pathOf(title),
    render: ({ params }) => renderPin(params),
    folderOf: () => folder,
    check,
    inspect: inspectSharedFolder({ folder, name, instanceOf }),
  }),
  ({ title }) => olderPathOf(title),
)

async function check(host: Host, wanted: Wanted<AptPinParams>, path: string): Promise<void> {
  const refused = await host.dpkg.refusedPreferences(path)
  if (refused === undefined) return
  throw cannotApply(wanted, `apt refuses it: ${refused}`, {
    code: 'validate-failed',
    kept: 'what stood there before',
  })
}

function instanceOf(host: Host, title: string): Instance {
  const text = textOf(host, pathOf(title)) ?? textOf(host, olderPathOf(title)) ?? ''
  // What one pin cannot say is undeclared all the same.
  return { title, params: { ...parsePin(text) } }
}
