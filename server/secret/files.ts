/** Secrets in files and in variables of the server's environment. */
import { join } from 'node:path'
import { readPrivateFile } from './private-file.ts'
import { type SecretSource, type SourceOf, withoutLineEnd } from './source.ts'

export function createFilesSource({ dir }: SourceOf<'files'>): SecretSource {
  return {
    name: `files ${dir}`,
    // A name has no part that leads out of the folder: schemas/secret.ts.
    read: async (name) => withoutLineEnd(readPrivateFile(join(dir, name)).toString()),
  }
}

export function createEnvironmentSource(
  { variablePrefix = 'REKINDLE_SECRET_' }: SourceOf<'env'>,
  environment: Readonly<Record<string, string | undefined>>,
): SecretSource {
  return {
    name: 'environment',
    async read(name) {
      const variable = `${variablePrefix}${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`
      const value = environment[variable]
      if (value === undefined) throw new Error(`there is no variable ${variable}`)
      return value
    },
  }
}
