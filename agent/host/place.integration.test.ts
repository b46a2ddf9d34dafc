import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { RekindleError } from '../../schemas/errors.ts'
import { createPlaces } from './place.ts'

const places = createPlaces()
let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-place-'))
  mkdirSync(join(dir, 'home/.ssh'), { recursive: true })
  mkdirSync(join(dir, 'secret'))
})
afterEach(() => rmSync(dir, { recursive: true }))

it('writes into the directory that was found, though its name has come to lead elsewhere', async () => {
  await places.withinAsync(join(dir, 'home/.ssh'), async (place) => {
    renameSync(join(dir, 'home/.ssh'), join(dir, 'home/moved'))
    symlinkSync(join(dir, 'secret'), join(dir, 'home/.ssh'))
    writeFileSync(join(place.directory, 'authorized_keys'), '')
  })
  expect(readdirSync(join(dir, 'secret'))).toEqual([])
  expect(readdirSync(join(dir, 'home/moved'))).toEqual(['authorized_keys'])
})

it('refuses a link in a directory where others may put one, and follows one where none can', () => {
  symlinkSync(join(dir, 'secret'), join(dir, 'link'))
  expect(places.within(join(dir, 'link'), ({ shown }) => shown)).toBe(join(dir, 'secret'))
  const shared = join(dir, 'shared')
  mkdirSync(shared)
  symlinkSync(join(dir, 'secret'), join(shared, 'link'))
  expect(places.within(join(shared, 'link'), ({ shown }) => shown)).toBe(join(dir, 'secret'))
  // By path: the umask takes the bit from mkdir.
  chmodSync(shared, 0o777)
  expect(() => places.within(join(shared, 'link'), () => undefined)).toThrow('is a symbolic link')
})

it('refuses links that form a loop, and says nothing is there when nothing is', () => {
  symlinkSync('loop', join(dir, 'loop'))
  expect(() => places.within(join(dir, 'loop'), () => undefined)).toThrow('too many symbolic links')
  expect(places.within(join(dir, 'none/.ssh'), () => 'called')).toBeUndefined()
})

it('tells a failure by the path that people know', async () => {
  const failing = places.withinAsync(join(dir, 'home'), async ({ directory }) => {
    throw new RekindleError({ code: 'apply-failed', message: `Cannot write "${directory}/x"` })
  })
  await expect(failing).rejects.toThrow(`Cannot write "${join(dir, 'home/x')}"`)
})
