import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createExec } from './exec.ts'

const { run } = createExec()
const isRoot = process.getuid?.() === 0
let dir: string

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-exec-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

describe('run()', () => {
  it('gives exit code and both outputs, and takes arguments as they are', async () => {
    const found = await run(['sh', '-c', 'printf "%s" "$1"; echo no >&2; exit 3', 'sh', '$HOME; "x"'])
    expect(found).toEqual({ code: 3, signal: null, stdout: '$HOME; "x"', stderr: 'no\n', timedOut: false })
  })

  it('starts in / with nothing but a path, a locale and what is asked for in the environment', async () => {
    vi.stubEnv('REKINDLE_TEST_SECRET', 'leaked')
    const { stdout } = await run(['sh', '-c', 'pwd; umask; env | sort'], { env: { A: '1' }, umask: '027' })
    vi.unstubAllEnvs()
    expect(stdout.split('\n').filter((line) => !/^(PWD|_|OLDPWD|SHLVL)=/.test(line))).toEqual([
      '/',
      '0027',
      'A=1',
      'LC_ALL=C.UTF-8',
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      '',
    ])
  })

  it('leaves the own file mode mask as it was', async () => {
    const before = process.umask()
    await run(['true'], { umask: '077' })
    expect(process.umask()).toBe(before)
  })

  it('closes standard input, or fills it', async () => {
    expect((await run(['cat'])).stdout).toBe('')
    expect((await run(['cat'], { stdin: 'Grüße' })).stdout).toBe('Grüße')
  })

  it('survives a program that does not read its input', async () => {
    expect((await run(['true'], { stdin: 'x'.repeat(1_000_000) })).code).toBe(0)
  })

  it('keeps 4,000 lines of output whole, and the beginning and end of a flood (E13)', async () => {
    const lines = await run(['seq', '4000'])
    expect(lines.stdout.split('\n')).toHaveLength(4001)
    const flood = await run(['sh', '-c', 'head -c 3000000 /dev/zero | tr "\\0" x; echo end'])
    expect(flood.stdout).toMatch(/^x+\n\[\d+ bytes left out\]\nx+end\n$/)
    expect(flood.stdout.length).toBeLessThan(1_100_000)
    const whole = await run(['sh', '-c', 'head -c 3000000 /dev/zero | tr "\\0" x'], { keptBytes: 10_000_000 })
    expect(whole.stdout).toHaveLength(3_000_000)
  })

  it('does not wait for a daemon that the program left behind with its output open (E14)', async () => {
    const { code, stdout } = await run(['sh', '-c', 'sleep 300 & echo $!'])
    expect(code).toBe(0)
    const daemon = Number(stdout)
    // Signal 0 throws where there is no process: the daemon outlives the run.
    expect(() => process.kill(daemon, 0)).not.toThrow()
    process.kill(daemon, 'SIGKILL')
  })

  it('ends the whole process group when the time limit is over (E7)', async () => {
    const script = `sleep 301 & echo $! > ${dir}/child; sleep 302`
    const found = await run(['sh', '-c', script], { timeoutMs: 300 })
    expect(found).toMatchObject({ code: null, signal: 'SIGTERM', timedOut: true })
    await gone(Number(readFileSync(join(dir, 'child'), 'utf8')))
  })

  it('ends a program that ignores SIGTERM', async () => {
    const found = await run(['sh', '-c', 'trap "" TERM; while :; do sleep 0.05; done'], { timeoutMs: 100 })
    expect(found).toMatchObject({ signal: 'SIGKILL', timedOut: true })
  })

  it.each([
    { argv: ['rekindle-no-such'], options: {}, reason: 'no such program' },
    { argv: ['/etc'], options: {}, reason: 'it is not executable' },
    { argv: ['true'], options: { cwd: '/no/such' }, reason: 'working directory "/no/such" does not exist' },
    { argv: ['true'], options: { user: 'no-such-user' }, reason: 'user "no-such-user" does not exist' },
  ])('throws when it cannot start $argv with $options', async ({ argv, options, reason }) => {
    await expect(run(argv, options)).rejects.toMatchObject({
      code: 'exec-failed',
      message: `Cannot run "${argv[0]}": ${reason}`,
    })
  })

  it.runIf(isRoot)('runs as another user with that user’s groups', async () => {
    const { stdout } = await run(['sh', '-c', 'id -un; id -gn; id -G; echo $USER'], { user: 'nobody' })
    expect(stdout).toBe('nobody\nnogroup\n65534\nnobody\n')
    await expect(run(['rekindle-no-such'], { user: 'nobody' })).rejects.toMatchObject({ code: 'exec-failed' })
  })
})

/** Waits on the process itself: an orphan may stay a zombie until it is reaped. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    const { code, stdout } = await run(['ps', '-o', 'stat=', '-p', String(pid)])
    if (code !== 0 || stdout.startsWith('Z')) return
  }
}
