/** Join tokens for machines that Rekindle did not make. */
import { RekindleError } from '../../schemas/errors.ts'
import type { Attributes } from '../../schemas/trusted.ts'
import type { Context } from '../context.ts'
import { appendAudit } from '../store/audit.ts'
import { ensureHost } from '../store/host.ts'
import {
  carriedAttributes,
  createIncarnation,
  listIncarnations,
  saveAttributes,
} from '../store/incarnation.ts'
import { transact } from '../store/statement.ts'
import { type MintedToken, mintToken } from './token.ts'

const defaultTtlSeconds = 3600

export interface JoinWish {
  readonly host: string
  readonly ttlSeconds?: number | undefined
  readonly attributes?: Attributes | undefined
  /** Actor for the audit log. */
  readonly by: string
}

/**
 * A token with which one machine enrols as the host's next incarnation. A candidate that never enrolled is used again, so
 * that asking twice leaves no ghosts. With `attributes`, the machine that enrols with it has these and no others; without,
 * those of the host's last incarnation.
 *
 * @throws RekindleError `conflict` for a host whose machines a driver makes: those are rebuilt; `bad-request` for
 * attributes that are none.
 */
export function mintJoinToken(context: Pick<Context, 'db' | 'now' | 'random'>, wish: JoinWish): MintedToken {
  const { db, random } = context
  const now = context.now()
  if (wish.attributes !== undefined) checkAttributes(wish.attributes)
  return transact(db, () => {
    const host = ensureHost(db, { name: wish.host, managed: false }, now)
    if (host.managed) {
      throw new RekindleError({
        code: 'conflict',
        message: `Cannot make a join token for host "${wish.host}": this server makes its machines`,
        hint: 'Rebuild the host',
      })
    }
    const [newest, before] = listIncarnations(db, wish.host, 2)
    const isUnused = newest?.state === 'candidate' && newest.enrolledAt === null
    const incarnation = isUnused ? newest : createIncarnation(db, wish.host, now)
    // A token that was not used leaves nothing behind.
    const inherited = (isUnused ? before : newest)?.id
    const attributes = wish.attributes ?? (inherited === undefined ? {} : carriedAttributes(db, inherited))
    saveAttributes(db, incarnation.id, attributes)
    const ttlMs = (wish.ttlSeconds ?? defaultTtlSeconds) * 1000
    const minted = mintToken(db, { incarnation: incarnation.id, kind: 'join', ttlMs }, now, random)
    const until = `incarnation ${incarnation.number}, until ${new Date(minted.expiresAt).toISOString()}`
    const carried = Object.entries(wish.attributes ?? {}).map(([name, value]) => `${name}=${value}`)
    const detail = carried.length === 0 ? until : `${until}, attributes ${carried.join(' ')}`
    appendAudit(db, { actor: wish.by, action: 'token.created', target: `host:${wish.host}`, detail }, now)
    return minted
  })
}

const limits = { attributes: 50, valueCharacters: 200 }

function checkAttributes(attributes: Attributes): void {
  const entries = Object.entries(attributes)
  const isSound = ([name, value]: [string, string]) =>
    /^[a-z][a-z0-9_]{0,62}$/.test(name) && value.length <= limits.valueCharacters && !/\p{Cc}/u.test(value)
  const wrong = entries.find((entry) => !isSound(entry))
  if (wrong === undefined && entries.length <= limits.attributes) return
  throw new RekindleError({
    code: 'bad-request',
    message: `Cannot make a join token: ${wrong === undefined ? `${entries.length} attributes` : `attribute "${wrong[0]}"`}`,
    wanted: `at most ${limits.attributes}, each named with lower-case letters, digits and underscores, a value of at most ${limits.valueCharacters} characters`,
  })
}
