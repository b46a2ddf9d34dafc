import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { type Attention, count } from '../model/attention.ts'
import { Badge } from './badge.tsx'
import { Section } from './section.tsx'

/** More than this is an outage, not a list: the counters and the host list serve that. */
const shown = 8

interface AttentionListProps {
  readonly items: readonly Attention[]
  /** How many drifts are open: with some, nothing is green. */
  readonly openDrift: number
}

export function AttentionList({ items, openDrift }: AttentionListProps): ReactNode {
  if (items.length === 0) {
    return (
      <section aria-label="Needs a person" className="all-well">
        {openDrift === 0 ? (
          <Badge tone="in-sync" word="Nothing needs a person now" />
        ) : (
          <Badge tone="drifted" word={`${count(openDrift, 'open drift')}, left to the policy of the pool`} />
        )}
      </section>
    )
  }
  return (
    <Section title="Needs a person" count={items.length}>
      <ul className="attention">
        {items.slice(0, shown).map((item) => (
          <li key={item.key} data-tone={item.tone}>
            <Badge tone={item.tone} word={item.word} />
            <span>
              <Target item={item} />: {item.text}
            </span>
          </li>
        ))}
      </ul>
      {items.length > shown && (
        <p className="more">
          And {items.length - shown} more: <Link to="/hosts">all hosts</Link>
        </p>
      )}
    </Section>
  )
}

function Target({ item }: { item: Attention }): ReactNode {
  switch (item.target.kind) {
    case 'host':
      return (
        <Link to="/hosts/$name" params={{ name: item.target.id }}>
          {item.subject}
        </Link>
      )
    case 'rebuild':
      return (
        <Link to="/rebuilds/$id" params={{ id: item.target.id }}>
          {item.subject}
        </Link>
      )
    case 'site':
      return (
        <Link to="/" hash="site">
          {item.subject}
        </Link>
      )
    default:
      return item.target satisfies never
  }
}
