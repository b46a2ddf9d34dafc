import type { ReactNode } from 'react'
import type { Tone } from '../model/status.ts'
import { Icon } from './icon.tsx'

interface BadgeProps {
  readonly tone: Tone
  readonly word: string
  readonly meaning?: string
}

/** A status: sign, word and colour. */
export function Badge({ tone, word, meaning }: BadgeProps): ReactNode {
  return (
    <span className="badge" data-tone={tone} title={meaning}>
      <Icon tone={tone} />
      {word}
    </span>
  )
}
