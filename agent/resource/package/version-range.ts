/** Pure: versions that an author allows, such as `>=1.2 <2.0`. The order of versions is the package manager's. */

type Operator = '<' | '<=' | '>' | '>=' | '='

interface Bound {
  readonly operator: Operator
  readonly version: string
}

export type Compare = (a: string, b: string) => number

/** Whether a `version` is a range, and not one version. */
export function isRange(version: string): boolean {
  return /^[<>=]/.test(version)
}

/** Whether a version is inside a range. */
export function isInRange(version: string, range: string, compare: Compare): boolean {
  return parseRange(range).every(({ operator, version: bound }) => holds(operator, compare(version, bound)))
}

/** The newest of the versions that is inside the range; undefined when none is. */
export function newestInRange(
  versions: readonly string[],
  range: string,
  compare: Compare,
): string | undefined {
  return versions
    .filter((version) => isInRange(version, range, compare))
    .toSorted(compare)
    .at(-1)
}

function parseRange(range: string): readonly Bound[] {
  // The schema has checked the shape: operators, each with a version, parted by spaces.
  return [...range.matchAll(/(<=|>=|<|>|=)\s*(\S+)/g)].map(([, operator, version]) => ({
    operator: operator as Operator,
    version: version ?? '',
  }))
}

function holds(operator: Operator, order: number): boolean {
  switch (operator) {
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
    case '=':
      return order === 0
    default:
      return operator satisfies never
  }
}
