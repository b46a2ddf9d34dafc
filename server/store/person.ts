/** People, and what they log in with: passwords, sessions, API tokens. Secrets are stored hashed. */
import type { Role } from '../http/view.ts'
import type { Db } from './db.ts'
import { allRows, change, getRow } from './statement.ts'

export interface Person {
  readonly name: string
  readonly role: Role
  /** As store/password.ts writes it. */
  readonly password: string
}

/** Makes a person, or gives one a new role and password; a new password ends their sessions. */
export function savePerson(db: Db, person: Person): void {
  change(
    db,
    `INSERT INTO person (name, role, password) VALUES (?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET role = excluded.role, password = excluded.password`,
    person.name,
    person.role,
    person.password,
  )
  change(db, "DELETE FROM credential WHERE person = ? AND kind = 'session'", person.name)
}

export function findPerson(db: Db, name: string): Person | undefined {
  return getRow(db, 'SELECT name, role, password FROM person WHERE name = ?', name)
}

export function listPeople(db: Db, limit: number): readonly { name: string; role: Role }[] {
  return allRows(db, 'SELECT name, role FROM person ORDER BY name LIMIT ?', limit)
}

export function hasAdmin(db: Db): boolean {
  return getRow(db, "SELECT 1 FROM person WHERE role = 'admin' LIMIT 1") !== undefined
}

export interface Credential {
  /** SHA-256 of the cookie's or token's text. */
  readonly hash: string
  readonly kind: 'session' | 'api-token'
  readonly expiresAt: number
}

export function saveCredential(db: Db, person: string, credential: Credential): void {
  change(
    db,
    'INSERT INTO credential (hash, person, kind, expires_at) VALUES (?, ?, ?, ?)',
    credential.hash,
    person,
    credential.kind,
    credential.expiresAt,
  )
}

/** Who an unexpired credential of that kind speaks for. */
export function findCredentialHolder(
  db: Db,
  credential: Pick<Credential, 'hash' | 'kind'>,
  now: number,
): { name: string; role: Role } | undefined {
  return getRow(
    db,
    `SELECT person.name, person.role FROM credential JOIN person ON person.name = credential.person
     WHERE credential.hash = ? AND credential.kind = ? AND credential.expires_at > ?`,
    credential.hash,
    credential.kind,
    now,
  )
}

export function deleteCredential(db: Db, hash: string): boolean {
  return change(db, 'DELETE FROM credential WHERE hash = ?', hash) > 0
}

export function pruneCredentials(db: Db, now: number): number {
  return change(db, 'DELETE FROM credential WHERE expires_at <= ?', now)
}
