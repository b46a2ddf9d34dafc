import { execFileSync } from 'node:child_process'
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAtomicFile } from './atomic-file.ts'

let dir: string
let path: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-atomic-'))
  path = join(dir, 'motd')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const bytes = (text: string) => new TextEncoder().encode(text)
const modeOf = (at: string) => lstatSync(at).mode & 0o7777

/** What may stand at a path before something is put there. */
const before: Record<string, () => void> = {
  nothing: () => {},
  'a file': () => writeFileSync(path, 'old'),
  'a link': () => symlinkSync('/etc/hostname', path),
  'a FIFO': () => execFileSync('mkfifo', [path]),
  'a full directory': () => {
    mkdirSync(join(path, 'sub'), { recursive: true })
    writeFileSync(join(path, 'sub/file'), 'old')
  },
}

describe.each(Object.keys(before))('over %s', (kind) => {
  beforeEach(() => before[kind]?.())
  afterEach(() => {
    expect(readdirSync(dir), 'a temporary is left').toEqual(['motd'])
  })

  it('putFile() leaves the new file with its mode', async () => {
    await createAtomicFile().putFile(path, { content: bytes('new'), mode: 0o4640 })
    expect(lstatSync(path).isFile()).toBe(true)
    expect(readFileSync(path, 'utf8')).toBe('new')
    expect(modeOf(path)).toBe(0o4640)
  })

  it('putFiles() leaves the new file with its mode', async () => {
    await createAtomicFile().putFiles([{ path, content: bytes('new'), mode: 0o4640 }])
    expect(readFileSync(path, 'utf8')).toBe('new')
    expect(modeOf(path)).toBe(0o4640)
  })

  it('putLink() leaves the link', async () => {
    await createAtomicFile().putLink(path, '../elsewhere', {})
    expect(readlinkSync(path)).toBe('../elsewhere')
  })
})

it.each(Object.keys(before).filter((kind) => kind !== 'a full directory'))(
  'putDirectory() over %s leaves an empty directory with its mode',
  async (kind) => {
    before[kind]?.()
    await createAtomicFile().putDirectory(path, { mode: 0o1777 })
    expect(readdirSync(dir)).toEqual(['motd'])
    expect(readdirSync(path)).toEqual([])
    expect(modeOf(path)).toBe(0o1777)
  },
)

describe('putFile()', () => {
  it('lets the check see the final mode and content, and keeps the old file when it throws', async () => {
    writeFileSync(path, 'old')
    const seen: unknown[] = []
    const put = createAtomicFile().putFile(path, {
      content: bytes('new'),
      mode: 0o600,
      check: async (temporary) => {
        seen.push(readFileSync(temporary, 'utf8'), modeOf(temporary), readFileSync(path, 'utf8'))
        throw new Error('refused')
      },
    })
    await expect(put).rejects.toThrow('Cannot write')
    expect(seen).toEqual(['new', 0o600, 'old'])
    expect(readFileSync(path, 'utf8')).toBe('old')
    expect(readdirSync(dir)).toEqual(['motd'])
  })

  it('does not write through a link to what it points to', async () => {
    const target = join(dir, 'target')
    writeFileSync(target, 'kept')
    symlinkSync(target, path)
    await createAtomicFile().putFile(path, { content: bytes('new'), mode: 0o644 })
    expect(readFileSync(target, 'utf8')).toBe('kept')
  })

  it('says which directory is missing', async () => {
    const put = createAtomicFile().putFile(join(dir, 'no/motd'), { content: bytes(''), mode: 0o644 })
    await expect(put).rejects.toMatchObject({
      code: 'apply-failed',
      message: `Cannot write "${dir}/no/motd": directory "${dir}/no" does not exist (ENOENT)`,
      hint: `Declare file "${dir}/no" with ensure "directory"`,
    })
  })

  it('removes what a killed process left behind, and not what a living one writes at', async () => {
    const random = '0123456789abcdef0123456789abcdef'
    // The id of a process that has ended; the machine's first process always lives.
    const dead = execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }).trim()
    const living = `.rekindle-1-${random}-motd`
    for (const name of [`.rekindle-${dead}-${random}-motd`, `.rekindle-${process.pid}-${random}-x`, living])
      writeFileSync(join(dir, name), 'half')
    await createAtomicFile().putFile(path, { content: bytes('new'), mode: 0o644 })
    expect(readdirSync(dir).sort()).toEqual([living, 'motd'])
  })
})

describe('setAttributes()', () => {
  it('changes the mode alone when that is all it gets', async () => {
    writeFileSync(path, 'x')
    const { uid, gid } = statSync(path)
    await createAtomicFile().setAttributes(path, { mode: 0o2755 })
    expect(lstatSync(path)).toMatchObject({ uid, gid })
    expect(modeOf(path)).toBe(0o2755)
  })

  it('leaves alone what a link points to', async () => {
    const target = join(dir, 'target')
    writeFileSync(target, '', { mode: 0o600 })
    symlinkSync(target, path)
    await createAtomicFile().setAttributes(path, { mode: 0o777 })
    expect(modeOf(target)).toBe(0o600)
  })

  it('says that the file is gone', async () => {
    await expect(createAtomicFile().setAttributes(path, { mode: 0o644 })).rejects.toMatchObject({
      message: `Cannot write "${path}": it is gone`,
    })
  })

  it.runIf(process.getuid?.() === 0)('keeps setuid when the owner changes', async () => {
    writeFileSync(path, 'x')
    await createAtomicFile().setAttributes(path, { uid: 1, gid: 1, mode: 0o4755 })
    await createAtomicFile().setAttributes(path, { uid: 2 })
    expect(lstatSync(path)).toMatchObject({ uid: 2, gid: 1 })
    expect(modeOf(path)).toBe(0o4755)
  })
})

describe('remove()', () => {
  it.each(Object.keys(before))('removes %s', async (kind) => {
    before[kind]?.()
    await createAtomicFile().remove(path)
    expect(readdirSync(dir)).toEqual([])
  })
})

describe('putFiles()', () => {
  const file = (name: string, text = name) => ({ path: join(dir, name), content: bytes(text), mode: 0o644 })

  it('puts them all, and nothing else is left', async () => {
    writeFileSync(join(dir, 'b'), 'old')
    await createAtomicFile().putFiles([file('a'), file('b', 'new'), file('c')])
    expect(readdirSync(dir).sort()).toEqual(['a', 'b', 'c'])
    expect(readFileSync(join(dir, 'b'), 'utf8')).toBe('new')
  })

  it('moves none in when one has no directory to stand in', async () => {
    writeFileSync(join(dir, 'a'), 'old')
    await expect(createAtomicFile().putFiles([file('a'), file('no/such/b'), file('c')])).rejects.toThrow()
    expect(readdirSync(dir)).toEqual(['a'])
    expect(readFileSync(join(dir, 'a'), 'utf8')).toBe('old')
  })

  it('of none does nothing', async () => {
    await createAtomicFile().putFiles([])
    expect(readdirSync(dir)).toEqual([])
  })
})
