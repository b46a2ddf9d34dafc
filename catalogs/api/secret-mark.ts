/**
 * What stands for secrets while roles run. A mark is a text that nobody can guess,
 * so that neither a host's facts nor data of a site can make one. It is of another length in each compile: what is made
 * of it, such as a hash, differs when a check compiles twice. Pure but for the random bytes in marks.
 */
import { randomBytes, randomInt } from 'node:crypto'
import type { SecretPlace } from '../../schemas/generated/types.ts'

export interface SecretMarks {
  /** The mark of a secret; the same for the same name. */
  take(name: string, where: string): string
  /** The text in parts; undefined when it has no mark. */
  split(text: string): SecretPlace['pieces'] | undefined
  /** Whether a part of a mark is left in a text, as after toUpperCase() or slice(). */
  isBroken(text: string): boolean
  /** Where each secret was first taken, by name. */
  readonly taken: ReadonlyMap<string, string>
}

const wholeBytes = 24
/** Hexadecimal digits of a mark by which a broken one is known; 40 random bits at least. */
const tellingDigits = 12

export function createSecretMarks(): SecretMarks {
  let nonce: string | undefined
  const taken = new Map<string, string>()
  const names: string[] = []
  // Most compiles take none, and need no random bytes.
  const nonceNow = () => (nonce ??= randomBytes(wholeBytes + randomInt(16)).toString('hex'))
  const mark = (index: number) => `s${nonceNow()}x${index}z`
  return {
    taken,
    take(name, where) {
      if (!taken.has(name)) {
        taken.set(name, where)
        names.push(name)
      }
      return mark(names.indexOf(name))
    },
    split(text) {
      if (nonce === undefined || !text.includes(nonce)) return undefined
      const parts = text.split(new RegExp(`s${nonce}x(\\d+)z`))
      if (parts.length === 1) return undefined
      return parts.flatMap((part, at): SecretPlace['pieces'] => {
        // Split by a pattern with one group: every second part is an index.
        if (at % 2 === 1) return [{ secret: names[Number(part)] ?? '' }]
        return part === '' ? [] : [part]
      })
    },
    isBroken(text) {
      if (nonce === undefined || text.length < tellingDigits) return false
      const lower = text.toLowerCase()
      return lower.includes(nonce.slice(0, tellingDigits)) || lower.includes(nonce.slice(-tellingDigits))
    },
  }
}
