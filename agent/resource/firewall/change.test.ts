import { describe, expect, test } from 'vitest'
import type { AtomicFile } from '../../host/atomic-file.ts'
import type { FileReader } from '../../host/file-reader.ts'
import { partialHost } from '../partial-host.ts'
import { changeRules, rollbackPath } from './change.ts'

interface Given {
  /** What `nft list table` prints; undefined: there is no such table. */
  readonly listed?: string
  /** What answers at the endpoint, call by call; undefined is an answer. */
  readonly silences?: readonly (string | undefined)[]
  /** A roll-back file that nobody took away, and its timer. */
  readonly isUnconfirmed?: boolean
  /** Text whose check or load nft refuses. */
  readonly refuses?: string
}

const wanted = {
  id: 'firewall:inet filter',
  title: 'inet filter',
  params: { confirm: { host: '192.0.2.1', port: 8140, seconds: 1 } },
  where: 'a.ts:1',
} as const
const path = rollbackPath('inet filter')

/** Every step that would change the host, in order. */
function hostWith({ listed, silences = [], isUnconfirmed = false, refuses = 'nothing' }: Given) {
  const steps: string[] = []
  let asked = 0
  const answer = (code: number, stdout = '', stderr = '') =>
    Promise.resolve({ code, stdout, stderr, signal: null, timedOut: false })
  const host = partialHost({
    exec: {
      run: (argv, { stdin = '' } = {}) => {
        const line = argv.join(' ')
        if (line.includes(' list table ')) {
          return listed === undefined ? answer(1, '', 'Error: No such file or directory') : answer(0, listed)
        }
        if (!line.includes('--check')) steps.push(line === 'nft -f -' ? `load ${stdin.trim()}` : line)
        return stdin.includes(refuses) ? answer(1, '', `syntax error near ${refuses}`) : answer(0)
      },
    },
    files: {
      exists: (one: string) => one.endsWith('/nft') || (isUnconfirmed && one === path),
      stat: () => ({ kind: 'directory' }),
    } as unknown as FileReader,
    write: {
      putFile: (one: string, { content }: { content: Uint8Array }) => {
        steps.push(`write ${one}: ${Buffer.from(content).toString().trim().split('\n').at(-1)}`)
        return Promise.resolve()
      },
      remove: (one: string) => {
        steps.push(`remove ${one}`)
        return Promise.resolve()
      },
    } as unknown as AtomicFile,
    timers: {
      list: () => Promise.resolve(isUnconfirmed ? ['earlier'] : []),
      arm: (_name, { afterSeconds, argv }) => {
        steps.push(`arm in ${afterSeconds} s: ${argv.join(' ')}`)
        return Promise.resolve()
      },
      disarm: (name) => {
        steps.push(name === 'earlier' ? 'disarm earlier' : 'disarm')
        return Promise.resolve()
      },
    },
    reachability: { server: undefined, check: () => Promise.resolve(silences[asked++]) },
  })
  return { host, steps }
}

const armed = [`write ${path}: old rules`, `arm in 12 s: nft -f ${path}`]

describe('changeRules()', () => {
  test('arms the way back before the change, and takes it away once it is confirmed', async () => {
    const { host, steps } = hostWith({ listed: 'old rules' })
    await changeRules(host, wanted, 'new rules')
    expect(steps).toEqual([...armed, 'load new rules', 'disarm', `remove ${path}`])
  })

  test('goes back when nobody answers, and only then takes the way back away', async () => {
    const { host, steps } = hostWith({ listed: 'old rules', silences: [undefined, 'ECONNREFUSED'] })
    await expect(changeRules(host, wanted, 'new rules')).rejects.toThrow(
      'could not be reached (ECONNREFUSED)',
    )
    expect(steps).toEqual([...armed, 'load new rules', `nft -f ${path}`, 'disarm', `remove ${path}`])
  })

  test('a table that was not there goes again', async () => {
    const { host, steps } = hostWith({})
    await changeRules(host, wanted, 'new rules')
    expect(steps[0]).toBe(`write ${path}: delete table inet filter`)
  })

  test('does nothing when nobody answers before the change either', async () => {
    const { host, steps } = hostWith({ listed: 'old rules', silences: ['ECONNREFUSED'] })
    await expect(changeRules(host, wanted, 'new rules')).rejects.toThrow('before the change either')
    expect(steps).toEqual([])
  })

  test('rules that nft refuses leave the way back to nobody', async () => {
    const { host, steps } = hostWith({ listed: 'old rules', refuses: 'new' })
    await expect(changeRules(host, wanted, 'new rules')).rejects.toThrow('syntax error near new')
    expect(steps).toEqual([...armed, 'load new rules', 'disarm', `remove ${path}`])
  })

  test('of a change that nobody confirmed, the rules before it stay the way back, and its timer goes last', async () => {
    const { host, steps } = hostWith({ listed: 'unconfirmed rules', isUnconfirmed: true })
    await changeRules(host, wanted, 'new rules')
    expect(steps).toEqual([
      `arm in 12 s: nft -f ${path}`,
      'disarm earlier',
      'load new rules',
      'disarm',
      `remove ${path}`,
    ])
  })

  // A way back that nft refuses is none: the host would have stayed locked out.
  test.each([
    ['old rules', 'old', 'syntax error near old'],
    // As nft 1.0.6 lists what iptables-nft has made.
    [
      'table ip nat {\n\tchain POSTROUTING {\n\t\tcounter packets 0 bytes 0 xt target "MASQUERADE"\n\t}\n}',
      'nothing',
      'xt target "MASQUERADE"',
    ],
    ['\t\tmeta l4proto tcp # xt_tcp counter accept', 'nothing', 'iptables has made'],
  ])('changes nothing where nft could not bring back %j', async (listed, refuses, reason) => {
    const { host, steps } = hostWith({ listed, refuses })
    await expect(changeRules(host, wanted, 'new rules')).rejects.toThrow(reason)
    expect(steps).toEqual([])
  })

  test('asks nobody where nobody is to be asked', async () => {
    const { host, steps } = hostWith({ listed: 'old rules', silences: ['ECONNREFUSED'] })
    await changeRules(host, { ...wanted, params: { confirm: false } }, 'new rules')
    expect(steps).toEqual(['load new rules'])
  })
})
