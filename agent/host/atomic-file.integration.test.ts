import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAtomicFile } from './atomic-file.ts'

const isRoot = process.getuid?.() === 0
let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-atomic-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const content = (size: number) => new Uint8Array(size).fill(120)

/** A file system of 64 KiB of its own, gone afterwards whatever happens. */
async function onTmpfs(use: (mount: string) => Promise<void>): Promise<void> {
  const mount = join(dir, 'mount')
  mkdirSync(mount)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'rekindle-test', mount])
  try {
    await use(mount)
  } finally {
    execFileSync('umount', [mount])
  }
}

describe.runIf(isRoot)('on a file system that takes no more', () => {
  it('putFile() keeps the old file and leaves nothing behind when the disk is full', async () => {
    await onTmpfs(async (mount) => {
      const path = join(mount, 'motd')
      writeFileSync(path, 'old')
      const put = createAtomicFile().putFile(path, { content: content(1_000_000), mode: 0o644 })
      await expect(put).rejects.toMatchObject({
        code: 'apply-failed',
        message: `Cannot write "${path}": no space is left on the file system (ENOSPC)`,
        kept: 'what stood there before',
      })
      expect(readFileSync(path, 'utf8')).toBe('old')
      expect(readdirSync(mount)).toEqual(['motd'])
    })
  })

  it('every change says that the file system is read-only, and why nothing came of it', async () => {
    await onTmpfs(async (mount) => {
      const path = join(mount, 'motd')
      writeFileSync(path, 'old')
      const tree = join(mount, 'tree')
      mkdirSync(tree)
      writeFileSync(join(tree, 'file'), 'old')
      execFileSync('mount', ['-o', 'remount,ro', mount])
      const write = createAtomicFile()
      const failure = { message: `Cannot write "${path}": the file system is read-only (EROFS)` }
      await expect(write.putFile(path, { content: content(1), mode: 0o644 })).rejects.toMatchObject(failure)
      await expect(write.setAttributes(path, { mode: 0o600 })).rejects.toMatchObject(failure)
      await expect(write.remove(path)).rejects.toMatchObject(failure)
      await expect(write.remove(tree)).rejects.toMatchObject({ message: expect.stringContaining('(EROFS)') })
      expect(readFileSync(path, 'utf8')).toBe('old')
    })
  })

  it('a directory that is a mount point is not replaced', async () => {
    await onTmpfs(async (mount) => {
      writeFileSync(join(mount, 'inside'), 'kept')
      const put = createAtomicFile().putFile(mount, { content: content(1), mode: 0o644 })
      await expect(put).rejects.toMatchObject({ message: expect.stringContaining('it is in use') })
      expect(readFileSync(join(mount, 'inside'), 'utf8')).toBe('kept')
      expect(readdirSync(dir)).toEqual(['mount'])
    })
  })
})

describe('a process that is killed while it writes', () => {
  const oldText = 'old\n'.repeat(20_000)
  const newText = 'new\n'.repeat(20_000)
  const writer = `
    import { createAtomicFile } from ${JSON.stringify(join(import.meta.dirname, 'atomic-file.ts'))}
    const write = createAtomicFile()
    const texts = [${JSON.stringify('new\n')}.repeat(20000), ${JSON.stringify('old\n')}.repeat(20000)]
    for (let turn = 0; ; turn++) {
      await write.putFile(process.argv[1], { content: Buffer.from(texts[turn % 2]), mode: 0o644 })
      if (turn === 0) console.log('writing')
    }`

  it('leaves the old or the new content, whole, and the next write clears up', async () => {
    const path = join(dir, 'motd')
    writeFileSync(path, oldText)
    for (let round = 0; round < 8; round++) {
      const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', writer, path], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const exit = once(child, 'exit')
      await once(child.stdout, 'data')
      // Each round a little further into the writer's loop.
      for (let turn = 0; turn < round * 7; turn++) readFileSync(path)
      child.kill('SIGKILL')
      await exit
      expect([oldText, newText].includes(readFileSync(path, 'utf8')), 'half of a file').toBe(true)
    }
    await createAtomicFile().putFile(path, { content: content(3), mode: 0o644 })
    expect(readdirSync(dir)).toEqual(['motd'])
  })
})
