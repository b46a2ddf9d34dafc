/** Node's https, loaded when the server is asked: TLS is a fifth of the start of a `rekindle apply`, which never does. */
export function https(): typeof import('node:https') {
  return process.getBuiltinModule('node:https')
}
