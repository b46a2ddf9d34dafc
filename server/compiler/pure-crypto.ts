/** What a site gets for `node:crypto`: the part of it that computes, without what draws random bytes. */
import { createHash, createHmac, getHashes, hash, pbkdf2Sync, timingSafeEqual } from 'node:crypto'

export { createHash, createHmac, getHashes, hash, pbkdf2Sync, timingSafeEqual }

export default { createHash, createHmac, getHashes, hash, pbkdf2Sync, timingSafeEqual }
