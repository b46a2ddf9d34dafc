/** For tests: keys of SSH that open nothing. */

/** The second word of a public key, of 32 equal bytes. */
export function testKey(seed: number, type = 'ssh-ed25519'): string {
  const field = (bytes: Buffer) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    return Buffer.concat([length, bytes])
  }
  return Buffer.concat([field(Buffer.from(type)), field(Buffer.alloc(32, seed))]).toString('base64')
}
