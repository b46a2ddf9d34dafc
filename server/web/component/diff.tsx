import { type ReactNode, useState } from 'react'
import { countDiff, type DiffLine, parseDiff } from '../model/diff-lines.ts'
import { ScrollArea } from './scroll-area.tsx'

const signs: Record<DiffLine['kind'], string> = { added: '+', removed: '−', same: ' ', hunk: ' ', note: ' ' }
const spoken: Partial<Record<DiffLine['kind'], string>> = { added: 'wanted: ', removed: 'found: ' }

interface DiffProps {
  readonly diff: string
  readonly label: string
  /** More lines than this are folded away. */
  readonly fold?: number
}

/** A unified diff: what is on the host (removed, −) against what the catalog wants (added, +). */
export function Diff({ diff, label, fold = 16 }: DiffProps): ReactNode {
  const [whole, setWhole] = useState(false)
  const lines = parseDiff(diff)
  const { added, removed } = countDiff(lines)
  // A button to show two more lines costs more than the lines.
  const folded = !whole && lines.length > fold + 2
  const shown = folded ? lines.slice(0, fold) : lines
  return (
    <figure className="diff" aria-label={`Difference of ${label}`}>
      <figcaption>
        <span className="removed">− found on the host ({removed})</span>
        <span className="added">+ wanted by the catalog ({added})</span>
      </figcaption>
      <ScrollArea className="diff-body" label={`Lines of ${label}`}>
        <table>
          <tbody>
            {shown.map((line, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other identity, and never move
              <Line key={index} line={line} />
            ))}
          </tbody>
        </table>
      </ScrollArea>
      {(folded || whole) && (
        <button type="button" className="fold" aria-expanded={whole} onClick={() => setWhole(!whole)}>
          {whole ? 'Fold' : `Show all ${lines.length} lines`}
        </button>
      )}
    </figure>
  )
}

function Line({ line }: { line: DiffLine }): ReactNode {
  if (line.kind === 'hunk' || line.kind === 'note') {
    return (
      <tr className={line.kind}>
        <td colSpan={4}>{line.text}</td>
      </tr>
    )
  }
  return (
    <tr className={line.kind}>
      <td className="line-number">{line.oldLine}</td>
      <td className="line-number">{line.newLine}</td>
      <td className="sign" aria-hidden="true">
        {signs[line.kind]}
      </td>
      <td className="text">
        {spoken[line.kind] !== undefined && <span className="unseen">{spoken[line.kind]}</span>}
        {line.text}
      </td>
    </tr>
  )
}
