/** Pure: which of the known names somebody may have meant. */

/** At most three, the nearest first; none when nothing is near. */
export function nearestNames(known: readonly string[], written: string): readonly string[] {
  const wanted = written.toLowerCase()
  const last = (name: string) => name.slice(name.lastIndexOf('/') + 1)
  const most = Math.max(2, Math.floor(written.length / 4))
  return known
    .map((name) => {
      const lower = name.toLowerCase()
      return { name, distance: last(lower) === last(wanted) ? 0 : editDistance(lower, wanted) }
    })
    .filter(({ distance }) => distance <= most)
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map(({ name }) => name)
}

/** Levenshtein's: insertions, deletions and replacements. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, left] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, right] of [...b].entries()) {
      const kept = (row[j] ?? 0) + (left === right ? 0 : 1)
      next.push(Math.min(kept, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
