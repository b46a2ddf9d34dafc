/**
 * The value that the kernel has now, in a network namespace of its own: keys of net.* are per namespace, so that the
 * machine's stay as they are. The type runs in a child process there, with a folder of its own over /etc/sysctl.d.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const canUnshare = process.platform === 'linux' && process.getuid?.() === 0

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-sysctl-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

/** Converges each in turn, and gives what differed before, what the kernel has after, and what failed. */
const script = `
import { createHost } from '${join(import.meta.dirname, '../host/real-host.ts')}'
import { sysctl } from '${join(import.meta.dirname, 'sysctl.ts')}'
const host = createHost({ stateDir: process.argv[2] })
const results = []
for (const { title, params } of JSON.parse(process.argv[3])) {
  const wanted = { id: 'sysctl:' + title, title, params, where: 'a.ts:1' }
  const look = () => {
    const state = sysctl.read(host, [wanted]).get(wanted.id)
    if (state instanceof Error) throw state
    return { state, changes: sysctl.diff(wanted, state) }
  }
  try {
    const { state, changes } = look()
    if (changes.length > 0) await sysctl.apply(host, wanted, state, changes)
    const after = look()
    results.push({ changes: changes.map(({ property }) => property), left: after.changes, live: after.state.live })
  } catch (error) {
    results.push({ error: error.message, kept: error.kept })
  }
}
console.log(JSON.stringify(results))
`

function converge(resources: readonly { title: string; params: object }[]): unknown {
  const program = `mkdir -p "$0/sysctl.d" && ip link add rk.1 type bridge && mount --bind "$0/sysctl.d" /etc/sysctl.d && exec "$@"`
  const node = [process.execPath, '--input-type=module-typescript', '-', dir, JSON.stringify(resources)]
  const argv = ['--net', '--mount', '--propagation', 'private', 'sh', '-c', program, dir, ...node]
  return JSON.parse(execFileSync('unshare', argv, { input: script, encoding: 'utf8' }))
}

describe.skipIf(!canUnshare)('sysctl in a network namespace', () => {
  it('sets what the kernel has, finds several values alike, and changes nothing a second time', () => {
    const forward = { title: 'net.ipv4.ip_forward', params: { value: 1 } }
    const ports = { title: 'net.ipv4.ip_local_port_range', params: { value: '20000 60999' } }
    const before = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')
    expect(converge([forward, forward, ports, ports])).toEqual([
      { changes: ['boot', 'value'], left: [], live: '1' },
      { changes: [], left: [], live: '1' },
      { changes: ['boot', 'value'], left: [], live: '20000\t60999' },
      { changes: [], left: [], live: '20000\t60999' },
    ])
    expect(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')).toBe(before)
  })

  it('finds the key of an interface with a dot in its name', () => {
    const key = { title: 'net.ipv4.conf.rk/1.forwarding', params: { value: 1 } }
    expect(converge([key])).toEqual([{ changes: ['boot', 'value'], left: [], live: '1' }])
  })

  it('says why the kernel does not take a value', () => {
    expect(converge([{ title: 'net.ipv4.ip_local_port_range', params: { value: 'many' } }])).toEqual([
      {
        error: expect.stringContaining('it is no value of this key, or out of its range'),
        kept: expect.stringContaining('the file for the boot is written'),
      },
    ])
  })
})
