import { type ReactNode, useEffect } from 'react'

/** The page's heading, which takes the focus when a person goes to the page (see focus-on-navigation.ts). */
export function PageHead({ title, children }: { title: string; children?: ReactNode }): ReactNode {
  useEffect(() => {
    document.title = `${title} · Rekindle`
  }, [title])
  return (
    <header className="page-head">
      <h1 tabIndex={-1}>{title}</h1>
      {children}
    </header>
  )
}
