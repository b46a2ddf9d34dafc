/**
 * Makes whole trees beside where they will stand and moves them in, so that a tree is there whole or not at all. What a
 * killed process left beside a path is removed by the next run (aside.ts), or when the next tree is made there.
 */
import { chownSync, lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path/posix'
import type { Asides } from './aside.ts'
import { isLeftover, type Owner } from './atomic-file.ts'
import type { Exec } from './exec.ts'
import { temporaryName } from './temporary-name.ts'
import { writeError } from './write-error.ts'

/** Every function throws RekindleError `apply-failed` with the reason and what was kept. */
export interface Trees {
  /** Makes an empty directory beside the path, for its owner alone. */
  makeBeside(path: string, owner?: Owner): Promise<string>
  /** Puts a directory at the path, in place of whatever stands there, which is removed. */
  moveIn(tree: string, path: string): Promise<void>
  /** Removes what stands at the path: to whoever looks, all of it at once. */
  moveOut(path: string): Promise<void>
  /**
   * Moves what is in a directory into another one, over files of the same name, directories joined; the entry on the way
   * to `last` comes last. The emptied directory is removed.
   */
  mergeInto(tree: string, path: string, last: string): Promise<void>
  /** Takes away the first directories of every path below; files that stand in them are dropped, as tar does. */
  strip(tree: string, components: number): Promise<void>
  remove(path: string): Promise<void>
  /** The first bytes of a file, however large it is. */
  head(path: string, bytes: number): Promise<Uint8Array>
}

export function createTrees(exec: Exec, asides: Asides): Trees {
  return {
    makeBeside: (path, owner = {}) =>
      guarded(path, async () => {
        await sweep(dirname(path))
        const made = join(dirname(path), temporaryName(basename(path)))
        asides.note(made)
        mkdirSync(made, { mode: 0o700 })
        chownSync(made, owner.uid ?? -1, owner.gid ?? -1)
        return made
      }),
    moveIn: (tree, path) =>
      guarded(path, async () => {
        await flush(exec, tree)
        await moveIn(exec, asides, { tree, path })
        asides.forget(tree)
      }),
    moveOut: (path) =>
      guarded(
        path,
        async () => {
          if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return
          const aside = join(dirname(path), temporaryName(basename(path)))
          asides.note(aside)
          renameSync(path, aside)
          await rm(aside, { recursive: true, force: true })
          asides.forget(aside)
        },
        'what of it could not be removed, beside its place',
      ),
    mergeInto: (tree, path, last) =>
      guarded(path, async () => {
        await flush(exec, tree)
        await merge(tree, path, last)
        asides.forget(tree)
      }),
    strip: (tree, components) =>
      guarded(tree, async () => {
        for (let left = components; left > 0; left--) await stripOne(tree)
      }),
    head,
    remove: (path) =>
      guarded(path, async () => {
        await rm(path, { recursive: true, force: true })
        asides.forget(path)
      }),
  }
}

async function head(path: string, bytes: number): Promise<Uint8Array> {
  const handle = await open(path, 'r')
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(bytes), 0, bytes, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

async function sweep(directory: string): Promise<void> {
  const leftovers = readdirSync(directory).filter(isLeftover)
  for (const name of leftovers) await rm(join(directory, name), { recursive: true, force: true })
}

/** A rename can outlive a loss of power that the bytes of what was renamed do not (ext4: delayed allocation). */
async function flush(exec: Exec, tree: string): Promise<void> {
  const { code, stderr } = await exec.run(['sync', '--file-system', tree])
  if (code !== 0) throw new Error(`sync answers "${stderr.trim()}"`)
}

/**
 * `mv --exchange` (coreutils 9.5) swaps two directories in one step. Elsewhere the old one steps aside first: an agent
 * killed between the two renames leaves nothing at the path, and the next run makes it anew.
 */
async function moveIn(
  exec: Exec,
  asides: Asides,
  { tree, path }: { readonly tree: string; readonly path: string },
): Promise<void> {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) {
    renameSync(tree, path)
    return
  }
  const swapped = await exec.run(['mv', '--exchange', '--no-copy', '--no-target-directory', '--', tree, path])
  if (swapped.code === 0) return rm(tree, { recursive: true, force: true })
  const aside = join(dirname(path), temporaryName(basename(path)))
  asides.note(aside)
  renameSync(path, aside)
  try {
    renameSync(tree, path)
  } catch (error) {
    asides.forget(aside)
    renameSync(aside, path)
    throw error
  }
  await rm(aside, { recursive: true, force: true })
  asides.forget(aside)
}

async function merge(from: string, to: string, last: string): Promise<void> {
  const isLast = (name: string) => last === join(to, name) || last.startsWith(`${join(to, name)}/`)
  const names = readdirSync(from).sort((a, b) => Number(isLast(a)) - Number(isLast(b)))
  for (const name of names) await mergeEntry(join(from, name), join(to, name), last)
  rmdirSync(from)
}

async function mergeEntry(from: string, to: string, last: string): Promise<void> {
  const there = lstatSync(to, { throwIfNoEntry: false })
  if (there?.isDirectory() === true && lstatSync(from).isDirectory()) return merge(from, to, last)
  if (there?.isDirectory() === true) await rm(to, { recursive: true })
  renameSync(from, to)
}

async function stripOne(tree: string): Promise<void> {
  const inner = join(tree, temporaryName('strip'))
  const names = readdirSync(tree)
  mkdirSync(inner, { mode: 0o700 })
  for (const name of names) {
    const path = join(tree, name)
    if (!lstatSync(path).isDirectory()) continue
    for (const below of readdirSync(path)) renameSync(join(path, below), join(inner, below))
  }
  for (const name of names) await rm(join(tree, name), { recursive: true, force: true })
  for (const name of readdirSync(inner)) renameSync(join(inner, name), join(tree, name))
  rmdirSync(inner)
}

async function guarded<Result>(
  path: string,
  change: () => Promise<Result>,
  kept = 'what stood there before',
): Promise<Result> {
  try {
    return await change()
  } catch (error) {
    throw writeError(path, error, kept)
  }
}
