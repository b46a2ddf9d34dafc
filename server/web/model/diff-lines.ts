/** Lines of a unified diff, told apart for the eye. Numbers are those of the old and the new text. */
export interface DiffLine {
  readonly kind: 'added' | 'removed' | 'same' | 'hunk' | 'note'
  /** Without the sign in the first column. */
  readonly text: string
  readonly oldLine: number | null
  readonly newLine: number | null
}

/** Tolerates what precedes the first hunk (`Index:`, `===`, `---`, `+++`): it is left out, since the card names the file. */
export function parseDiff(diff: string): readonly DiffLine[] {
  const lines: DiffLine[] = []
  let oldLine = 0
  let newLine = 0
  let inHunk = false
  for (const line of diff.replace(/\n$/, '').split('\n')) {
    const hunk = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(line)
    if (hunk) {
      inHunk = true
      oldLine = Number(hunk[1])
      newLine = Number(hunk[2])
      lines.push({ kind: 'hunk', text: line, oldLine: null, newLine: null })
    } else if (!inHunk) {
      if (!/^(?:Index: |=+$|--- |\+\+\+ )/.test(line)) lines.push(note(line))
    } else if (line.startsWith('+')) {
      lines.push({ kind: 'added', text: line.slice(1), oldLine: null, newLine: newLine++ })
    } else if (line.startsWith('-')) {
      lines.push({ kind: 'removed', text: line.slice(1), oldLine: oldLine++, newLine: null })
    } else if (line.startsWith('\\')) {
      lines.push(note(line.slice(2)))
    } else {
      lines.push({ kind: 'same', text: line.slice(1), oldLine: oldLine++, newLine: newLine++ })
    }
  }
  return lines
}

function note(text: string): DiffLine {
  return { kind: 'note', text, oldLine: null, newLine: null }
}

export function countDiff(lines: readonly DiffLine[]): { readonly added: number; readonly removed: number } {
  return {
    added: lines.filter(({ kind }) => kind === 'added').length,
    removed: lines.filter(({ kind }) => kind === 'removed').length,
  }
}
