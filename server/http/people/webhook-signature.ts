/** Whether a call of the webhook comes from somebody who knows its secret, as each forge proves it. Pure. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

export type WebhookVerdict = 'accepted' | 'unsigned' | 'wrong'

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

/** HMAC-SHA-256 of the body in hexadecimal; some forges write its name before it. */
const signatureHeaders = [
  'x-hub-signature-256',
  'x-hub-signature',
  'x-gitea-signature',
  'x-forgejo-signature',
  'x-gogs-signature',
]

/** GitHub, Gitea, Forgejo, Gogs and Bitbucket sign the body; GitLab sends the secret itself. One that fits will do. */
export function judgeWebhook(headers: Headers, body: Uint8Array, secret: string): WebhookVerdict {
  const hmac = createHmac('sha256', secret).update(body).digest('hex')
  const token = textOf(headers, 'x-gitlab-token')
  const signatures = signatureHeaders.flatMap((name) => textOf(headers, name) ?? [])
  if (token === undefined && signatures.length === 0) return 'unsigned'
  const fits =
    (token !== undefined && isEqual(token, secret)) ||
    signatures.some((signature) => isEqual(signature.replace(/^sha256=/, '').toLowerCase(), hmac))
  return fits ? 'accepted' : 'wrong'
}

function textOf(headers: Headers, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : undefined
}

/** Takes as long wherever they differ, and whatever their lengths. */
function isEqual(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
