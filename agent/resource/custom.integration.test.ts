import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { CustomParams } from '../../schemas/generated/types.ts'
import { sha256 } from '../../schemas/hash.ts'
import { keepBlob } from '../host/keep-blob.ts'
import { createHost } from '../host/real-host.ts'
import { custom } from './custom.ts'
import type { Wanted } from './resource-type.ts'
import { customTypeContract } from './testing.ts'

const dir = mkdtempSync(join(tmpdir(), 'rekindle-custom-'))
afterAll(() => rmSync(dir, { recursive: true }))

/** The script that docs/custom-types.md shows. */
function documentedScript(): string {
  const doc = readFileSync(join(import.meta.dirname, '../../docs/custom-types.md'), 'utf8')
  const text = /```python\n(.*?)```/s.exec(doc)?.[1]
  if (text === undefined) throw new Error('docs/custom-types.md shows no script')
  return text
}

const script = join(dir, 'line.py')
writeFileSync(script, documentedScript())
const greeting = join(dir, 'greeting')

customTypeContract({
  name: 'line',
  script,
  sensitive: ['text'],
  cases: [
    {
      title: 'the text is another',
      resource: 'greeting',
      params: { path: greeting, text: 'hello' },
      breakIt: () => writeFileSync(greeting, 'hi\n'),
      snapshot: () => readFileSync(greeting, 'utf8'),
      secrets: ['hello', 'hi'],
    },
  ],
})

const host = createHost({ stateDir: join(dir, 'state') })
const shell = (body: string) => `#!/bin/sh\n${body}\n`

function wantedOf(text: string, fields: Partial<CustomParams> = {}, title = 'thing/a'): Wanted<CustomParams> {
  const blob = { sha256: sha256(text), size: text.length }
  keepBlob(host, Buffer.from(text))
  return { id: `custom:${title}`, title, params: { params: {}, blob, ...fields }, where: 'role/web.ts:3' }
}

async function stateOf(wanted: Wanted<CustomParams>): Promise<unknown> {
  const state = (await custom.read(host, [wanted])).get(wanted.id)
  if (state instanceof Error) throw state
  return state
}

describe('read()', () => {
  it('asks one process about all resources of a script', async () => {
    const log = join(dir, 'asked')
    const answer = '{"version":1,"resources":[{"title":"a"},{"title":"b/c","error":"no such thing"}]}'
    const text = shell(`cat >> ${log}; echo >> ${log}; echo '${answer}'`)
    const reading = await custom.read(host, [wantedOf(text), wantedOf(text, {}, 'thing/b/c')])
    expect(reading.get('custom:thing/a')).toEqual({ changes: [] })
    expect(reading.get('custom:thing/b/c')).toMatchObject({
      message: 'Cannot check thing "b/c": no such thing',
    })
    expect(readFileSync(log, 'utf8').trim().split('\n')).toEqual([
      '{"version":1,"action":"check","type":"thing","resources":[{"title":"a","params":{}},{"title":"b/c","params":{}}]}',
    ])
  })

  it.each<[string, string, Partial<CustomParams>, string]>([
    ['that fails', shell('echo broken >&2; exit 3'), {}, 'its script exited with 3: broken'],
    ['that takes too long', shell('sleep 60'), { timeout: 0.1 }, 'did not end within 0.1 seconds'],
    ['that answers in prose', shell('echo fine'), {}, 'did not answer in JSON as the protocol asks'],
    ['that answers something else', shell('echo "{}"'), {}, 'did not answer in JSON as the protocol asks'],
    [
      'that leaves one out',
      shell(`echo '{"version":1,"resources":[]}'`),
      {},
      'its script gave no answer for it',
    ],
    ['without an interpreter', 'print 1', {}, 'names no interpreter (#!)'],
    ['whose interpreter is not there', '#!/no/such\n', {}, 'its script cannot be started'],
  ])('fails for a script %s', async (_, text, fields, message) => {
    await expect(stateOf(wantedOf(text, fields))).rejects.toMatchObject({
      code: 'resource-unreadable',
      message: expect.stringContaining(message),
      where: 'role/web.ts:3',
    })
  })

  it('cuts what is sensitive out of what a script prints', async () => {
    const wanted = wantedOf(shell('echo "bad password hunter2" >&2; exit 1'), {
      params: { password: 'hunter2' },
      sensitive: ['password'],
    })
    await expect(stateOf(wanted)).rejects.toThrow('bad password [redacted]')
  })
})

describe('apply()', () => {
  it('tells the output, and fails with the error that the script names', async () => {
    const say = (answer: object) =>
      shell(`echo '${JSON.stringify({ version: 1, resources: [{ title: 'a', ...answer }] })}'`)
    expect(await custom.apply(host, wantedOf(say({ output: 'done' })))).toEqual({ output: 'done' })
    await expect(custom.apply(host, wantedOf(say({ error: 'disk full' })))).rejects.toMatchObject({
      code: 'apply-failed',
      message: 'Cannot apply thing "a": disk full',
    })
  })
})

describe('refresh()', () => {
  it('is asked for only of a script that knows it', async () => {
    const log = join(dir, 'refreshed')
    writeFileSync(log, '')
    const text = shell(`cat >> ${log}; echo '{"version":1,"resources":[]}'`)
    await custom.refresh(host, wantedOf(text))
    expect(readFileSync(log, 'utf8')).toBe('')
    await custom.refresh(host, wantedOf(text, { canRefresh: true }))
    expect(readFileSync(log, 'utf8')).toContain('"action":"refresh"')
  })
})
