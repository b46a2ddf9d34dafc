/** A whole file of /etc/cron.d. cron looks at the times of the files each minute, so that nothing has to be told. */
import type { CronFileParams } from '../../schemas/generated/types.ts'
import { renderEntry } from './cron/crontab-text.ts'
import { ownedText } from './owned-text.ts'

const folder = '/etc/cron.d'

export const cronFile = ownedText<CronFileParams>({
  name: 'cron_file',
  pathOf: ({ title }) => `${folder}/${title}`,
  render: ({ params }) => renderCronFile(params),
  folderOf: () => folder,
})

export function renderCronFile({ environment = {}, entries = [] }: CronFileParams): string {
  const settings = Object.entries(environment).map(([name, value]) => `${name}="${value}"`)
  const lines = entries.map(({ user, ...entry }) => renderEntry(entry, user))
  return `${['# Written by Rekindle: edits are lost.', ...settings, ...lines].join('\n')}\n`
}
