/** The addresses of the page. What a person chose (filter, order, tab) is in the address, so that it can be sent on. */
import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import { Gate } from './component/gate.tsx'
import { hostTabs } from './model/host-tabs.ts'
import { oneOf, present, textOf } from './model/search.ts'
import { hostStatuses } from './model/status.ts'
import { AuditPage } from './page/audit.tsx'
import { DriftPage } from './page/drift.tsx'
import { HostPage } from './page/host.tsx'
import { HostsPage } from './page/hosts.tsx'
import { NotFoundPage } from './page/not-found.tsx'
import { OverviewPage } from './page/overview.tsx'
import { RebuildPage } from './page/rebuild.tsx'
import { RebuildsPage } from './page/rebuilds.tsx'
import { RunPage } from './page/run.tsx'

type Search = Record<string, unknown>

const root = createRootRoute({ component: Gate, notFoundComponent: NotFoundPage })

const overview = createRoute({ getParentRoute: () => root, path: '/', component: OverviewPage })

const hosts = createRoute({
  getParentRoute: () => root,
  path: '/hosts',
  component: HostsPage,
  validateSearch: (search: Search) =>
    present({
      q: textOf(search, 'q'),
      status: oneOf(search, 'status', hostStatuses),
      sort: textOf(search, 'sort'),
      desc: search.desc === true ? true : undefined,
    }),
})

const host = createRoute({
  getParentRoute: () => root,
  path: '/hosts/$name',
  component: HostPage,
  validateSearch: (search: Search) => present({ show: oneOf(search, 'show', hostTabs) }),
})

const run = createRoute({ getParentRoute: () => root, path: '/runs/$id', component: RunPage })

const drift = createRoute({
  getParentRoute: () => root,
  path: '/drift',
  component: DriftPage,
  validateSearch: (search: Search) =>
    present({ q: textOf(search, 'q'), show: oneOf(search, 'show', ['open', 'history'] as const) }),
})

const rebuilds = createRoute({ getParentRoute: () => root, path: '/rebuilds', component: RebuildsPage })

const rebuild = createRoute({ getParentRoute: () => root, path: '/rebuilds/$id', component: RebuildPage })

const audit = createRoute({
  getParentRoute: () => root,
  path: '/audit',
  component: AuditPage,
  validateSearch: (search: Search) =>
    present({
      q: textOf(search, 'q'),
      limit: typeof search.limit === 'number' && search.limit > 0 ? Math.floor(search.limit) : undefined,
    }),
})

export const router = createRouter({
  routeTree: root.addChildren([overview, hosts, host, run, drift, rebuilds, rebuild, audit]),
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
