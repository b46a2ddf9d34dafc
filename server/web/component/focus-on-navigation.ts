import { useRouterState } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'

/** Takes the focus to the heading of a new page, as a browser would on a real navigation; not on the first page. */
export function useFocusOnNavigation(): void {
  const path = useRouterState({ select: ({ resolvedLocation }) => resolvedLocation?.pathname })
  const seen = useRef(path)
  useEffect(() => {
    if (seen.current !== undefined && path !== undefined && seen.current !== path) {
      document.querySelector('h1')?.focus({ preventScroll: true })
    }
    seen.current = path
  }, [path])
}
