import type { ReactNode } from 'react'

/** A revision, cut to what a person compares, whole on hover. */
export function Revision({ id, none = 'none' }: { id: string | null; none?: string }): ReactNode {
  if (id === null) return <span className="quiet">{none}</span>
  return (
    <code className="revision" title={id}>
      {id.slice(0, 12)}
    </code>
  )
}
