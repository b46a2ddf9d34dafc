import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { acquireLock } from './lock.ts'

const module = join(import.meta.dirname, 'lock.ts')
let dir = ''
let path = ''
const children: ChildProcess[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-lock-'))
  path = join(dir, 'lock')
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  rmSync(dir, { recursive: true, force: true })
})

/** A process that runs some code with `acquireLock` and `path`; its standard output tells what it came to. */
function child(code: string): ChildProcess {
  const script = `const { acquireLock } = await import(${JSON.stringify(module)}); const path = ${JSON.stringify(path)}; ${code}`
  const started = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(started)
  return started
}

async function firstWord(of: ChildProcess): Promise<string> {
  if (of.stdout === null) throw new Error('the child has no output')
  return String((await once(of.stdout, 'data'))[0]).trim()
}

async function holder(): Promise<ChildProcess> {
  const held = child('await acquireLock(path); console.log("held"); setInterval(() => {}, 1000)')
  expect(await firstWord(held)).toBe('held')
  return held
}

async function kill(victim: ChildProcess): Promise<void> {
  const gone = once(victim, 'exit')
  victim.kill('SIGKILL')
  await gone
}

describe('acquireLock()', () => {
  it('refuses while another process holds it, and names that one (A4)', async () => {
    const held = await holder()
    await expect(acquireLock(path)).rejects.toMatchObject({
      code: 'run-locked',
      message: expect.stringContaining(`pid ${held.pid}`),
    })
  })

  it('waits for the holder when asked to', async () => {
    const held = child(
      `const lock = await acquireLock(path); console.log("held"); setTimeout(() => lock.release(), 300)`,
    )
    await firstWord(held)
    const lock = await acquireLock(path, { waitMs: 30_000 })
    lock.release()
    expect(existsSync(path)).toBe(false)
  })

  it('takes over the lock of a process that was killed (A5)', async () => {
    await kill(await holder())
    expect(existsSync(path)).toBe(true)
    const lock = await acquireLock(path)
    lock.release()
    expect(readdirSync(dir)).toEqual([])
  })

  it.each([
    ['an empty file', () => ''],
    [
      'a pid that another program has now',
      () => JSON.stringify({ pid: process.ppid, startTime: '1', bootId: 'x' }),
    ],
    [
      'the present pid before a reboot',
      (own: string) => own.replace(/"bootId":"[^"]*"/, '"bootId":"another"'),
    ],
  ])('takes over %s (A5)', async (_, stale) => {
    const lock = await acquireLock(path)
    const own = readFileSync(path, 'utf8')
    lock.release()
    writeFileSync(path, stale(own))
    const again = await acquireLock(path)
    expect(readFileSync(path, 'utf8')).toBe(own)
    again.release()
  })

  it('takes over from one that was killed while it took over', async () => {
    const dead = await holder()
    await kill(dead)
    const second = await holder()
    const secondText = readFileSync(path, 'utf8')
    await kill(second)
    // The claim that a taker makes before it replaces a dead owner's lock, left by a taker that died as well.
    const { sha256 } = await import('../../schemas/hash.ts')
    writeFileSync(
      `${path}.${sha256(secondText).slice(0, 16)}`,
      secondText.replace(/"pid":\d+/, '"pid":4194305'),
    )
    const lock = await acquireLock(path)
    lock.release()
    expect(readdirSync(dir)).toEqual([])
  })

  it('lets one of several win that find the same dead owner', async () => {
    await kill(await holder())
    const racers = Array.from({ length: 6 }, () =>
      child(
        'await acquireLock(path).then(() => console.log("won"), (error) => console.log(error.code)); setInterval(() => {}, 1000)',
      ),
    )
    const words = await Promise.all(racers.map(firstWord))
    expect(words.toSorted()).toEqual([...Array.from({ length: 5 }, () => 'run-locked'), 'won'])
  })
})
