/** The example programs are sound Python, and what they do without a cloud is what the driver wants. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCommandDriver } from '../../server/machine/command/driver.ts'
import { requestFor } from '../../server/machine/contract.ts'

const here = import.meta.dirname
const programs = readdirSync(here).filter((name) => name.endsWith('.py'))
const hasPython = spawnSync('python3', ['--version']).status === 0

describe.skipIf(!hasPython)(`example programs${hasPython ? '' : ': skipped: not installed: python3'}`, () => {
  let state: string
  beforeAll(() => {
    state = mkdtempSync(join(tmpdir(), 'rekindle-example-'))
  })
  afterAll(() => rmSync(state, { recursive: true }))

  it.each(programs)('%s compiles', (name) => {
    const compile = 'import sys; compile(open(sys.argv[1]).read(), sys.argv[1], "exec")'
    const { status, stderr } = spawnSync('python3', ['-c', compile, join(here, name)], { encoding: 'utf8' })
    expect(status, stderr).toBe(0)
  })

  it('a create() that fails in the middle is listed, and destroy() removes it, twice', async () => {
    const argv = ['python3', '-B', join(here, 'opentofu.py'), '/no/such/tofu', '/no/such/module', state]
    const driver = createCommandDriver({ create: argv, destroy: argv, status: argv, list: argv })
    expect(await driver.list()).toEqual([])
    await expect(driver.create(requestFor('alpha-1', 'alpha'))).rejects.toThrow(/cannot run \/no\/such\/tofu/)
    expect(await driver.list()).toEqual([
      { machine: 'alpha-1', host: 'alpha-1', state: 'stopped', address: '' },
    ])
    await driver.destroy('alpha-1')
    await driver.destroy('alpha-1')
    expect(await driver.status('alpha-1')).toBeUndefined()
    expect(await driver.list()).toEqual([])
  })
})
