import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ExecParams } from '../../schemas/generated/types.ts'
import { createHost } from '../host/real-host.ts'
import { type ContractCase, resourceTypeContract } from './contract.ts'
import { exec } from './exec.ts'
import type { Wanted } from './resource-type.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-exec-type-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

const host = createHost({ stateDir: '/nonexistent' })

function wantedOf(params: ExecParams): Wanted<ExecParams> {
  return { id: 'exec:step', title: 'step', params, where: 'site.ts:7' }
}

async function isDue(params: ExecParams): Promise<boolean> {
  const state = (await exec.read(host, [wantedOf(params)])).get('exec:step')
  if (state instanceof Error) throw state
  return state?.isDue === true
}

const ran = (name = 'ran') => existsSync(join(dir, name))
const touch = (name = 'ran') => ['touch', join(dir, name)]
const command = 'true'

describe('read()', () => {
  it.each<{ title: string; params: () => ExecParams; due: boolean }>([
    { title: 'nothing to ask', params: () => ({ command }), due: true },
    { title: 'refreshOnly', params: () => ({ command, refreshOnly: true }), due: false },
    {
      title: 'refreshOnly whose checks would fail',
      params: () => ({ command, refreshOnly: true, unless: ['rekindle-no-such'] }),
      due: false,
    },
    { title: 'creates something that is there', params: () => ({ command, creates: dir }), due: false },
    {
      title: 'creates something that is not there',
      params: () => ({ command, creates: join(dir, 'x') }),
      due: true,
    },
    { title: 'onlyIf that exits 0', params: () => ({ command, onlyIf: ['true'] }), due: true },
    { title: 'onlyIf that exits 1', params: () => ({ command, onlyIf: ['false'] }), due: false },
    { title: 'unless that exits 0', params: () => ({ command, unless: 'exit 0' }), due: false },
    { title: 'unless that exits 3', params: () => ({ command, unless: 'exit 3' }), due: true },
    {
      title: 'unless in a shell that does not know its program',
      params: () => ({ command, unless: 'rekindle-no-such' }),
      due: true,
    },
    {
      title: 'onlyIf yes and unless yes',
      params: () => ({ command, onlyIf: 'true', unless: 'true' }),
      due: false,
    },
    {
      title: 'onlyIf yes and unless no',
      params: () => ({ command, onlyIf: 'true', unless: 'false' }),
      due: true,
    },
    {
      title: 'creates yes and the rest no',
      params: () => ({ command, creates: dir, onlyIf: 'true', unless: 'false' }),
      due: false,
    },
    {
      title: 'a list of checks that all exit 0',
      params: () => ({ command, onlyIf: [['true'], ['test', '-d', dir]] }),
      due: true,
    },
    {
      title: 'a list of checks of which one exits 1',
      params: () => ({ command, onlyIf: [['true'], ['false']] }),
      due: false,
    },
    {
      title: 'a list of unless of which the last exits 0',
      params: () => ({ command, unless: [['false'], ['true']] }),
      due: false,
    },
    {
      title: 'creates of which one is there',
      params: () => ({ command, creates: [join(dir, 'x'), dir] }),
      due: false,
    },
    {
      title: 'a check that sees cwd and env',
      params: () => ({ command, cwd: dir, env: { A: '1' }, onlyIf: `test "$PWD$A" = "${dir}1"` }),
      due: true,
    },
  ])('with $title says due: $due', async ({ params, due }) => {
    expect(await isDue(params())).toBe(due)
  })

  it.each<{ title: string; params: ExecParams; code: string; message: string }>([
    {
      title: 'a check that is no program',
      params: { command, unless: ['rekindle-no-such'] },
      code: 'exec-failed',
      message: 'Cannot check unless of exec "step"',
    },
    {
      title: 'a check in a directory that is missing',
      params: { command, cwd: '/no/such', onlyIf: 'true' },
      code: 'exec-failed',
      message: 'Cannot check onlyIf of exec "step"',
    },
    {
      title: 'a check that takes too long',
      params: { command, unless: 'sleep 60', timeout: 0.1 },
      code: 'exec-timeout',
      message: 'Cannot check unless of exec "step": it did not end within 0.1 seconds and was killed',
    },
  ])('fails for $title', async ({ params, code, message }) => {
    await expect(isDue(params)).rejects.toMatchObject({
      code,
      message,
      kept: 'everything: the command was not run',
    })
  })
})

describe('diff()', () => {
  it('shows the command in one line when it is due, and nothing else', () => {
    const wanted = wantedOf({ command: 'set -e\n  make   install' })
    expect(exec.diff(wanted, { isDue: true })).toEqual([
      { property: 'run', from: null, to: 'set -e make install' },
    ])
    expect(exec.diff(wanted, { isDue: false })).toEqual([])
  })
})

describe('apply()', () => {
  it('runs a list without a shell, and a string with one', async () => {
    await exec.apply(host, wantedOf({ command: ['touch', join(dir, 'a;b $HOME')] }))
    await exec.apply(host, wantedOf({ command: `cd ${dir} && echo $((1 + 1)) > sum` }))
    expect(ran('a;b $HOME')).toBe(true)
    expect(readFileSync(join(dir, 'sum'), 'utf8')).toBe('2\n')
  })

  it('takes the exit codes that count as success (E8)', async () => {
    await exec.apply(host, wantedOf({ command: 'exit 3', exitCodes: [0, 3] }))
    await expect(exec.apply(host, wantedOf({ command: 'exit 0', exitCodes: [2, 3] }))).rejects.toMatchObject({
      message: 'Cannot apply exec "step": exited with 0, not with 2 or 3',
    })
  })

  it('fails with the last 40 lines of the output', async () => {
    const failed = exec.apply(host, wantedOf({ command: 'seq 100; echo broken >&2; exit 1' }))
    const shown = Array.from({ length: 39 }, (_, at) => at + 62).join('\n')
    await expect(failed).rejects.toMatchObject({
      code: 'exec-failed',
      message: `Cannot apply exec "step": exited with 1, not with 0\n${shown}\nbroken`,
      where: 'site.ts:7',
    })
  })

  it('tells the last lines of its output, unless it is not to', async () => {
    const printing = { command: 'seq 100; echo done >&2' }
    const told = await exec.apply(host, wantedOf(printing))
    expect(told?.output.split('\n')).toHaveLength(40)
    expect(told?.output.endsWith('100\ndone')).toBe(true)
    expect(await exec.apply(host, wantedOf({ ...printing, output: 'onFailure' }))).toBeUndefined()
    expect(await exec.apply(host, wantedOf({ ...printing, output: 'never' }))).toBeUndefined()
    expect(await exec.apply(host, wantedOf({ command: 'true' }))).toBeUndefined()
  })

  it('shows nothing of what is sensitive, in changes and failures', async () => {
    const params = { command: 'echo hunter2; exit 1', sensitive: true, onlyIf: ['test', 'hunter2'] }
    expect(JSON.stringify(exec.diff(wantedOf(params), { isDue: true }))).not.toContain('hunter2')
    const failed = await exec.apply(host, wantedOf(params)).catch((error: unknown) => error)
    expect(String(failed)).toContain('exited with 1')
    expect(String(failed)).not.toContain('hunter2')
  })

  it('tries again until it succeeds, and says how often it did not', async () => {
    const count = (until: number) =>
      `echo x >> ${join(dir, 'tries')}; test $(wc -l < ${join(dir, 'tries')}) -ge ${until}`
    await exec.apply(host, wantedOf({ command: count(3), tries: 3 }))
    expect(readFileSync(join(dir, 'tries'), 'utf8')).toBe('x\nx\nx\n')
    await expect(exec.apply(host, wantedOf({ command: count(9), tries: 2 }))).rejects.toMatchObject({
      message: 'Cannot apply exec "step": exited with 1, not with 0 (2 tries)',
    })
  })

  it('ends a command that takes too long', async () => {
    await expect(
      exec.apply(host, wantedOf({ command: 'echo begun; sleep 60', timeout: 0.2 })),
    ).rejects.toMatchObject({
      code: 'exec-timeout',
      message: 'Cannot apply exec "step": it did not end within 0.2 seconds and was killed\nbegun',
    })
  })

  it.each<ExecParams>([
    { command: ['rekindle-no-such'] },
    { command, cwd: '/no/such' },
    { command, user: 'no-such' },
  ])('fails when %j cannot be started', async (params) => {
    await expect(exec.apply(host, wantedOf(params))).rejects.toMatchObject({
      code: 'exec-failed',
      message: 'Cannot apply exec "step"',
      kept: 'everything: the command was not run',
    })
  })

  it.runIf(process.getuid?.() === 0)('runs as the user, in the directory, with the mask', async () => {
    const params = { command: ['sh', '-c', 'test "$(id -un) $PWD $(umask)" = "nobody /usr 0077"'] }
    await exec.apply(host, wantedOf({ ...params, user: 'nobody', cwd: '/usr', umask: '077' }))
    await expect(exec.apply(host, wantedOf(params))).rejects.toMatchObject({ code: 'exec-failed' })
  })
})

describe('refresh()', () => {
  it('runs the command, also when it only waits for that', async () => {
    await exec.refresh(host, wantedOf({ command: touch(), refreshOnly: true }))
    expect(ran()).toBe(true)
  })

  it('runs another command where one is given', async () => {
    await exec.refresh(host, wantedOf({ command: 'false', refresh: touch(), refreshOnly: true }))
    expect(ran()).toBe(true)
  })

  it('does not run what its checks hold back', async () => {
    await exec.refresh(host, wantedOf({ command: touch(), refreshOnly: true, onlyIf: 'false' }))
    await exec.refresh(host, wantedOf({ command: touch(), creates: dir }))
    expect(ran()).toBe(false)
  })

  it('fails as refresh', async () => {
    await expect(exec.refresh(host, wantedOf({ command: 'exit 1' }))).rejects.toMatchObject({
      message: 'Cannot refresh exec "step": exited with 1, not with 0',
    })
  })
})

describe('canDrift()', () => {
  it.each<{ params: ExecParams; can: boolean }>([
    { params: { command }, can: false },
    { params: { command, refreshOnly: true }, can: false },
    { params: { command, refreshOnly: true, creates: '/x' }, can: false },
    { params: { command, onlyIf: 'true' }, can: false },
    { params: { command, unless: 'true' }, can: true },
    { params: { command, creates: '/x' }, can: true },
  ])('is $can for $params', ({ params, can }) => {
    expect(exec.canDrift(wantedOf(params))).toBe(can)
  })
})

const contractDir = mkdtempSync(join(tmpdir(), 'rekindle-exec-contract-'))
const marker = join(contractDir, 'marker')
const log = join(contractDir, 'log')
const cases: readonly ContractCase<ExecParams>[] = [
  {
    title: 'what it creates is missing',
    resource: 'create',
    params: { command: ['cp', '/dev/null', marker], creates: marker },
    breakIt: () => rmSync(marker, { force: true }),
  },
  {
    title: 'its check says no',
    resource: 'unless',
    params: { command: `echo x >> ${log}`, unless: ['test', '-s', log] },
    breakIt: () => writeFileSync(log, ''),
  },
]
resourceTypeContract(exec, cases, {
  open: () => host,
  snapshot: () => [marker, log].map((path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined)),
})
afterAll(() => rmSync(contractDir, { recursive: true }))
