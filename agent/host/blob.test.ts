import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sha256 } from '../../schemas/hash.ts'
import { createBlobStore } from './blob.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-blob-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

const bytes = Buffer.from('hello\n')
const name = sha256(bytes)

describe('a blob store', () => {
  it('reads what was put, and lets only its owner see it', async () => {
    const store = createBlobStore(dir)
    expect(store.has(name)).toBe(false)
    await store.put(name, [bytes])
    expect(store.has(name)).toBe(true)
    expect(await store.read(name)).toEqual(bytes)
    expect(statSync(store.path(name)).mode & 0o777).toBe(0o600)
  })

  it('refuses bytes that are not what the name says, and keeps nothing of them', async () => {
    const store = createBlobStore(dir)
    await expect(store.put(name, [Buffer.from('other')])).rejects.toThrow(`Cannot get content "${name}"`)
    expect(readdirSync(dir)).toEqual([])
  })

  it('fetches once what it lacks', async () => {
    const asked: string[] = []
    const store = createBlobStore(dir, async (sha) => {
      asked.push(sha)
      return [bytes]
    })
    await store.read(name)
    await store.read(name)
    expect(asked).toEqual([name])
  })

  it('fetches again what was damaged on the disk', async () => {
    const store = createBlobStore(dir, async () => [bytes])
    await store.put(name, [bytes])
    writeFileSync(store.path(name), 'jello\n')
    expect(Buffer.from(await store.read(name))).toEqual(bytes)
  })

  it.each([
    { title: 'has nobody to ask', fetchBlob: undefined, reason: 'it is not in the store' },
    {
      title: 'gets other bytes',
      fetchBlob: async () => [Buffer.from('x')],
      reason: 'the bytes that came for it',
    },
  ])('says blob-missing when it $title', async ({ fetchBlob, reason }) => {
    await expect(createBlobStore(dir, fetchBlob).read(name)).rejects.toMatchObject({
      code: 'blob-missing',
      message: expect.stringContaining(reason),
    })
  })

  it('says blob-missing with the cause when fetching fails', async () => {
    const cause = new Error('server is gone')
    const store = createBlobStore(dir, () => Promise.reject(cause))
    await expect(store.read(name)).rejects.toMatchObject({ code: 'blob-missing', cause })
  })

  it('copies what it fetches in pieces, and again what was damaged', async () => {
    const store = createBlobStore(dir, async () => [bytes.subarray(0, 2), bytes.subarray(2)])
    const copies = ['a', 'b', 'c'].map((one) => join(dir, one))
    for (const [at, copy] of copies.entries()) {
      if (at === 2) writeFileSync(store.path(name), 'jello\n')
      await store.copyTo(name, copy)
    }
    expect(copies.map((copy) => readFileSync(copy, 'utf8'))).toEqual(['hello\n', 'hello\n', 'hello\n'])
  })

  it('leaves nothing behind of what came in pieces and is something else, or ends too soon', async () => {
    const broken = async function* () {
      yield bytes.subarray(0, 2)
      throw new Error('the line was cut')
    }
    for (const fetched of [[Buffer.from('x')], broken()]) {
      const store = createBlobStore(dir, async () => fetched)
      await expect(store.copyTo(name, join(dir, 'copy'))).rejects.toMatchObject({ code: 'blob-missing' })
      expect(readdirSync(dir)).toEqual([])
    }
  })

  it('prune() removes all but what is named', async () => {
    const store = createBlobStore(dir)
    const other = sha256('other')
    await store.put(name, [bytes])
    await store.put(other, [Buffer.from('other')])
    store.prune(new Set([name]))
    expect([name, other].map(store.has)).toEqual([true, false])
  })
})
