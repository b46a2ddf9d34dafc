/** Secrets in a file that age encrypted: with the site under version control, readable by who has an identity. */
import { readFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { armor, Decrypter } from 'age-encryption'
import { parse } from 'yaml'
import { readPrivateFile } from './private-file.ts'
import type { SecretSource, SourceOf } from './source.ts'

export function createAgeSource({ file, identityFile }: SourceOf<'age'>): SecretSource {
  return {
    name: `age ${file}`,
    async read(name, { siteDir }) {
      const path = isAbsolute(file) ? file : join(siteDir, file)
      const bytes = await readFile(path).catch(() => {
        throw new Error(`there is no file "${file}" to read`)
      })
      return valueAt(await decrypt(bytes, identityFile), name)
    },
  }
}

async function decrypt(bytes: Uint8Array, identityFile: string): Promise<unknown> {
  const decrypter = new Decrypter()
  for (const line of readPrivateFile(identityFile).toString().split('\n')) {
    const identity = line.trim()
    if (identity !== '' && !identity.startsWith('#')) addIdentity(decrypter, identity, identityFile)
  }
  // Words of these two would quote what they could not read.
  const text = await decrypter.decrypt(binary(bytes), 'text').catch(() => {
    throw new Error('it cannot be decrypted with any identity of the server')
  })
  try {
    return parse(text, { logLevel: 'silent' })
  } catch {
    throw new Error('what is in it is neither YAML nor JSON')
  }
}

function addIdentity(decrypter: Decrypter, identity: string, identityFile: string): void {
  try {
    decrypter.addIdentity(identity)
  } catch {
    throw new Error(`"${identityFile}" has a line that is no identity`)
  }
}

function binary(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1')
  return text.startsWith('-----BEGIN AGE') ? armor.decode(text) : bytes
}

/** `db/password` is a member of that name, or `password` in the map `db`. */
function valueAt(value: unknown, name: string): string {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (isMap && Object.hasOwn(value, name)) {
    const found: unknown = Reflect.get(value, name)
    if (typeof found === 'string') return found
    throw new Error('it is no text there: numbers want quotes')
  }
  const slash = name.indexOf('/')
  const first = name.slice(0, slash)
  if (!isMap || slash < 0 || !Object.hasOwn(value, first)) throw new Error('it is not in there')
  return valueAt(Reflect.get(value, first), name.slice(slash + 1))
}
