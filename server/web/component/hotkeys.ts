import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'

export const places = [
  { key: 'o', to: '/', label: 'Overview' },
  { key: 'h', to: '/hosts', label: 'Hosts' },
  { key: 'd', to: '/drift', label: 'Drift' },
  { key: 'r', to: '/rebuilds', label: 'Rebuilds' },
  { key: 'a', to: '/audit', label: 'Audit' },
] as const

/** A `g` that is not followed within this time was meant for nothing. */
const chordMs = 1500

/**
 * Keys of the whole page: `g` and a letter to go, `/` to filter, `j` and `k` along rows, `?` for help. Never while a
 * person types or a dialog is open.
 */
export function useHotkeys(): { readonly help: boolean; readonly closeHelp: () => void } {
  const navigate = useNavigate()
  const [help, setHelp] = useState(false)
  useEffect(() => {
    let chordAt = Number.NEGATIVE_INFINITY
    const listen = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      const chord = event.timeStamp - chordAt < chordMs
      chordAt = event.key === 'g' ? event.timeStamp : Number.NEGATIVE_INFINITY
      const place = places.find(({ key }) => key === event.key)
      if (chord && place) void navigate({ to: place.to })
      else if (event.key === '?') setHelp(true)
      else if (event.key === '/') focus(document.querySelector<HTMLElement>('input[type=search]'))
      else if (event.key === 'j') focus(nextRow(1))
      else if (event.key === 'k') focus(nextRow(-1))
      else return
      event.preventDefault()
    }
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  }, [navigate])
  return { help, closeHelp: () => setHelp(false) }
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select, dialog') !== null
}

function focus(element: HTMLElement | null): void {
  element?.focus()
}

function nextRow(step: 1 | -1): HTMLElement | null {
  const links = [...document.querySelectorAll('[data-row]')].flatMap((row) => {
    const link = row.querySelector('a')
    return link === null ? [] : [link]
  })
  const at = links.findIndex((link) => link.closest('[data-row]')?.contains(document.activeElement))
  if (at < 0) return links[0] ?? null
  return links[Math.min(links.length - 1, Math.max(0, at + step))] ?? null
}
