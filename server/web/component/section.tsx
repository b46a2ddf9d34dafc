import { type ReactNode, useId } from 'react'

interface SectionProps {
  readonly title: string
  readonly count?: number
  readonly id?: string
  readonly aside?: ReactNode
  readonly children: ReactNode
}

/** A part of a page under a heading of its own. */
export function Section({ title, count, id, aside, children }: SectionProps): ReactNode {
  const heading = useId()
  return (
    <section aria-labelledby={heading} id={id}>
      <header className="section-head">
        <h2 id={heading}>
          {title}
          {count !== undefined && <span className="count">{count}</span>}
        </h2>
        {aside}
      </header>
      {children}
    </section>
  )
}

/** What stands where there is nothing to show, and why that is. */
export function Empty({ children }: { children: ReactNode }): ReactNode {
  return <p className="empty">{children}</p>
}
