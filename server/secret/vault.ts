/** Secrets in HashiCorp Vault or OpenBao: `GET /v1/<mount>/data/<path>` of its KV engine, version 2. */
import { toError } from '../../schemas/errors.ts'
import { readPrivateFile } from './private-file.ts'
import { type SecretSource, type SourceOf, withoutLineEnd } from './source.ts'

const longestAnswer = 1024 * 1024

export function createVaultSource(config: SourceOf<'vault'>): SecretSource {
  const { url, mount = 'secret', namespace, tokenFile, timeoutSeconds = 10 } = config
  return {
    name: `vault ${new URL(url).origin}`,
    async read(name) {
      const cut = name.lastIndexOf('/')
      if (cut < 0) throw new Error('its name has no path: of "db/password", "password" is the field')
      const [path, field] = [name.slice(0, cut), name.slice(cut + 1)]
      const token = withoutLineEnd(readPrivateFile(tokenFile).toString())
      const answer = await fetch(new URL(`/v1/${mount}/data/${path}`, url), {
        // A token goes to the address that it is for.
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutSeconds * 1000),
        headers: {
          'x-vault-request': 'true',
          'x-vault-token': token,
          ...(namespace !== undefined && { 'x-vault-namespace': namespace }),
        },
      }).catch((thrown: unknown) => {
        throw new Error(reasonOf(thrown, timeoutSeconds))
      })
      const body = await limited(answer)
      if (answer.status === 404) throw new Error(`it has nothing at "${mount}/${path}"`)
      if (answer.status === 403) throw new Error(`its token may not read "${mount}/${path}"`)
      if (!answer.ok) throw new Error(`it answered ${answer.status}`)
      return fieldOf(body, field)
    },
  }
}

/** A token with a character that no header may have would be quoted in fetch's own words. */
function reasonOf(thrown: unknown, timeoutSeconds: number): string {
  const { name, cause } = toError(thrown)
  if (name === 'TimeoutError') return `it did not answer in ${timeoutSeconds} s`
  const code: unknown = Reflect.get(Object(cause), 'code')
  return `it cannot be reached${typeof code === 'string' ? ` (${code})` : ''}`
}

async function limited({ body }: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of body ?? []) {
    length += part.length
    if (length > longestAnswer) throw new Error(`it answered with more than ${longestAnswer} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

/** What is wrong with an answer is told without it: it holds values. */
function fieldOf(body: string, field: string): string {
  let answer: unknown
  try {
    answer = JSON.parse(body)
  } catch {
    throw new Error('its answer is no JSON')
  }
  const values: unknown = member(member(answer, 'data'), 'data')
  const value = member(values, field)
  if (value === undefined) throw new Error(`it has no field "${field}" there`)
  if (typeof value !== 'string') throw new Error(`its field "${field}" is no text`)
  return value
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined
}
