/** A tree of facts as lines: `['os.release', '12']`. Lists of plain values stay on one line. */
export function flatten(
  tree: Readonly<Record<string, unknown>>,
  path = '',
): readonly (readonly [string, string])[] {
  return Object.entries(tree).flatMap(([key, value]) => {
    const name = path === '' ? key : `${path}.${key}`
    if (isTree(value)) return flatten(value, name)
    return [[name, renderFact(value)] as const]
  })
}

function isTree(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function renderFact(value: unknown): string {
  if (Array.isArray(value) && value.every((each) => typeof each !== 'object')) return value.join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}
