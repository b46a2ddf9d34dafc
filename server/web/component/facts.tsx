import type { ReactNode } from 'react'
import type { HostView } from '../../http/view.ts'
import { flatten } from '../model/flatten.ts'
import { FactProblems } from './fact-problems.tsx'
import { Empty, Section } from './section.tsx'
import { Time } from './time.tsx'

/** What the server knows of a host, what the host says, and what changes by itself on it. */
export function Facts({ host }: { host: HostView }): ReactNode {
  const { facts, attributes, vitals, packages, factProblems } = host
  return (
    <>
      <FactProblems problems={factProblems} />
      {Object.keys(attributes).length > 0 && (
        <Section title="Given with its token">
          <FactList facts={attributes} />
        </Section>
      )}
      {vitals !== null && <Vitals vitals={vitals} />}
      <Section title="What the host says">
        {facts === null ? <Empty>The host has not sent any facts yet.</Empty> : <FactList facts={facts} />}
      </Section>
      {packages !== null && (
        <details>
          <summary>Versions of {Object.keys(packages).length} packages</summary>
          <FactList facts={packages} />
        </details>
      )}
    </>
  )
}

function Vitals({ vitals: { toldAt, ...vitals } }: { vitals: NonNullable<HostView['vitals']> }): ReactNode {
  return (
    <Section title="At its last poll" aside={<Time at={toldAt} />}>
      <FactList facts={vitals} />
    </Section>
  )
}

function FactList({ facts }: { facts: Readonly<Record<string, unknown>> }): ReactNode {
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
