/** Makes people and their API tokens. Secrets are given once and kept only as hashes. */
import { RekindleError } from '../schemas/errors.ts'
import { sha256 } from '../schemas/hash.ts'
import type { Context } from './context.ts'
import type { Role } from './http/view.ts'
import { appendAudit } from './store/audit.ts'
import { hashPassword } from './store/password.ts'
import { findPerson, hasAdmin, saveCredential, savePerson } from './store/person.ts'
import { transact } from './store/statement.ts'

type Tools = Pick<Context, 'db' | 'now' | 'random'>

export interface NewPerson {
  readonly name: string
  readonly role: Role
  /** At least 12 characters; a random one is made when absent. */
  readonly password?: string | undefined
  /** The audit log's actor. */
  readonly by: string
}

/**
 * Makes a person, or gives one a new role and password, which ends their sessions.
 *
 * @returns the password, for printing once.
 */
export async function setPerson({ db, now, random }: Tools, person: NewPerson): Promise<string> {
  const { name, role, by } = person
  const password = person.password ?? random(18).toString('base64url')
  if (!/^[a-z0-9][a-z0-9._@-]{0,63}$/.test(name)) {
    throw new RekindleError({
      code: 'bad-request',
      message: `Cannot make person "${name}"`,
      wanted: 'a name of lower-case letters, digits and ._@-',
    })
  }
  if (password.length < 12) {
    throw new RekindleError({
      code: 'bad-request',
      message: `Cannot set the password of "${name}": it is too short`,
      wanted: '12 characters or more',
    })
  }
  const hashed = await hashPassword(password, random(16))
  transact(db, () => {
    const action = findPerson(db, name) === undefined ? 'person.created' : 'person.changed'
    savePerson(db, { name, role, password: hashed })
    appendAudit(db, { actor: by, action, target: `user:${name}`, detail: role }, now())
  })
  return password
}

/** Makes `admin` when there is no admin yet. @returns its password; undefined when there was one. */
export async function ensureAdmin(tools: Tools): Promise<string | undefined> {
  if (hasAdmin(tools.db)) return undefined
  return setPerson(tools, { name: 'admin', role: 'admin', by: 'server' })
}

/** A token that speaks for a person, for programs. @returns its text, for printing once. */
export function createApiToken(
  { db, now, random }: Tools,
  wish: { readonly person: string; readonly ttlMs: number; readonly by: string },
): string {
  const { person, ttlMs, by } = wish
  if (findPerson(db, person) === undefined) {
    throw new RekindleError({ code: 'not-found', message: `Cannot find person "${person}"` })
  }
  const token = random(32).toString('base64url')
  const expiresAt = now() + ttlMs
  transact(db, () => {
    saveCredential(db, person, { hash: sha256(token), kind: 'api-token', expiresAt })
    const detail = `until ${new Date(expiresAt).toISOString()}`
    appendAudit(db, { actor: by, action: 'api-token.created', target: `user:${person}`, detail }, now())
  })
  return token
}
