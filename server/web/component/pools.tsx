import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { HostRow, OverviewView, PoolView } from '../../http/view.ts'
import { count } from '../model/attention.ts'
import { hostStatuses } from '../model/status.ts'
import { HostTile } from './host-tile.tsx'
import { Empty, Section } from './section.tsx'

/** Every pool with its hosts as tiles, the worst host first; then hosts that no pool of the site claims. */
export function Pools({ overview }: { overview: OverviewView }): ReactNode {
  const byPool = Map.groupBy(overview.hosts, ({ pool }) => pool)
  const known = new Set(overview.site.pools.map(({ name }) => name))
  const strays = [...byPool.keys()].filter((name) => !known.has(name))
  return (
    <Section title="Hosts" count={overview.hosts.length}>
      {overview.hosts.length === 0 && <Empty>No host has been made or enrolled yet.</Empty>}
      {overview.site.pools.map((pool) => (
        <Pool key={pool.name} name={pool.name} rules={pool} hosts={byPool.get(pool.name) ?? []} />
      ))}
      {strays.map((name) => (
        <Pool key={name} name={name} rules={null} hosts={byPool.get(name) ?? []} />
      ))}
    </Section>
  )
}

/** More tiles than this say no more; the list of hosts serves that. */
const shownTiles = 48

function Pool({
  name,
  rules,
  hosts,
}: {
  name: string
  rules: PoolView | null
  hosts: readonly HostRow[]
}): ReactNode {
  const worstFirst = hosts.toSorted(
    (a, b) =>
      hostStatuses.indexOf(a.status) - hostStatuses.indexOf(b.status) ||
      a.name.localeCompare(b.name, 'en', { numeric: true }),
  )
  return (
    <div className="pool">
      <h3>
        {name}{' '}
        <span className="quiet">
          {count(hosts.length, 'host')}
          {rules === null
            ? '; not a pool of the served site'
            : `; drift: ${rules.drift}; ${rules.order} order`}
        </span>
      </h3>
      <div className="tiles">
        {worstFirst.slice(0, shownTiles).map((host) => (
          <HostTile key={host.name} host={host} />
        ))}
      </div>
      {hosts.length > shownTiles && (
        <Link to="/hosts" search={{ q: name }}>
          All {hosts.length} hosts of {name}
        </Link>
      )}
    </div>
  )
}
