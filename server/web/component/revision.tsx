import type { ReactNode } from 'react'
import type { CommitView } from '../../http/view.ts'

/**
 * A revision, cut to what a person compares, whole on hover. Where it came from a repository it is shown as its commit,
 * which is what people know; `told`: with its author and subject.
 */
export function Revision({
  id,
  commit = null,
  none = 'none',
  told = false,
}: {
  id: string | null
  commit?: CommitView | null
  none?: string
  told?: boolean
}): ReactNode {
  if (id === null) return <span className="quiet">{none}</span>
  if (commit === null) {
    return (
      <code className="revision" title={id}>
        {id.slice(0, 12)}
      </code>
    )
  }
  const { hash, author, subject } = commit
  return (
    <>
      <code className="revision" title={`commit ${hash} by ${author}: ${subject} (revision ${id})`}>
        {hash.slice(0, 12)}
      </code>
      {told && (
        <>
          {' '}
          <span className="strong">{nameOf(author)}</span> <span className="quiet">{subject}</span>
        </>
      )}
    </>
  )
}

/** Without the address. */
function nameOf(author: string): string {
  const name = author.replace(/ ?<[^<]*>$/, '')
  return name === '' ? author : name
}
