import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FileParams } from '../../schemas/generated/types.ts'
import { sha256 } from '../../schemas/hash.ts'
import type { Host } from '../host/host.ts'
import { keepBlob } from '../host/keep-blob.ts'
import { createHost } from '../host/real-host.ts'
import { type ContractCase, resourceTypeContract } from './contract.ts'
import { file } from './file.ts'
import type { Wanted } from './resource-type.ts'

let dir: string
let managed: string
let host: Host
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-file-'))
  managed = join(dir, 'managed')
  mkdirSync(managed)
  host = createHost({ stateDir: join(dir, 'state') })
})
afterEach(() => rmSync(dir, { recursive: true }))

const path = () => join(managed, 'motd')

function wantedOf(params: FileParams, title = path()): Wanted<FileParams> {
  return { id: `file:${title}`, title, params, where: 'site.ts:7' }
}

function content(text: string): NonNullable<FileParams['blob']> {
  keepBlob(host, Buffer.from(text))
  return { sha256: sha256(text), size: Buffer.byteLength(text) }
}

function look(wanted: Wanted<FileParams>) {
  const actual = file.read(host, [wanted])
  if (actual instanceof Promise) throw new Error('reading files is synchronous')
  const state = actual.get(wanted.id)
  if (state === undefined) throw new Error('no state')
  if (state instanceof Error) throw state
  return { actual: state, changes: file.diff(wanted, state) }
}

/** One run: read, diff, apply; then nothing may differ. */
async function converge(params: FileParams): Promise<void> {
  const wanted = wantedOf(params)
  const { actual, changes } = look(wanted)
  if (changes.length > 0) await file.apply(host, wanted, actual, changes)
  expect(look(wanted).changes).toEqual([])
}

const text = () => readFileSync(path(), 'utf8')
const modeOf = (at: string) => lstatSync(at).mode & 0o7777
const kept = () => host.backups.list(path()).map((entry) => entry.sha256)

describe('content', () => {
  it('is written with mode 0644 where nothing was', async () => {
    await converge({ blob: content('new\n') })
    expect(text()).toBe('new\n')
    expect(modeOf(path())).toBe(0o644)
    expect(kept()).toEqual([])
  })

  it('is replaced, the mode that is not managed stays, and the old content is kept', async () => {
    writeFileSync(path(), 'old\n')
    chmodSync(path(), 0o640)
    await converge({ blob: content('new\n') })
    expect(modeOf(path())).toBe(0o640)
    expect(kept()).toEqual([sha256('old\n')])
    expect(readFileSync(host.backups.contentPath(sha256('old\n')), 'utf8')).toBe('old\n')
  })

  it('is not kept when backup is false', async () => {
    writeFileSync(path(), 'old\n')
    await converge({ blob: content('new\n'), backup: false })
    expect(kept()).toEqual([])
  })

  it('of any bytes is written as it is', async () => {
    const bytes = Buffer.from([0xc0, 0xff, 0, 10])
    keepBlob(host, bytes)
    await converge({ blob: { sha256: sha256(bytes), size: 4 } })
    expect(readFileSync(path())).toEqual(bytes)
  })

  it('that is not on the host leaves the old file', async () => {
    writeFileSync(path(), 'old\n')
    const missing = { blob: { sha256: sha256('nowhere'), size: 7 } }
    await expect(converge(missing)).rejects.toMatchObject({ code: 'blob-missing' })
    expect(text()).toBe('old\n')
  })

  it('that its author never had compiled is refused', () => {
    expect(() => look(wantedOf({ content: 'x' }))).toThrow(`Cannot read file "${path()}"`)
  })
})

describe('validate', () => {
  it('sees the new content with its final mode and name’s end, and lets it in', async () => {
    const script = 'cat "$1" && ls -l "$1" | cut -c1-10 && case "$1" in *-motd) ;; *) exit 9;; esac'
    const validate = ['sh', '-c', `{ ${script}; } > ${dir}/seen`, 'sh', '%']
    await converge({ blob: content('new\n'), mode: '0600', validate })
    expect(readFileSync(join(dir, 'seen'), 'utf8')).toBe('new\n-rw-------\n')
  })

  it('keeps bad content out, says the tool’s answer, and leaves nothing behind', async () => {
    writeFileSync(path(), 'old\n')
    const validate = ['sh', '-c', 'echo "$1: line 3 is bad" >&2; exit 7', 'sh', '%']
    await expect(converge({ blob: content('bad\n'), validate })).rejects.toMatchObject({
      code: 'validate-failed',
      message: `Cannot apply file "${path()}": sh exits with 7: ${path()}: line 3 is bad`,
      where: 'site.ts:7',
      kept: 'what stood there before',
    })
    expect(text()).toBe('old\n')
    expect(readdirSync(managed)).toEqual(['motd'])
    expect(kept()).toEqual([])
  })

  it('shows nothing of sensitive content', async () => {
    const validate = ['sh', '-c', 'cat "$1"; exit 1', 'sh', '%']
    const refused = converge({ blob: content('hunter2\n'), validate, sensitive: true })
    await expect(refused).rejects.toMatchObject({
      message: `Cannot apply file "${path()}": sh exits with 1: [redacted]`,
    })
  })

  it('that cannot be run keeps the old file', async () => {
    writeFileSync(path(), 'old\n')
    const refused = converge({ blob: content('new\n'), validate: 'rekindle-no-such %' })
    await expect(refused).rejects.toMatchObject({ code: 'validate-failed' })
    expect(text()).toBe('old\n')
  })
})

describe('another kind at the path', () => {
  it('a FIFO becomes a file', async () => {
    execFileSync('mkfifo', [path()])
    await converge({ blob: content('new\n') })
    expect(text()).toBe('new\n')
  })

  it('a link becomes a file, and what it points to stays', async () => {
    const target = join(dir, 'target')
    writeFileSync(target, 'kept')
    symlinkSync(target, path())
    await converge({ blob: content('new\n') })
    expect(lstatSync(path()).isFile()).toBe(true)
    expect(readFileSync(target, 'utf8')).toBe('kept')
    expect(host.backups.list(path())).toMatchObject([{ target }])
  })

  it.each<FileParams>([{ ensure: 'absent' }, { ensure: 'file' }, { target: '/etc' }])(
    'a directory stays for %j without force',
    async (params) => {
      mkdirSync(path())
      writeFileSync(join(path(), 'inside'), 'kept')
      await expect(converge(params)).rejects.toMatchObject({
        code: 'apply-failed',
        message: `Cannot apply file "${path()}": a directory stands there`,
        hint: 'Set force to true to remove it with all that is in it',
      })
      expect(readFileSync(join(path(), 'inside'), 'utf8')).toBe('kept')
    },
  )

  it('a directory goes with force, and its files are kept', async () => {
    mkdirSync(path())
    writeFileSync(join(path(), 'inside'), 'old')
    await converge({ ensure: 'absent', force: true })
    expect(readdirSync(managed)).toEqual([])
    expect(host.backups.list(join(path(), 'inside'))).toMatchObject([{ sha256: sha256('old') }])
  })

  it('nothing is changed when what is there cannot be kept', async () => {
    writeFileSync(path(), 'old\n')
    mkdirSync(join(dir, 'state'), { recursive: true })
    writeFileSync(join(dir, 'state/backup'), 'in the way')
    await expect(converge({ ensure: 'absent' })).rejects.toMatchObject({
      message: `Cannot back up "${path()}"`,
    })
    expect(text()).toBe('old\n')
  })
})

describe('links and directories', () => {
  it('a link is pointed elsewhere', async () => {
    symlinkSync('/a', path())
    await converge({ target: '../b' })
    expect(readlinkSync(path())).toBe('../b')
  })

  it('a link’s mode is not its target’s', async () => {
    const target = join(dir, 'target')
    writeFileSync(target, '', { mode: 0o600 })
    await converge({ target, mode: '0755' })
    expect(modeOf(target)).toBe(0o600)
  })

  it('a directory is made with mode 0755, and a slash at the end of its title means nothing', async () => {
    const wanted = wantedOf({ ensure: 'directory' }, `${managed}//d/`)
    const { actual, changes } = look(wanted)
    await file.apply(host, wanted, actual, changes)
    expect(modeOf(join(managed, 'd'))).toBe(0o755)
    expect(file.watch(wanted)).toEqual([join(managed, 'd')])
  })

  it('a missing parent is not made', async () => {
    const wanted = wantedOf({}, join(managed, 'no/motd'))
    const { actual, changes } = look(wanted)
    await expect(file.apply(host, wanted, actual, changes)).rejects.toMatchObject({
      hint: `Declare file "${managed}/no" with ensure "directory"`,
    })
    expect(readdirSync(managed)).toEqual([])
  })

  it('what is below a file is absent', async () => {
    writeFileSync(path(), '')
    expect(look(wantedOf({ ensure: 'absent' }, join(path(), 'below'))).changes).toEqual([])
  })
})

describe('owners', () => {
  it.each(['owner', 'group'] as const)(
    'an unknown %s fails alone, and gives nobody its bits (F43)',
    async (property) => {
      writeFileSync(path(), 'old\n')
      const params = { blob: content('new\n'), mode: '6750', [property]: 'no-such' }
      const failure = {
        code: 'apply-failed',
        message: `Cannot apply file "${path()}": ${property} "no-such" does not exist`,
        kept: `its ${property}; all else is as wanted, but for setuid and setgid bits`,
      }
      await expect(converge(params)).rejects.toMatchObject(failure)
      await expect(converge(params)).rejects.toMatchObject(failure)
      expect(text()).toBe('new\n')
      expect(modeOf(path())).toBe(0o750)
    },
  )

  it.runIf(process.getuid?.() === 0)(
    'are set by name and by number, on files, directories and links',
    async () => {
      for (const params of [{ blob: content('x') }, { ensure: 'directory' }, { target: '/a' }] as const) {
        await converge({ ...params, owner: 'nobody', group: '12' })
        expect(lstatSync(path())).toMatchObject({ uid: 65534, gid: 12 })
        rmSync(path(), { recursive: true })
      }
    },
  )
})

describe('explain()', () => {
  async function explained(params: FileParams): Promise<string | undefined> {
    writeFileSync(path(), 'old\n')
    const wanted = wantedOf({ blob: content('new\n'), ...params })
    const { actual, changes } = look(wanted)
    const [change] = await file.explain(host, wanted, actual, changes)
    expect(change?.property).toBe('content')
    return change?.diff
  }

  it('adds a diff of text', async () => {
    expect(await explained({})).toContain('-old\n+new\n')
  })

  it.each<FileParams>([{ sensitive: true }, { showDiff: false }])('adds none for %j', async (params) => {
    expect(await explained(params)).toBeUndefined()
  })
})

describe('inspect()', () => {
  async function inspected(): Promise<object> {
    const [one] = await file.inspect(host, `${managed}//motd/`)
    expect(one?.title).toBe(path())
    const { owner: _, group: __, ...params } = one?.params ?? {}
    return params
  }

  it.each<[title: string, make: () => void, FileParams]>([
    ['text', () => writeFileSync(path(), 'a\n'), { content: 'a\n', mode: '0644' }],
    ['nothing', () => writeFileSync(path(), ''), { content: '', mode: '0644' }],
    [
      'other bytes',
      () => writeFileSync(path(), Buffer.from([0xc0, 0xff])),
      { contentBase64: 'wP8=', mode: '0644' },
    ],
    ['a byte order mark', () => writeFileSync(path(), '\ufeffa'), { content: '\ufeffa', mode: '0644' }],
    [
      'what is too large to show',
      () => writeFileSync(path(), 'x'.repeat(300_000)),
      { ensure: 'file', mode: '0644' },
    ],
    ['a directory', () => mkdirSync(path()), { ensure: 'directory', mode: '0755' }],
    ['a link', () => symlinkSync('a b', path()), { ensure: 'symlink', target: 'a b' }],
  ])('tells %s as it would be declared', async (_, make, params) => {
    make()
    expect(await inspected()).toEqual(params)
  })

  it('finds nothing where nothing is', async () => {
    expect(await file.inspect(host, path())).toEqual([])
  })

  it.each([undefined, 'motd'])('asks for a path when given %s', async (title) => {
    await expect(file.inspect(host, title)).rejects.toMatchObject({ code: 'bad-request' })
  })

  it('has no declaration for a FIFO', async () => {
    execFileSync('mkfifo', [path()])
    await expect(file.inspect(host, path())).rejects.toMatchObject({ code: 'resource-unreadable' })
  })
})

it('read() fails one resource alone', () => {
  const good = wantedOf({})
  const bad = wantedOf({}, 'relative/path')
  const reading = file.read(host, [bad, good])
  if (reading instanceof Promise) throw new Error('reading files is synchronous')
  expect(reading.get(bad.id)).toMatchObject({ code: 'resource-unreadable' })
  expect(reading.get(good.id)).toMatchObject({ kind: 'absent' })
})

const secret = 'correct horse battery staple\n'
const contractDir = mkdtempSync(join(tmpdir(), 'rekindle-file-contract-'))
const contractPath = join(contractDir, 'motd')
const blob = { sha256: sha256(secret), size: secret.length }
const cases: readonly Omit<ContractCase<FileParams>, 'resource'>[] = [
  { title: 'it is missing', breakIt: () => {}, params: { blob, sensitive: true }, secrets: [secret] },
  {
    title: 'its secret content was edited',
    breakIt: () => writeFileSync(contractPath, `${secret}more`),
    params: { blob, sensitive: true },
    secrets: [secret, secret.trim(), sha256(secret), sha256(secret).slice(0, 8)],
  },
  {
    title: 'its mode was changed',
    breakIt: () => writeFileSync(contractPath, '', { mode: 0o600 }),
    params: { mode: '0644' },
  },
  {
    title: 'it should be gone',
    breakIt: () => writeFileSync(contractPath, 'x'),
    params: { ensure: 'absent' },
  },
  {
    title: 'a file stands where a directory should',
    breakIt: () => writeFileSync(contractPath, 'x'),
    params: { ensure: 'directory' },
  },
  {
    title: 'a link points elsewhere',
    breakIt: () => symlinkSync('/a', contractPath),
    params: { target: '/b' },
  },
]

resourceTypeContract(
  file,
  cases.map((one) => ({ ...one, resource: contractPath })),
  {
    open() {
      rmSync(contractPath, { recursive: true, force: true })
      const opened = createHost({ stateDir: join(dir, 'state') })
      keepBlob(opened, Buffer.from(secret))
      return opened
    },
    snapshot: () =>
      execFileSync('find', [contractDir, '-printf', '%P %y %m %U %G %l %C@\n'], { encoding: 'utf8' }),
  },
)
afterAll(() => rmSync(contractDir, { recursive: true }))
