/** Names that a list has more than once, each once. Pure. */
export function repeated(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, at) => names.indexOf(name) !== at))]
}
