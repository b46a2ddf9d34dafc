/**
 * What a machine left in its logs, read from outside: the machine may be the one that is suspected, so nothing of it is
 * run, and no link that it made is followed.
 */
import { closeSync, fstatSync, lstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { tryRun } from './run.ts'

const lines = 200
const consoleBytes = 32 * 1024

/** The last lines of its journal and its console; works for a machine that does not run, too. */
export async function readEvidence(folder: string): Promise<string> {
  const files = journalFiles(join(folder, 'up'))
  const console = readConsole(folder)
  if (files.length === 0) return console
  const ask = ['journalctl', '--no-pager', '--quiet', '--output=short-iso', `--lines=${lines}`]
  const { stdout } = await tryRun([...ask, ...files.map((file) => `--file=${file}`)])
  return `${stdout}${console}`
}

/** The end of what it wrote to its console. */
export function readConsole(folder: string): string {
  const path = join(folder, 'console')
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return ''
  const handle = openSync(path, 'r')
  try {
    const { size } = fstatSync(handle)
    const bytes = Buffer.alloc(Math.min(size, consoleBytes))
    readSync(handle, bytes, 0, bytes.length, size - bytes.length)
    return bytes.toString()
  } finally {
    closeSync(handle)
  }
}

/** `var/log/journal/<machine-id>/*.journal`, where each step is a real directory and each end a real file. */
function journalFiles(root: string): readonly string[] {
  const parts = ['var', 'log', 'journal']
  const folders = parts.map((_, index) => join(root, ...parts.slice(0, index + 1)))
  const journal = folders.at(-1)
  if (journal === undefined || !folders.every(isRealDirectory)) return []
  return readdirSync(journal)
    .map((id) => join(journal, id))
    .filter(isRealDirectory)
    .flatMap((dir) => readdirSync(dir).map((name) => join(dir, name)))
    .filter((path) => path.endsWith('.journal') && lstatSync(path).isFile())
}

function isRealDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}
