/** Passwords as they are stored: scrypt with its parameters and salt, `scrypt$N$r$p$salt$key` (base64url). */
import { type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'

// OWASP's second choice for scrypt: 32 MiB and about 0.1 s each.
const cost = { N: 2 ** 15, r: 8, p: 3 }
const keyBytes = 32

/** `salt`: 16 random bytes. */
export async function hashPassword(password: string, salt: Uint8Array): Promise<string> {
  const key = await derive(password, salt, cost)
  return ['scrypt', cost.N, cost.r, cost.p, base64(salt), base64(key)].join('$')
}

/** Whether the password is the stored one. A stored text of another shape matches nothing. */
export async function isPassword(password: string, stored: string): Promise<boolean> {
  const [scheme, N, r, p, salt = '', key = ''] = stored.split('$')
  if (scheme !== 'scrypt') return false
  const wanted = Buffer.from(key, 'base64url')
  const found = await derive(password, Buffer.from(salt, 'base64url'), {
    N: Number(N),
    r: Number(r),
    p: Number(p),
  })
  return wanted.length === found.length && timingSafeEqual(wanted, found)
}

function derive(password: string, salt: Uint8Array, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, keyBytes, { ...options, maxmem: 128 * 2 ** 20 }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    )
  })
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}
