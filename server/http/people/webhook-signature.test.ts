import { createHmac } from 'node:crypto'
import { expect, it } from 'vitest'
import { judgeWebhook } from './webhook-signature.ts'

const secret = "It's a Secret to Everybody"
const body = Buffer.from('Hello, World!')
/** The value that GitHub's documentation gives for this secret and body. */
const known = '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17'

it.each([
  [{ 'x-hub-signature-256': `sha256=${known}` }],
  [{ 'x-hub-signature': `sha256=${known}` }],
  [{ 'x-gitea-signature': known }],
  [{ 'x-forgejo-signature': known }],
  [{ 'x-gogs-signature': known.toUpperCase() }],
  [{ 'x-gitlab-token': secret }],
  [{ 'x-gitlab-token': secret, 'x-hub-signature-256': 'sha256=00' }],
])('judgeWebhook() accepts %j', (headers) => {
  expect(judgeWebhook(headers, body, secret)).toBe('accepted')
})

it.each([
  [{ 'x-hub-signature-256': `sha256=${known}` }, Buffer.from('Hello, World?')],
  [{ 'x-hub-signature-256': 'sha256=' }, body],
  [{ 'x-hub-signature': `sha1=${createHmac('sha1', secret).update(body).digest('hex')}` }, body],
  [{ 'x-gitea-signature': known.slice(0, -1) }, body],
  [{ 'x-gitlab-token': `${secret} ` }, body],
  [{ 'x-gitlab-token': '' }, body],
])('judgeWebhook() finds %j wrong', (headers, given) => {
  expect(judgeWebhook(headers, given, secret)).toBe('wrong')
})

it('judgeWebhook() tells what bears no signature', () => {
  expect(judgeWebhook({ 'x-github-event': 'push' }, body, secret)).toBe('unsigned')
})
