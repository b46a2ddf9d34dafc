/** Real programs and files in a folder of this test's own. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createExec } from '../host/exec.ts'
import { collectCustom, type FactValues } from './custom.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(homedir(), '.rekindle-facts-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const collect = (lastGood: FactValues = {}, timeoutMs = 20_000) =>
  collectCustom({ exec: createExec(), dir, lastGood, timeoutMs })

function put(name: string, text: string, mode = 0o755): string {
  const path = join(dir, name)
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

const script = (body: string) => `#!/bin/sh\n${body}\n`

describe('collectCustom()', () => {
  it('is empty without the folder', async () => {
    expect(await collectCustom({ exec: createExec(), dir: join(dir, 'none'), lastGood: { a: 1 } })).toEqual({
      values: {},
      problems: [],
    })
  })

  it('takes what a program prints and what a JSON file holds, by their names', async () => {
    put('rack.sh', script('echo \'{"row": 4}\''))
    put('zone', script('echo \'"b"\''))
    put('owner.json', '["ops"]\n', 0o644)
    put('README.md', 'not a fact', 0o644)
    put('.rekindle-1-x-rack.sh', 'half', 0o644)
    put('rack.sh~', 'old')
    expect(await collect({ gone: 1 })).toEqual({
      values: { owner: ['ops'], rack: { row: 4 }, zone: 'b' },
      problems: [],
    })
  })

  it('gives a program nothing of the agent’s environment', async () => {
    process.env.REKINDLE_TEST_SECRET = 'x'
    try {
      put('env', script('printf \'"%s %s"\' "$REKINDLE_TEST_SECRET" "$PWD"'))
      expect((await collect()).values).toEqual({ env: ' /' })
    } finally {
      delete process.env.REKINDLE_TEST_SECRET
    }
  })

  it.each<[string, string, string, number, string]>([
    ['prints no JSON', 'bad', script('echo hello'), 0o755, 'it gives no JSON: '],
    ['prints nothing', 'bad', script('true'), 0o755, 'it gives nothing, which is no JSON'],
    [
      'fails',
      'bad.py',
      script('echo first >&2; echo no rack >&2; exit 3'),
      0o755,
      'it exited with 3: no rack',
    ],
    ['is killed', 'bad', script('kill -9 $$'), 0o755, 'it was ended by SIGKILL'],
    [
      'prints too much',
      'bad',
      script('head -c 70000 /dev/zero | tr "\\0" 1'),
      0o755,
      'it gives more than 64 KiB',
    ],
    ['names no interpreter that is there', 'bad', '#!/nonexistent\n', 0o755, 'no such program'],
    ['is a cut-off JSON file', 'bad.json', '{"a": ', 0o644, 'it gives no JSON: '],
    ['is too large a JSON file', 'bad.json', '1'.repeat(70_000), 0o644, 'it gives more than 64 KiB'],
    [
      'nests too deep',
      'bad.json',
      '['.repeat(9000) + ']'.repeat(9000),
      0o644,
      'it is nested more than 20 deep',
    ],
    ['is not executable', 'bad.sh', script('echo 1'), 0o644, 'it is neither executable nor named *.json'],
    ['is writable for all', 'bad', script('echo 1'), 0o757, 'others can write to it (mode 757)'],
    ['is writable for its group', 'bad.json', '1', 0o664, 'others can write to it (mode 664)'],
  ])(
    'one that %s is told with its reason, keeps its last good value, and spares the others',
    async (_, ...given) => {
      const [name, text, mode, reason] = given
      const source = put(name, text, mode)
      put('good.json', '1', 0o644)
      const { values, problems } = await collect({ bad: 'before' })
      expect(values).toEqual({ bad: 'before', good: 1 })
      expect(problems).toEqual([{ fact: 'bad', source, reason: expect.stringContaining(reason), kept: true }])
      expect((await collect()).values).toEqual({ good: 1 })
    },
  )

  it('one that takes too long is ended, with what it started', async () => {
    const source = put('slow', script('sleep 1000 & wait'))
    expect((await collect({}, 200)).problems).toEqual([
      { fact: 'slow', source, reason: 'it did not end within 0.2 seconds and was killed', kept: false },
    ])
  })

  it('runs nothing of a folder that others can write to', async () => {
    put('rack', script('echo 1'))
    chmodSync(dir, 0o777)
    const { values, problems } = await collect()
    expect([values, problems[0]?.reason]).toEqual([{}, `${dir}: others can write to it (mode 777)`])
  })

  it('follows no links, and takes no directory and no bad name for a fact', async () => {
    symlinkSync('/bin/true', join(dir, 'link'))
    mkdirSync(join(dir, 'folder'))
    put('Bad-Name.json', '1', 0o644)
    expect((await collect()).problems.map(({ fact, reason }) => [fact, reason])).toEqual([
      ['Bad-Name', 'a fact is named with lower-case letters, digits and underscores, a letter first'],
      ['folder', 'it is no regular file'],
      ['link', 'it is no regular file'],
    ])
  })

  it('two files for one fact are a problem, not a race', async () => {
    put('rack.json', '1', 0o644)
    put('rack.sh', script('echo 2'))
    expect(await collect()).toMatchObject({
      values: {},
      problems: [{ reason: 'two files give it; remove one' }],
    })
  })

  it('leaves out what is too much in all', async () => {
    for (let n = 10; n < 20; n++) put(`f${n}.json`, JSON.stringify('x'.repeat(60_000)), 0o644)
    const { values, problems } = await collect()
    expect(Object.keys(values)).toHaveLength(8)
    expect(problems.map(({ fact }) => fact)).toEqual(['f18', 'f19'])
  })
})
