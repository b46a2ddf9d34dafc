import type { ReactNode } from 'react'
import type { Tone } from '../model/status.ts'

/** A sign for each tone, so that colour is never the only one. */
const paths: Record<Tone, string> = {
  failed: 'M4 4l8 8M12 4l-8 8',
  drifted: 'M3 6h10M3 10h10M10.500 3l-5 10',
  silent: 'M3 8h.01M8 8h.01M13 8h.01',
  stale: 'M8 4v4l3 2M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2',
  rebuilding: 'M13 8a5 5 0 1 1-1.500-3.600M13 2v3h-3',
  new: 'M8 3v10M3 8h10',
  changed: 'M8 3l5.500 10h-11z',
  'in-sync': 'M3 8.500l3.500 3.500L13 5',
  quiet: 'M4 8h8',
}

export function Icon({ tone }: { tone: Tone }): ReactNode {
  return (
    <svg className="icon" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" focusable="false">
      <path
        d={paths[tone]}
        fill="none"
        stroke="currentColor"
        strokeWidth="2"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}
