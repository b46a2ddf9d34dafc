/** Files of /etc/logrotate.d. One that logrotate refuses stops the rotation of its logs, so it reads each before it is moved in. */
import { join } from 'node:path/posix'
import type { Change, LogrotateParams } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { Host } from '../host/host.ts'
import { cannotApply } from './cannot-apply.ts'
import { refusals, renderLogrotate } from './logrotate/render.ts'
import type { ResourceType, Wanted } from './resource-type.ts'
import {
  readEach,
  readTextFile,
  removeTextFile,
  type TextFile,
  withTextDiff,
  writeTextFile,
} from './text-file.ts'

type WantedLogrotate = Wanted<LogrotateParams>

const folder = '/etc/logrotate.d'
/** logrotate passes over a file that others can write, or that is not root's. */
const mode = 0o644

function read(host: Host, wanted: readonly WantedLogrotate[]): Map<ResourceId, TextFile | Error> {
  return readEach(wanted, ({ title }) => readTextFile(host, join(folder, title)))
}

function diff({ params }: WantedLogrotate, file: TextFile): readonly Change[] {
  const isThere = file.kind !== 'absent'
  if (params.ensure === 'absent')
    return isThere ? [{ property: 'ensure', from: 'present', to: 'absent' }] : []
  if (!isThere) return [{ property: 'ensure', from: 'absent', to: 'present' }]
  const isTrusted = file.mode === mode && file.uid === 0 && file.gid === 0
  const from = `${file.mode.toString(8)} ${file.uid}:${file.gid}`
  return [
    ...(file.text === renderLogrotate(params)
      ? []
      : [{ property: 'content', from: 'other', to: 'as declared' }]),
    ...(isTrusted ? [] : [{ property: 'mode', from, to: `${mode.toString(8)} 0:0` }]),
  ]
}

function explain(
  _host: Host,
  { params }: WantedLogrotate,
  file: TextFile,
  changes: readonly Change[],
): Promise<readonly Change[]> {
  return Promise.resolve(
    withTextDiff(changes, file, { property: 'content', wanted: renderLogrotate(params) }),
  )
}

async function apply(host: Host, wanted: WantedLogrotate, file: TextFile): Promise<void> {
  if (wanted.params.ensure === 'absent') return await removeTextFile(host, file)
  await writeTextFile(host, file, renderLogrotate(wanted.params), {
    mode,
    uid: 0,
    gid: 0,
    check: (temporaryPath) => check(host, wanted, temporaryPath),
  })
}

async function check({ exec }: Host, wanted: WantedLogrotate, path: string): Promise<void> {
  const { stderr } = await exec.run(['logrotate', '--debug', path]).catch((cause: unknown) => {
    throw cannotApply(wanted, 'there is no logrotate to check the file with', {
      code: 'validate-failed',
      kept: 'the file that stands there',
      hint: 'Declare the package "logrotate" before it',
      cause,
    })
  })
  const refused = refusals(stderr, path)
  if (refused.length === 0) return
  throw cannotApply(wanted, `logrotate refuses it: ${refused.join('; ')}`, {
    code: 'validate-failed',
    kept: 'the file that stands there',
  })
}

export const logrotate = {
  name: 'logrotate',
  read,
  diff,
  apply,
  explain,
  watch: ({ title }) => [join(folder, title)],
} satisfies ResourceType<LogrotateParams, TextFile>
