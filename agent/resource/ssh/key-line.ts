/** Pure: where a public key stands in a line, as OpenSSH's sshkey_read() finds it. */
import { canonicalSshKey, sshKeyTypeOf } from '../../../schemas/ssh-key.ts'

export interface KeyText {
  readonly type: string
  /** Base64, the same for the same bytes. */
  readonly key: string
  /** Empty: none. */
  readonly comment: string
}

/**
 * A type's name, and behind it a blob that says the same name: any such name, as an undeclared key must not be passed over
 * since its type is newer than this list would be.
 */
export function parseKeyText(text: string): KeyText | undefined {
  const found = /^([^ \t]+)[ \t]+([^ \t]+)(?:[ \t]+(.*))?$/s.exec(text)
  if (found === null) return undefined
  const [, type = '', key = '', comment = ''] = found
  if (sshKeyTypeOf(key) !== type) return undefined
  return { type, key: canonicalSshKey(key), comment: comment.trimEnd() }
}

export function renderKeyText({ type, key, comment }: KeyText): string {
  return [type, key, comment].filter((part) => part !== '').join(' ')
}

/** Text that a user of the host chose, fit for a terminal and a report. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '?')
}
