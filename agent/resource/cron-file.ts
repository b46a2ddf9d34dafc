/** A whole file of /etc/cron.d. cron looks at the times of the files each minute, so that nothing has to be told. */
import type { CronFileParams } from '../../schemas/generated/types.ts'
import type { Host } from '../host/host.ts'
import { cannotApply } from './cannot-apply.ts'
import { userExists } from './cron/crontab.ts'
import { renderEntry } from './cron/crontab-text.ts'
import { ownedText } from './owned-text.ts'
import type { Wanted } from './resource-type.ts'

const folder = '/etc/cron.d'

export const cronFile = ownedText<CronFileParams>({
  name: 'cron_file',
  pathOf: ({ title }) => `${folder}/${title}`,
  render: ({ params }) => renderCronFile(params),
  folderOf: () => folder,
  check: checkUsers,
})

/** cron skips the whole file for one user who is not there, and reads it again only when it is written. */
async function checkUsers(host: Host, { id, where, params }: Wanted<CronFileParams>): Promise<void> {
  for (const user of new Set(params.entries?.map((entry) => entry.user))) {
    if (await userExists(host, user)) continue
    throw cannotApply(
      { id, where },
      `user "${user}" does not exist, and cron would run nothing of the file`,
      { kept: 'the file as it was', hint: `Declare the user "${user}"` },
    )
  }
}

export function renderCronFile({ environment = {}, entries = [] }: CronFileParams): string {
  const settings = Object.entries(environment).map(([name, value]) => `${name}="${value}"`)
  const lines = entries.map(({ user, ...entry }) => renderEntry(entry, user))
  return `${['# Written by Rekindle: edits are lost.', ...settings, ...lines].join('\n')}\n`
}
