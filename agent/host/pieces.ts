/** Files of any size in the memory of one piece. */
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'

const pieceBytes = 256 * 1024

/**
 * A file's bytes. All pieces share one buffer, so each is to be used before the next is asked for: a stream would leave a
 * buffer behind for each, and tens of megabytes of them until they are collected.
 */
export async function* piecesOf(path: string): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(pieceBytes)
  const handle = await open(path)
  try {
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, null)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}

/** SHA-256 of a file, in hexadecimal. */
export async function hashPieces(path: string): Promise<string> {
  const digest = createHash('sha256')
  for await (const piece of piecesOf(path)) digest.update(piece)
  return digest.digest('hex')
}

/** Writes a new file for its owner alone. @returns the SHA-256 of what was written */
export async function writePieces(
  path: string,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<string> {
  const digest = createHash('sha256')
  const handle = await open(path, 'wx', 0o600)
  try {
    for await (const piece of pieces) {
      digest.update(piece)
      await handle.writeFile(piece)
    }
    return digest.digest('hex')
  } finally {
    await handle.close()
  }
}
