/** A value that JSON can hold. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined }

/**
 * Canonical JSON (RFC 8785): keys sorted by UTF-16 code units, numbers and strings as ECMAScript writes them,
 * no white space. Equal values give equal bytes. A property whose value is `undefined` is left out.
 *
 * @throws TypeError for what JSON cannot hold: NaN, infinities, functions, bigints, lone surrogates.
 * @example canonical({ b: 1, a: [true, null] }) // '{"a":[true,null],"b":1}'
 */
export function canonical(value: unknown): string {
  switch (typeof value) {
    case 'string':
      // RFC 8785 section 3.2.2.2: text that is no valid Unicode cannot be canonicalised.
      if (!value.isWellFormed()) throw new TypeError('Cannot canonicalise a string with a lone surrogate')
      return JSON.stringify(value)
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`Cannot canonicalise the number ${value}`)
      return JSON.stringify(value)
    case 'boolean':
      return String(value)
    case 'object':
      return value === null ? 'null' : Array.isArray(value) ? canonicalArray(value) : canonicalObject(value)
    default:
      throw new TypeError(`Cannot canonicalise a ${typeof value}`)
  }
}

function canonicalArray(values: readonly unknown[]): string {
  return `[${values.map(canonical).join(',')}]`
}

function canonicalObject(value: object): string {
  const members: string[] = []
  for (const key of Object.keys(value).sort()) {
    const member: unknown = Reflect.get(value, key)
    if (member !== undefined) members.push(`${canonical(key)}:${canonical(member)}`)
  }
  return `{${members.join(',')}}`
}
