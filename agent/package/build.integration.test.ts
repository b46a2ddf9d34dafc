import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { version } from '../../schemas/version.ts'
import { buildAgentPackage } from './build.ts'

const run = (program: string, ...args: string[]) => execFileSync(program, args, { encoding: 'utf8' })
const hasDpkg = existsSync('/usr/bin/dpkg-deb')

describe.skipIf(!hasDpkg)('buildAgentPackage()', () => {
  let dir = ''
  let deb = ''
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'rekindle-package-test-'))
    deb = await buildAgentPackage(dir)
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  it('makes a package of that name, with the runtime, the bundle, the launcher and the unit, all root’s', () => {
    expect(basename(deb)).toMatch(
      new RegExp(`^rekindle-agent_${version.replaceAll('.', '\\.')}_(amd64|arm64)\\.deb$`),
    )
    const list = run('dpkg-deb', '-c', deb)
    const modes = [...list.matchAll(/^(-\S+) root\/root +\d+ \S+ \S+ \.(\S+)$/gm)].map(
      ([, mode, path]) => `${mode} ${path}`,
    )
    expect(modes.toSorted()).toEqual([
      '-rw-r--r-- /lib/systemd/system/rekindle-agent.service',
      '-rw-r--r-- /usr/lib/rekindle/agent.mjs',
      '-rwxr-xr-x /usr/bin/rekindle',
      '-rwxr-xr-x /usr/lib/rekindle/node',
    ])
  })

  it('holds an agent that runs with nothing else beside it', () => {
    run('dpkg-deb', '-x', deb, join(dir, 'root'))
    const lib = join(dir, 'root/usr/lib/rekindle')
    expect(run(join(lib, 'node'), join(lib, 'agent.mjs'), '--version').trim()).toBe(version)
    expect(JSON.parse(run(join(lib, 'node'), join(lib, 'agent.mjs'), 'facts', '--json'))).toMatchObject({
      agent: { version },
    })
  })

  it('is not built again from the same sources, and is after it was lost', async () => {
    const { mtimeMs } = statSync(deb)
    await buildAgentPackage(dir)
    expect(statSync(deb).mtimeMs).toBe(mtimeMs)
    rmSync(deb)
    expect(existsSync(await buildAgentPackage(dir))).toBe(true)
  })
})
