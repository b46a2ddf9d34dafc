import type { ReactNode } from 'react'
import type { HostView } from '../../http/view.ts'
import { flatten } from '../model/flatten.ts'
import { Empty } from './section.tsx'

export function Facts({ facts }: { facts: HostView['facts'] }): ReactNode {
  if (facts === null) return <Empty>The host has not sent any facts yet.</Empty>
  return (
    <dl className="fact-list">
      {flatten(facts).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <code>{value === '' ? '(empty)' : value}</code>
          </dd>
        </div>
      ))}
    </dl>
  )
}
