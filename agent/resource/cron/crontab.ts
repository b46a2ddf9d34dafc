/**
 * Users' crontabs on the host. They are read where cron reads them, and written through crontab(1), which checks them and
 * tells cron.
 */
import type { RekindleError } from '../../../schemas/errors.ts'
import type { Host } from '../../host/host.ts'
import { cannotApply } from '../cannot-apply.ts'
import type { Wanted } from '../resource-type.ts'
import { runTool } from '../run-tool.ts'
import { readTextFile, removeTextFile, type TextFile, writeTextFile } from '../text-file.ts'
import { withoutHeader } from './crontab-text.ts'

export interface Crontab {
  readonly user: string
  readonly file: TextFile
  /** As `crontab -l` prints it; empty when there is none. */
  readonly text: string
}

export interface CrontabEdit {
  readonly crontab: Crontab
  readonly after: string
  /** Nothing but removals. */
  readonly isRemoval: boolean
  /** On whose behalf, for errors. */
  readonly wanted: Pick<Wanted<unknown>, 'id' | 'where'>
}

/** Of Debian and Alpine, SUSE, Red Hat. The last is the parent of the others, and stands last. */
const folders = ['/var/spool/cron/crontabs', '/var/spool/cron/tabs', '/var/spool/cron'] as const

/** Where a user's crontab may be. */
export function crontabPaths(user: string): readonly string[] {
  return folders.map((folder) => `${folder}/${user}`)
}

/** @throws RekindleError `resource-unreadable` */
export function readCrontab(host: Host, user: string): Crontab {
  const file = readTextFile(host, `${folderOn(host)}/${user}`)
  return { user, file, text: withoutHeader(file.text ?? '') }
}

/** Users who have one. What crontab(1) left when it was killed, `tmp.XXXXXX`, is nobody's. */
export function crontabUsers(host: Host): readonly string[] {
  const folder = folderOn(host)
  return host.files
    .list(folder)
    .filter((name) => !name.startsWith('tmp.') && host.files.stat(`${folder}/${name}`)?.kind === 'file')
}

function folderOn({ files }: Host): string {
  return folders.find((folder) => files.exists(folder)) ?? folders[0]
}

/** Replaces it, after a backup. */
export async function writeCrontab(host: Host, edit: CrontabEdit): Promise<void> {
  const { crontab, after, isRemoval, wanted } = edit
  const { user, file, text } = crontab
  if (after === text) return
  const isUser = await userExists(host, user)
  // crontab(1) does nothing for a user who is gone, whose crontab stays when userdel goes.
  if (!isUser && isRemoval) return editOrphan(host, edit)
  if (file.kind !== 'absent') await host.backups.put(file.path)
  const options = {
    doing: `the crontab of "${user}" is replaced`,
    wanted,
    package: 'cron',
    kept: 'the crontab as it was',
    explain: () => (isUser ? undefined : `Declare the user "${user}" before it`),
  }
  // An empty one would be listed as one, for ever.
  if (after.trim() === '') await runTool(host, ['crontab', '-u', user, '-r'], options)
  else await runTool(host, ['crontab', '-u', user, '-'], { ...options, stdin: after })
  if (readCrontab(host, user).text.trim() !== after.trim()) throw notKept(edit)
}

function editOrphan(host: Host, { crontab: { file }, after }: CrontabEdit): Promise<void> {
  return after.trim() === '' ? removeTextFile(host, file) : writeTextFile(host, file, after)
}

/** By getent and not /etc/passwd, so that users of a directory service count too. */
export async function userExists({ exec }: Pick<Host, 'exec'>, user: string): Promise<boolean> {
  const { code } = await exec.run(['getent', 'passwd', '--', user])
  return code === 0
}

/** crontab(1) ends with 0 where a wrapper in its place has done nothing. */
function notKept({ wanted: { id, where }, crontab: { user } }: CrontabEdit): RekindleError {
  return cannotApply({ id, where }, `crontab took the entries of "${user}" and has not kept them`, {
    hint: `Compare crontab -u ${user} -l with the plan; which crontab is first in PATH?`,
  })
}
