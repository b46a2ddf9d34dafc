/** Reads one text out of a page's address; what is not a text or is empty is as if it were not there. */
export function textOf(search: Record<string, unknown>, name: string): string | undefined {
  const value = search[name]
  if (typeof value === 'string' && value !== '') return value
  // The router reads `?q=12` as a number.
  return typeof value === 'number' ? String(value) : undefined
}

/** Reads one of some words out of a page's address. */
export function oneOf<Word extends string>(
  search: Record<string, unknown>,
  name: string,
  words: readonly Word[],
): Word | undefined {
  return words.find((word) => word === search[name])
}

/** Leaves out what is undefined, so that it does not show in the address. */
export function present<Value extends object>(
  value: Value,
): { [Key in keyof Value]?: Exclude<Value[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
    [Key in keyof Value]?: Exclude<Value[Key], undefined>
  }
}
