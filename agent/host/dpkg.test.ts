import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { createDpkg, type DpkgOptions } from './dpkg.ts'
import type { ExecResult } from './exec.ts'

const roots: string[] = []

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true })
})

const notFound: Partial<ExecResult> = { code: 100, stderr: 'E: Unable to locate package nope\n' }

describe('install()', () => {
  test('passes a name and an exact version as one argument, and allows the step down to it', async () => {
    const { dpkg, calls } = hostWith({})
    await dpkg.install([{ name: 'nginx', version: '1.22.1-9' }], { recommends: false })
    expect(calls).toEqual([
      'apt-get --no-install-recommends --allow-downgrades --no-remove install -- nginx=1.22.1-9',
    ])
  })

  test('fetches lists and tries again when apt does not know the name', async () => {
    const { dpkg, calls } = hostWith({ answers: [notFound, {}, {}] })
    await dpkg.install([{ name: 'nope' }], { recommends: true })
    expect(calls).toEqual([
      'apt-get --install-recommends --no-remove install -- nope',
      'apt-get update',
      'apt-get --install-recommends --no-remove install -- nope',
    ])
  })

  test('fetches lists first when there are none', async () => {
    const { dpkg, calls } = hostWith({ lists: [] })
    await dpkg.install([{ name: 'nginx' }], { recommends: false })
    expect(calls).toEqual(['apt-get update', 'apt-get --no-install-recommends --no-remove install -- nginx'])
  })

  test('does not fetch lists again within five minutes, and does so after them', async () => {
    let now = 0
    const { dpkg, calls } = hostWith({
      answers: [notFound, {}, notFound, notFound, notFound, {}],
      now: () => now,
    })
    const install = () => dpkg.install([{ name: 'nope' }], { recommends: false })
    await expect(install()).rejects.toThrow('Unable to locate')
    now = 299_000
    await expect(install()).rejects.toThrow('Unable to locate')
    expect(calls.filter((call) => call === 'apt-get update')).toHaveLength(1)
    now = 301_000
    await install()
    expect(calls.filter((call) => call === 'apt-get update')).toHaveLength(2)
  })

  test('finishes what a killed run left half-configured before anything else', async () => {
    const { dpkg, calls } = hostWith({ status: stanza('slow', 'install ok half-configured', '1.0') })
    await dpkg.install([{ name: 'nginx' }], { recommends: false })
    expect(calls[0]).toBe('dpkg --force-confdef --force-confold --configure -a')
  })

  test('finishes what dpkg had not merged into its status', async () => {
    const { dpkg, calls } = hostWith({ updates: { '0000': stanza('slow', 'install ok unpacked', '1.0') } })
    expect(dpkg.read().packages.get('slow')?.state).toBe('unpacked')
    await dpkg.install([{ name: 'nginx' }], { recommends: false })
    expect(calls[0]).toBe('dpkg --force-confdef --force-confold --configure -a')
  })

  test('unpacks again what was torn in the middle of unpacking', async () => {
    const { dpkg, calls } = hostWith({ status: stanza('torn', 'install reinstreq half-installed', '1.0') })
    await dpkg.install([{ name: 'torn' }], { recommends: false })
    expect(calls.at(-1)).toBe('apt-get --no-install-recommends --no-remove --reinstall install -- torn')
  })

  test('tells what apt answered and what is there', async () => {
    const held = {
      code: 100,
      stderr: 'E: Held packages were changed and -y was used without --allow-change-held-packages.\n',
    }
    const { dpkg } = hostWith({ status: stanza('demo', 'hold ok installed', '1.0'), answers: [held] })
    await expect(
      dpkg.install([{ name: 'demo', version: '1.1' }], { recommends: false }),
    ).rejects.toMatchObject({
      code: 'apply-failed',
      message: expect.stringContaining(
        'Cannot install package "demo": apt-get did not succeed and answers "Held packages',
      ),
      kept: '"demo" 1.0 is installed',
      hint: 'Release the hold: apt-mark unhold demo',
    })
  })

  test('is content when apt fails for another package, but this one is installed', async () => {
    const done = stanza('demo', 'install ok installed', '1.0')
    const { dpkg } = hostWith({ answers: [{ code: 100, stderr: 'E: Sub-process failed\n' }], after: done })
    await expect(dpkg.install([{ name: 'demo' }], { recommends: false })).resolves.toBeUndefined()
  })
})

describe('remove() and purge()', () => {
  test('completes a torn package before it goes, as dpkg refuses to remove half of one', async () => {
    const { dpkg, calls } = hostWith({ status: stanza('torn', 'install reinstreq half-installed', '1.0') })
    await dpkg.purge(['torn'])
    expect(calls.filter((call) => call.startsWith('apt-get'))).toEqual([
      'apt-get --reinstall install -- torn',
      'apt-get purge -- torn',
    ])
  })

  test('fails when apt fails and the package is still there', async () => {
    const { dpkg } = hostWith({
      status: stanza('demo', 'install ok installed', '1.0'),
      answers: [{ code: 100 }],
    })
    await expect(dpkg.remove(['demo'])).rejects.toThrow('Cannot remove package "demo"')
  })
})

describe('read()', () => {
  test('sees a status file that was replaced', () => {
    const { dpkg, root } = hostWith({})
    expect(dpkg.read().packages.has('demo')).toBe(false)
    writeFileSync(join(root, 'var/lib/dpkg/status'), stanza('demo', 'install ok installed', '1.0'))
    expect(dpkg.read().packages.has('demo')).toBe(true)
  })

  test('gives the same database while nothing moved', () => {
    const { dpkg } = hostWith({ status: stanza('demo', 'install ok installed', '1.0') })
    expect(dpkg.read()).toBe(dpkg.read())
  })
})

interface Setup extends Pick<DpkgOptions, 'now'> {
  status?: string
  updates?: Record<string, string>
  lists?: readonly string[]
  /** In the order of the calls; then success. */
  answers?: Partial<ExecResult>[]
  /** The status file after the first call. */
  after?: string
}

function hostWith({
  status = '',
  updates = {},
  lists = ['x_Packages.lz4'],
  answers = [],
  after,
  now,
}: Setup) {
  const root = mkdtempSync(join(tmpdir(), 'rekindle-dpkg-'))
  roots.push(root)
  mkdirSync(join(root, 'var/lib/dpkg/updates'), { recursive: true })
  mkdirSync(join(root, 'var/lib/apt/lists'), { recursive: true })
  writeFileSync(join(root, 'var/lib/dpkg/status'), status)
  for (const [name, text] of Object.entries(updates))
    writeFileSync(join(root, 'var/lib/dpkg/updates', name), text)
  for (const name of lists) writeFileSync(join(root, 'var/lib/apt/lists', name), '')
  const calls: string[] = []
  const run = async (argv: readonly string[]): Promise<ExecResult> => {
    calls.push(
      argv.filter((word) => !word.startsWith('--option') && !['--yes', '--quiet'].includes(word)).join(' '),
    )
    if (after !== undefined) writeFileSync(join(root, 'var/lib/dpkg/status'), after)
    return { code: 0, signal: null, stdout: '', stderr: '', timedOut: false, ...answers.shift() }
  }
  return { root, calls, dpkg: createDpkg({ run }, { root, ...(now === undefined ? {} : { now }) }) }
}

function stanza(name: string, status: string, version: string): string {
  return `Package: ${name}\nStatus: ${status}\nArchitecture: all\nVersion: ${version}\n\n`
}
