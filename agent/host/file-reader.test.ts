import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sha256 } from '../../schemas/hash.ts'
import { createFileReader, type FileReader, type FileStat } from './file-reader.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-reader-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

function statOf(reader: FileReader, path: string): FileStat {
  const stat = reader.stat(path)
  if (stat === undefined) throw new Error(`nothing at ${path}`)
  return stat
}

describe('stat()', () => {
  it('tells kinds apart and follows no link', () => {
    const reader = createFileReader()
    writeFileSync(join(dir, 'f'), 'abc', { mode: 0o640 })
    mkdirSync(join(dir, 'd'))
    symlinkSync('nowhere', join(dir, 'l'))
    execFileSync('mkfifo', [join(dir, 'p')])
    expect(statOf(reader, join(dir, 'f'))).toMatchObject({ kind: 'file', size: 3, mode: 0o640 })
    expect(['d', 'l', 'p'].map((name) => statOf(reader, join(dir, name)).kind)).toEqual([
      'directory',
      'symlink',
      'fifo',
    ])
    expect(statOf(reader, '/dev/null').kind).toBe('device')
    expect(reader.readLink(join(dir, 'l'))).toBe('nowhere')
    expect(reader.exists(join(dir, 'l'))).toBe(false)
  })

  it('finds nothing where nothing is, and where a parent is a file', () => {
    const reader = createFileReader()
    writeFileSync(join(dir, 'f'), '')
    expect(reader.stat(join(dir, 'missing'))).toBeUndefined()
    expect(reader.stat(join(dir, 'f/below'))).toBeUndefined()
    expect(reader.exists(join(dir, 'f/below'))).toBe(false)
  })
})

describe('sha256()', () => {
  it.each([0, 1, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, 700_000])('hashes %i bytes', (size) => {
    const reader = createFileReader()
    const path = join(dir, 'f')
    const bytes = Buffer.alloc(size, 'xyz')
    writeFileSync(path, bytes)
    expect(reader.sha256(path, statOf(reader, path))).toBe(sha256(bytes))
    expect(reader.read(path).equals(bytes)).toBe(true)
  })

  it('sees a write in the same tick of the clock, which leaves size and times as they were', () => {
    const reader = createFileReader()
    const path = join(dir, 'f')
    writeFileSync(path, 'old')
    const stat = statOf(reader, path)
    expect(reader.sha256(path, stat)).toBe(sha256('old'))
    writeFileSync(path, 'new')
    expect(reader.sha256(path, stat)).toBe(sha256('new'))
  })

  it('does not read again what has not moved for two seconds', () => {
    const path = join(dir, 'f')
    writeFileSync(path, 'old')
    const changedMs = statSync(path).ctimeMs
    const reader = createFileReader(() => changedMs + 2001)
    const stat = statOf(reader, path)
    reader.sha256(path, stat)
    // Under the same stat, a remembered hash is told although the bytes are others: this is the positive control.
    writeFileSync(path, 'new')
    expect(reader.sha256(path, stat)).toBe(sha256('old'))
  })

  it('reads again when the content changed and mtime was set back', () => {
    const path = join(dir, 'f')
    writeFileSync(path, 'old')
    const { atime, mtime, ctimeMs } = statSync(path)
    const reader = createFileReader(() => ctimeMs + 2001)
    reader.sha256(path, statOf(reader, path))
    do {
      writeFileSync(path, 'new')
      utimesSync(path, atime, mtime)
    } while (statSync(path).ctimeMs === ctimeMs)
    expect(reader.sha256(path, statOf(reader, path))).toBe(sha256('new'))
  })

  it('follows no link that was put in the way', () => {
    const reader = createFileReader()
    const path = join(dir, 'f')
    writeFileSync(path, '')
    const stat = statOf(reader, path)
    rmSync(path)
    symlinkSync('/etc/hostname', path)
    expect(() => reader.sha256(path, stat)).toThrow(/ELOOP/)
  })
})
