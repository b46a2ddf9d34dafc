/** Real programs, small ones in sh; real machines behind such programs: test/host/machine.test.ts. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RekindleError } from '../../../schemas/errors.ts'
import type { CommandMachines } from '../../../schemas/generated/types.ts'
import { isAlive, nameProcess } from '../nspawn/process.ts'
import { createCommandDriver } from './driver.ts'

const alpha = { machine: 'alpha-1', host: 'alpha', state: 'running', address: '198.51.100.7' } as const
const request = {
  machine: 'alpha-1',
  host: 'alpha',
  agentConfig: {
    server: 'https://198.51.100.1:8140',
    caFingerprint: 'a'.repeat(64),
    token: 'very-secret-token',
  },
}
const answer = (value: unknown) => `cat >/dev/null; echo '${JSON.stringify(value)}'`

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-command-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

/** A driver whose programs are lines of sh. */
function driverOf(
  lines: Partial<Record<'create' | 'destroy' | 'status' | 'list' | 'evidence', string>>,
  more = {},
) {
  const programs = Object.fromEntries(
    Object.entries({ create: 'exit 9', destroy: 'exit 9', status: 'exit 9', list: 'exit 9', ...lines }).map(
      ([name, line]) => [name, ['/bin/sh', '-c', line]],
    ),
  )
  return createCommandDriver({ ...programs, ...more } as unknown as CommandMachines)
}

async function failureOf(act: Promise<unknown>): Promise<RekindleError> {
  const error = await act.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof RekindleError) return error
  throw new Error(`wanted a RekindleError, found ${String(error)}`)
}

describe('command driver', () => {
  it('hands the request over on stdin, and never as an argument', async () => {
    const file = join(dir, 'seen')
    const driver = driverOf({ create: `cat >${file}; echo '${JSON.stringify({ machine: alpha })}'` })
    expect(await driver.create(request)).toEqual(alpha)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ version: 1, operation: 'create', ...request })
  })

  it('reads what there is, what there is not, and all there are', async () => {
    expect(await driverOf({ status: answer({ machine: alpha }) }).status('alpha-1')).toEqual(alpha)
    expect(await driverOf({ status: answer({ machine: null }) }).status('alpha-1')).toBeUndefined()
    expect(await driverOf({ list: answer({ machines: [alpha] }) }).list()).toEqual([alpha])
    expect(await driverOf({ destroy: 'true' }).destroy('alpha-1')).toBeUndefined()
    expect(await driverOf({ evidence: answer({ evidence: 'the end' }) }).evidence('alpha-1')).toBe('the end')
    expect(await driverOf({}).evidence('alpha-1')).toBe('')
  })

  it.each<[string, string, RegExp]>([
    [
      'fails',
      'echo one >&2; echo quota exceeded >&2; exit 3',
      /ended with exit code 3: one; quota exceeded$/,
    ],
    ['answers with no JSON', 'echo done', /answered with something that is no JSON$/],
    [
      'answers in another shape',
      answer({ machine: { ...alpha, state: 'up' } }),
      /answered wrongly: .*\/machine\/state/,
    ],
    ['answers with nothing', 'true', /its answer has no "machine"$/],
    [
      'answers about another',
      answer({ machine: { ...alpha, machine: 'beta-1' } }),
      /is about the machine "beta-1"$/,
    ],
    [
      'made a machine that stands still',
      answer({ machine: { ...alpha, state: 'stopped' } }),
      /that it is stopped$/,
    ],
    ['made none', answer({ machine: null }), /that there is none$/],
  ])('create() is refused when the program %s', async (_, line, message) => {
    const error = await failureOf(driverOf({ create: line }).create(request))
    expect(error.code).toBe('machine-failed')
    expect(error.message).toMatch(/^Cannot create machine "alpha-1": /)
    expect(error.message).toMatch(message)
  })

  it.each([
    ['stderr', 'cat >&2; exit 1'],
    ['its answer', `sed 's/.*"token":\\("[^"]*"\\).*/{"token":\\1}/'`],
  ])('the token that a program prints on %s is in no error', async (_, line) => {
    const { message } = await failureOf(driverOf({ create: line }).create(request))
    expect(message).toContain('[token]')
    expect(message).not.toContain(request.agentConfig.token)
  })

  it('a program that is not there is named', async () => {
    const { message } = await failureOf(
      createCommandDriver({ ...noPrograms, list: ['/no/such/program'] }).list(),
    )
    expect(message).toMatch(/^Cannot list: "\/no\/such\/program" was ended: .*ENOENT/)
  })

  it('a program that takes too long is ended with all that it started', async () => {
    const file = join(dir, 'pid')
    const driver = driverOf({ list: `sleep 600 & echo $! >${file}; wait` }, { askTimeoutSeconds: 1 })
    const { message } = await failureOf(driver.list())
    expect(message).toMatch(/was ended: it took more than 1 s$/)
    const started = nameProcess(Number(readFileSync(file, 'utf8')))
    expect(started !== undefined && isAlive(started)).toBe(false)
  })

  it('a process that left the group and keeps the output open does not keep the driver waiting', async () => {
    const file = join(dir, 'daemon')
    const driver = driverOf(
      { list: `setsid sh -c 'echo $$ >${file}; exec sleep 600' & sleep 0.2` },
      { askTimeoutSeconds: 1 },
    )
    try {
      expect((await failureOf(driver.list())).message).toMatch(/it took more than 1 s$/)
    } finally {
      process.kill(Number(readFileSync(file, 'utf8')))
    }
  })

  it('start() without a program is unsupported, and says what to set', async () => {
    const error = await failureOf(driverOf({}).start('alpha-1'))
    expect(error).toMatchObject({ code: 'unsupported', hint: 'Set `command.start` in server.json' })
  })

  it('acts on one machine come one after another', async () => {
    const file = join(dir, 'order')
    writeFileSync(file, '')
    const driver = driverOf({
      create: `echo begin >>${file}; sleep 0.2; echo end >>${file}; ${answer({ machine: alpha })}`,
      destroy: `echo destroy >>${file}`,
    })
    await Promise.all([driver.create(request), driver.destroy('alpha-1')])
    expect(readFileSync(file, 'utf8')).toBe('begin\nend\ndestroy\n')
  })
})

const noPrograms: CommandMachines = { create: ['/c'], destroy: ['/d'], status: ['/s'], list: ['/l'] }
