import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { rebuildsQuery } from '../api/queries.ts'
import { Loaded } from '../component/loaded.tsx'
import { PageHead } from '../component/page-head.tsx'
import { RebuildCard } from '../component/rebuild-card.tsx'
import { RebuildTable } from '../component/rebuild-table.tsx'
import { Empty, Section } from '../component/section.tsx'
import { hasEnded } from '../model/status.ts'

export function RebuildsPage(): ReactNode {
  const query = useQuery(rebuildsQuery)
  return (
    <>
      <PageHead title="Rebuilds" />
      <Loaded query={query} what="the rebuilds">
        {(rebuilds) => {
          const underWay = rebuilds.filter(({ state }) => !hasEnded(state))
          const ended = rebuilds.filter(({ state }) => hasEnded(state))
          return (
            <>
              <Section title="Under way or held" count={underWay.length}>
                {underWay.length === 0 && <Empty>No rebuild is under way.</Empty>}
                {underWay.map((rebuild) => (
                  <RebuildCard key={rebuild.id} rebuild={rebuild} />
                ))}
              </Section>
              <Section title="Ended" count={ended.length}>
                <RebuildTable rows={ended} />
              </Section>
            </>
          )
        }}
      </Loaded>
    </>
  )
}
