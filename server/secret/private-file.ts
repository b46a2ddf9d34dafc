/** Reads a file that is for the server's user alone. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { hasCode } from '../../schemas/errors.ts'

/** @throws Error when it is not there, or its mode or owner lets others at it */
export function readPrivateFile(path: string): Buffer {
  const file = openFile(path)
  try {
    // What was opened is judged: a path may lead to another file a moment later.
    const { mode, uid } = fstatSync(file)
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw new Error(`"${path}" is no file`)
    if ((mode & 0o077) !== 0)
      throw new Error(`"${path}" is open to others (mode ${(mode & 0o777).toString(8)}): chmod 600`)
    if (uid !== 0 && uid !== process.getuid?.())
      throw new Error(`"${path}" belongs to another user (uid ${uid})`)
    return readFileSync(file)
  } finally {
    closeSync(file)
  }
}

function openFile(path: string): number {
  try {
    // A pipe would keep the server waiting.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) throw new Error(`there is no file "${path}"`)
    if (hasCode(error, 'EACCES')) throw new Error(`"${path}" cannot be read by the server's user`)
    throw error
  }
}
