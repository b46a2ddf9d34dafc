import type { ReactNode } from 'react'

interface ScrollAreaProps {
  readonly className: string
  readonly label: string
  readonly children: ReactNode
}

/** A part that scrolls by itself, which a keyboard can reach and scroll. */
export function ScrollArea({ className, label, children }: ScrollAreaProps): ReactNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without the focus, a keyboard cannot scroll it
    <section className={className} tabIndex={0} aria-label={label}>
      {children}
    </section>
  )
}
