/**
 * Debian's maintainer scripts ask /usr/sbin/policy-rc.d whether they may start a service (invoke-rc.d(8)); 101 says no.
 * The one that is put there says no only to what has a variable in its environment that apt-get was given, so that one
 * which a killed agent left behind stops nobody else's installation. systemd-run and RUNLEVEL=1 reach invoke-rc.d alone,
 * not deb-systemd-invoke.
 */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RekindleError } from '../../schemas/errors.ts'

const mark = '# Put here by Rekindle while it installs a package with startServices: false'
const variable = 'REKINDLE_NO_START'

const forbidden = 101

const script = `#!/bin/sh
${mark}
[ "$${variable}" = 1 ] && exit ${forbidden}
exit 0
`

/** For apt-get, while starts are forbidden. */
export const noStartEnvironment = { [variable]: '1' }

const place = 'usr/sbin/policy-rc.d'

/**
 * @param ask runs a policy of someone else's, and gives its exit code
 * @returns what allows them again
 * @throws RekindleError where a policy of someone else's stands there that allows starts
 */
export async function forbidStarts(
  root: string,
  ask: (policy: string) => Promise<number | null>,
): Promise<() => void> {
  const path = join(root, place)
  if (existsSync(path) && !isOurs(path)) {
    if ((await ask(path)) !== forbidden) throw foreign(path)
    return () => {}
  }
  const temporary = join(root, 'usr/sbin/.policy-rc.d.rekindle')
  writeFileSync(temporary, script, { mode: 0o755 })
  renameSync(temporary, path)
  return () => rmSync(path, { force: true })
}

/** Takes away what an agent that was killed has left. */
export function allowStarts(root: string): void {
  const path = join(root, place)
  if (existsSync(path) && isOurs(path)) rmSync(path, { force: true })
}

function isOurs(path: string): boolean {
  return readFileSync(path, 'utf8').includes(mark)
}

function foreign(path: string): RekindleError {
  return new RekindleError({
    code: 'apply-failed',
    message: `Cannot install without starting services: "${path}" is not Rekindle's, and allows starts`,
    kept: `"${path}", and what is installed`,
    hint: 'Remove it, or let it forbid them',
  })
}
