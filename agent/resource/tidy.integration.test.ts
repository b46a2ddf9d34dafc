import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, it } from 'vitest'
import type { TidyParams } from '../../schemas/generated/types.ts'
import type { Host } from '../host/host.ts'
import { createHost } from '../host/real-host.ts'
import { type ContractCase, resourceTypeContract } from './contract.ts'
import type { Wanted } from './resource-type.ts'
import { tidy } from './tidy.ts'

const dir = mkdtempSync(join(tmpdir(), 'rekindle-tidy-'))
const root = join(dir, 'root')
const openHost = () => createHost({ stateDir: join(dir, 'state') })
let host: Host
afterAll(() => rmSync(dir, { recursive: true }))

function reset(): void {
  rmSync(root, { recursive: true, force: true })
  mkdirSync(join(root, 'sub'), { recursive: true })
  host = openHost()
}
beforeEach(reset)

/** Written long ago. */
function putOld(path: string): void {
  writeFileSync(join(root, path), 'old')
  utimesSync(join(root, path), 1_000_000, 1_000_000)
}

function wantedOf(params: TidyParams): Wanted<TidyParams> {
  return { id: 'tidy:x', title: 'x', params: { path: root, ...params }, where: 'site.ts:7' }
}

function look(wanted: Wanted<TidyParams>) {
  const state = tidy.read(host, [wanted]).get(wanted.id)
  if (state === undefined || state instanceof Error) throw state ?? new Error('no state')
  return { state, changes: tidy.diff(wanted, state) }
}

it('names each thing that goes, up to a number, and counts the others', () => {
  for (let at = 0; at < 203; at++) putOld(String(at).padStart(3, '0'))
  const { changes } = look(wantedOf({ age: '1d' }))
  expect(changes).toHaveLength(201)
  expect(changes.map(({ property }) => property)).toContain(join(root, '007'))
  expect(changes.at(-1)).toEqual({ property: 'more', from: '3 more', to: 'absent' })
})

it('removes none of them where there are more than max', async () => {
  for (const name of ['a', 'b']) putOld(name)
  const wanted = wantedOf({ age: '1d', max: 1 })
  await expect(tidy.apply(host, wanted, look(wanted).state)).rejects.toMatchObject({
    code: 'apply-failed',
    message: `Cannot tidy "${root}": 2 entries would be removed, and at most 1 may be`,
  })
  expect(readdirSync(root)).toEqual(['a', 'b', 'sub'])
})

it('keeps what it removes where that is asked for', async () => {
  putOld('a')
  const wanted = wantedOf({ age: '1d', backup: true })
  await tidy.apply(host, wanted, look(wanted).state)
  expect(existsSync(join(root, 'a'))).toBe(false)
  expect(host.backups.list(join(root, 'a'))).toHaveLength(1)
})

it('leaves what was written after it looked, and is in sync then', async () => {
  putOld('a')
  const wanted = wantedOf({ age: '1d' })
  const { state } = look(wanted)
  writeFileSync(join(root, 'a'), 'new')
  await tidy.apply(host, wanted, state)
  expect(readdirSync(root)).toEqual(['a', 'sub'])
  expect(look(wanted).changes).toEqual([])
})

it('that cannot keep something leaves it, removes the others and says so', async () => {
  for (const name of ['a', 'b']) putOld(name)
  const wanted = wantedOf({ age: '1d' })
  const { sweep } = host
  const stubborn: Host = {
    ...host,
    sweep: {
      ...sweep,
      remove(at, entry) {
        if (entry.path === 'a') throw new Error('the kernel does not permit it')
        return sweep.remove(at, entry)
      },
    },
  }
  await expect(tidy.apply(stubborn, wanted, look(wanted).state)).rejects.toMatchObject({
    message: `Cannot tidy "${root}": 1 of 2 entries could not be removed`,
  })
  expect(readdirSync(root)).toEqual(['a', 'sub'])
})

const cases: readonly Omit<ContractCase<TidyParams>, 'resource'>[] = [
  {
    title: 'something has grown old',
    breakIt: () => putOld('sub/a'),
    params: { path: root, age: '1d', recurse: true, rmdirs: true },
  },
  {
    title: 'something has another name',
    breakIt: () => writeFileSync(join(root, 'core.1'), ''),
    params: { path: root, matches: ['core.*'] },
  },
]

resourceTypeContract(
  tidy,
  cases.map((one) => ({ ...one, resource: 'x' })),
  {
    open() {
      reset()
      return openHost()
    },
    snapshot: () => execFileSync('find', [root, '-printf', '%P %y %m %C@\n'], { encoding: 'utf8' }),
  },
)
