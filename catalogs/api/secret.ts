/** Secrets as authors have them: by name. A compile never sees a value. */
import { longestSecretName, renderSecret, secretName } from '../../schemas/secret.ts'
import { currentCompile, noteMistake, whereNow } from './context.ts'

declare const isSecret: unique symbol

/** Text that stands for a secret's value, and is used as any text is. It is not the value, and tells nothing of it. */
export type Secret = string & { readonly [isSecret]: true }

/**
 * A secret of the server, such as a password, by its name there. In a file's content, in a template's values and in
 * parameters it stands for the value, which only the agent of the host sees. What makes something else of it, such as a
 * hash or a part, is refused.
 *
 * @example file('/etc/app/db.conf', { content: `password = ${secret('db/password')}\n`, mode: '0600' })
 */
export function secret(name: string): Secret {
  const compile = currentCompile('take a secret')
  const given: unknown = name
  if (typeof given !== 'string' || !secretName.test(given) || given.length > longestSecretName) {
    const what = `Cannot take secret ${JSON.stringify(given)}: it is no name of a secret`
    noteMistake(compile, what, 'Letters, digits, "_", "." and "-" in parts joined by "/": db/password')
    return renderSecret('unknown') as Secret
  }
  // The one place where such a text is made.
  return compile.marks.take(name, whereNow(compile)) as Secret
}
