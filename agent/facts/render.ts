/** Pure: facts for people, one line each, and one of them by its path. */

/** @example renderFacts({ os: { id: 'debian' } }) // 'os.id = debian' */
export function renderFacts(facts: object): string {
  return lines(facts, '').join('\n')
}

/** A text stands for itself, so that scripts can use it; a group is lines. */
export function renderFact(value: unknown): string {
  return isGroup(value) ? renderFacts(value) : renderValue(value)
}

/** Names may hold dots, as `mounts./srv/a.b` does; undefined when there is none. */
export function findFact(facts: unknown, path: string): unknown {
  if (!isGroup(facts)) return undefined
  if (Object.hasOwn(facts, path)) return Reflect.get(facts, path)
  const dots = [...path.matchAll(/\./g)].map(({ index }) => index)
  for (const dot of dots) {
    const name = path.slice(0, dot)
    const found = Object.hasOwn(facts, name)
      ? findFact(Reflect.get(facts, name), path.slice(dot + 1))
      : undefined
    if (found !== undefined) return found
  }
  return undefined
}

function lines(group: object, prefix: string): readonly string[] {
  return Object.entries(group).flatMap(([name, value]: [string, unknown]) => {
    const path = `${prefix}${name}`
    // Hundreds of lines that hide the others.
    if (path === 'packages' && isGroup(value)) return [`packages = ${Object.keys(value).length} installed`]
    if (!isGroup(value)) return [`${path} = ${renderValue(value)}`]
    return lines(value, `${path}.`)
  })
}

function renderValue(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
