/** Unit files and drop-ins in /etc/systemd/system, and small files for systemd-tmpfiles and systemd-sysusers. */
import { basename } from 'node:path/posix'
import type {
  SystemdDropinParams,
  SystemdUnitParams,
  SysusersParams,
  TmpfilesParams,
} from '../../schemas/generated/types.ts'
import type { Host } from '../host/host.ts'
import { cannotApply } from './cannot-apply.ts'
import { ownedText } from './owned-text.ts'
import type { Wanted } from './resource-type.ts'
import { runTool } from './run-tool.ts'
import { renderUnit } from './unit-text.ts'

const folder = '/etc/systemd/system'
/** Where a unit stands while it is checked: systemd-analyze knows a unit by its file's name. */
const checkFolder = '/run/rekindle-verify'

export const systemdUnit = ownedText<SystemdUnitParams>({
  name: 'systemd_unit',
  pathOf: ({ title }) => `${folder}/${title}`,
  render: ({ params }) => renderUnit(params),
  check: verifyUnit,
  after: ({ systemd }) => systemd.reloadFiles(),
})

export const systemdDropin = ownedText<SystemdDropinParams>({
  name: 'systemd_dropin',
  pathOf: ({ title, params }) => `${folder}/${params.unit}.d/${title.replace(/\.conf$/, '')}.conf`,
  render: ({ params }) => renderUnit(params),
  folderOf: ({ params }) => `${folder}/${params.unit}.d`,
  after: ({ systemd }) => systemd.reloadFiles(),
})

export const tmpfiles = ownedText<TmpfilesParams>({
  name: 'tmpfiles',
  pathOf: ({ title }) => `/etc/tmpfiles.d/${title}.conf`,
  render: ({ params }) => `${(params.entries ?? []).join('\n')}\n`,
  folderOf: () => '/etc/tmpfiles.d',
  // Put to work before the file is moved in: an agent that dies in between does it again.
  check: (host, wanted, path) => putToWork(host, wanted, ['systemd-tmpfiles', '--create', path]),
})

export const sysusers = ownedText<SysusersParams>({
  name: 'sysusers',
  pathOf: ({ title }) => `/etc/sysusers.d/${title}.conf`,
  render: ({ params }) => `${(params.entries ?? []).join('\n')}\n`,
  folderOf: () => '/etc/sysusers.d',
  check: (host, wanted, path) => putToWork(host, wanted, ['systemd-sysusers', path]),
})

/** @throws RekindleError `validate-failed` with what systemd says of the unit itself */
async function verifyUnit(host: Host, wanted: Wanted<SystemdUnitParams>, path: string): Promise<void> {
  if (wanted.params.verify === false) return
  const copy = `${checkFolder}/${wanted.title}`
  await host.write.putDirectory(checkFolder, { mode: 0o700 })
  try {
    await host.write.putFile(copy, { content: host.files.read(path), mode: 0o600 })
    const argv = ['systemd-analyze', 'verify', '--man=no', '--recursive-errors=no', copy]
    const { code, stderr } = await host.exec.run(argv, {
      timeoutMs: 60_000,
      env: { LC_ALL: 'C', SYSTEMD_COLORS: '0' },
    })
    const said = complaintsIn(stderr, copy)
    if (code === 0 || said.length === 0) return
    throw cannotApply(wanted, `systemd-analyze says ${said.join('; ')}`, {
      code: 'validate-failed',
      kept: 'what stood there before',
      hint: 'Set verify to false where it is right after all',
    })
  } finally {
    await host.write.remove(checkFolder)
  }
}

/** Not that a program is not there yet: a later resource may bring it. */
function complaintsIn(stderr: string, copy: string): readonly string[] {
  return stderr
    .split('\n')
    .filter((line) => line.trim() !== '' && !/is not executable|No such file or directory/.test(line))
    .map((line) => `"${line.replaceAll(copy, basename(copy)).trim()}"`)
}

async function putToWork(host: Host, { id, where }: Wanted<unknown>, argv: readonly string[]): Promise<void> {
  await runTool(host, argv, {
    doing: 'its lines are put to work',
    wanted: { id, where },
    package: 'systemd',
    kept: 'what stood there before',
  })
}
