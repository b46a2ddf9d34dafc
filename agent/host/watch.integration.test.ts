import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createWatch, type Watch } from './watch.ts'

let dir: string
let watch: Watch
let calls: number
let wake: () => void

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-watch-'))
  calls = 0
  wake = () => {}
  watch = createWatch(() => {
    calls += 1
    wake()
  })
})
afterEach(() => {
  watch.close()
  rmSync(dir, { recursive: true, force: true })
})

/** Resolves with the next call, which `act` causes; else the test runs into its time limit. */
async function told(act: () => void): Promise<void> {
  const next = Promise.withResolvers<void>()
  wake = next.resolve
  act()
  await next.promise
  await quiet()
}

/** Events come in order: once this directory's marker is told, everything before it has been, or never will be. */
async function quiet(): Promise<void> {
  const marked = Promise.withResolvers<void>()
  const other = mkdtempSync(join(tmpdir(), 'rekindle-watch-'))
  const marker = createWatch(marked.resolve)
  marker.set([`${other}/`])
  writeFileSync(join(other, 'marker'), '')
  await marked.promise
  marker.close()
  rmSync(other, { recursive: true })
  await delay(0)
}

describe('a watched file', () => {
  it.each([
    { title: 'is written in place', act: (path: string) => appendFileSync(path, 'x') },
    { title: 'is replaced, as editors do', act: replace },
    { title: 'gets another mode', act: (path: string) => execFileSync('chmod', ['600', path]) },
    { title: 'is removed', act: (path: string) => unlinkSync(path) },
  ])('is told when it $title', async ({ act }) => {
    const path = join(dir, 'motd')
    writeFileSync(path, 'old')
    watch.set([path])
    await told(() => act(path))
  })

  it('is told again after it was replaced', async () => {
    const path = join(dir, 'motd')
    writeFileSync(path, 'old')
    watch.set([path])
    await told(() => replace(path))
    await told(() => appendFileSync(path, 'x'))
  })

  it('is not told of its neighbours', async () => {
    watch.set([join(dir, 'motd')])
    writeFileSync(join(dir, 'noise.log'), 'x')
    await quiet()
    expect(calls).toBe(0)
    await told(() => writeFileSync(join(dir, 'motd'), 'x'))
  })

  it('is told once of many writes at once', async () => {
    watch.set([join(dir, 'motd')])
    await told(() => {
      for (let turn = 0; turn < 50; turn++) appendFileSync(join(dir, 'motd'), 'x')
    })
    expect(calls).toBe(1)
  })
})

function replace(path: string): void {
  writeFileSync(`${path}.swp`, 'new')
  renameSync(`${path}.swp`, path)
}

describe('a watched directory', () => {
  it('tells of every entry, links that come and go included', async () => {
    watch.set([`${dir}/`])
    await told(() => symlinkSync('0123456789abcdef', join(dir, 'invocation:nginx.service')))
    await told(() => unlinkSync(join(dir, 'invocation:nginx.service')))
  })

  it('need not exist, nor the one above it', async () => {
    const path = join(dir, 'a/b/motd')
    watch.set([path])
    await told(() => mkdirSync(join(dir, 'a/b'), { recursive: true }))
    await told(() => writeFileSync(path, 'x'))
  })

  it('may go and come back', async () => {
    const path = join(dir, 'a/motd')
    mkdirSync(join(dir, 'a'))
    writeFileSync(path, 'x')
    watch.set([path])
    await told(() => rmSync(join(dir, 'a'), { recursive: true }))
    await told(() => mkdirSync(join(dir, 'a')))
    await told(() => writeFileSync(path, 'x'))
  })

  it('may be replaced by another of its name', async () => {
    const path = join(dir, 'a/motd')
    mkdirSync(join(dir, 'a'))
    mkdirSync(join(dir, 'new'))
    watch.set([path])
    await told(() => {
      renameSync(join(dir, 'a'), join(dir, 'a.old'))
      renameSync(join(dir, 'new'), join(dir, 'a'))
    })
    await told(() => writeFileSync(path, 'x'))
  })
})

it('tells when so many events came at once that the kernel may have dropped some', async () => {
  const noise = ['a', 'b'].map((name) => join(dir, name))
  for (const path of noise) writeFileSync(path, '')
  watch.set([join(dir, 'motd')])
  const queueLength = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'))
  await told(() => {
    // The kernel joins equal events that follow each other, so two files take turns.
    for (let turn = 0; turn < queueLength / 2; turn++) for (const path of noise) chmodSync(path, 0o644)
  })
})

it('set() forgets what it does not name, and close() everything', async () => {
  mkdirSync(join(dir, 'a'))
  mkdirSync(join(dir, 'b'))
  watch.set([join(dir, 'a/motd')])
  watch.set([join(dir, 'b/motd')])
  writeFileSync(join(dir, 'a/motd'), 'x')
  await quiet()
  expect(calls).toBe(0)
  await told(() => writeFileSync(join(dir, 'b/motd'), 'x'))
  watch.close()
  writeFileSync(join(dir, 'b/motd'), 'y')
  await quiet()
  expect(calls).toBe(1)
})

describe.runIf(process.getuid?.() === 0)('on overlayfs', () => {
  it('tells of a file that stands in the lower layer and is written for the first time', async () => {
    const layer = (name: string) => join(dir, name)
    for (const name of ['tmpfs', 'merged']) mkdirSync(layer(name))
    // Overlay on overlay is refused, and this machine's own root may be one.
    execFileSync('mount', ['-t', 'tmpfs', 'rekindle-test', layer('tmpfs')])
    try {
      for (const name of ['lower', 'upper', 'work']) mkdirSync(join(layer('tmpfs'), name))
      writeFileSync(join(layer('tmpfs'), 'lower/motd'), 'old')
      const options = ['lower', 'upper', 'work']
        .map((name) => `${name}dir=${join(layer('tmpfs'), name)}`)
        .join(',')
      execFileSync('mount', ['-t', 'overlay', 'rekindle-test', '-o', options, layer('merged')])
      try {
        watch.set([join(layer('merged'), 'motd')])
        await told(() => appendFileSync(join(layer('merged'), 'motd'), 'x'))
        watch.close()
      } finally {
        execFileSync('umount', [layer('merged')])
      }
    } finally {
      execFileSync('umount', [layer('tmpfs')])
    }
  })
})
