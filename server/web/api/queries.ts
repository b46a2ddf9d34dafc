/** What the page asks for, by key. The keys are what live events make stale: see refresh.ts. */
import { queryOptions } from '@tanstack/react-query'
import type {
  AuditView,
  DriftRow,
  HostRow,
  HostView,
  OverviewView,
  RebuildRow,
  RebuildView,
  ReportView,
  SessionView,
  SiteView,
} from '../../http/view.ts'
import { ApiError, get } from './client.ts'

export const keys = {
  session: ['session'],
  overview: ['overview'],
  site: ['site'],
  hosts: ['hosts'],
  host: (name: string) => ['host', name],
  drift: ['drift'],
  rebuilds: ['rebuilds'],
  rebuild: (id: string) => ['rebuild', id],
  report: (id: string) => ['report', id],
  audit: ['audit'],
} as const

/** Null when nobody is logged in. */
export const sessionQuery = queryOptions({
  queryKey: keys.session,
  queryFn: async ({ signal }): Promise<SessionView | null> => {
    try {
      return await get<SessionView>('/session', signal)
    } catch (error) {
      if (error instanceof ApiError && error.problem.status === 401) return null
      throw error
    }
  },
})

export const overviewQuery = queryOptions({
  queryKey: keys.overview,
  queryFn: ({ signal }) => get<OverviewView>('/overview', signal),
})

export const siteQuery = queryOptions({
  queryKey: keys.site,
  queryFn: ({ signal }) => get<SiteView>('/site', signal),
})

export const hostsQuery = queryOptions({
  queryKey: keys.hosts,
  queryFn: ({ signal }) => get<readonly HostRow[]>('/hosts', signal),
})

export function hostQuery(name: string) {
  return queryOptions({
    queryKey: keys.host(name),
    queryFn: ({ signal }) => get<HostView>(`/hosts/${encodeURIComponent(name)}`, signal),
  })
}

export function driftQuery(open: boolean) {
  return queryOptions({
    queryKey: [...keys.drift, open],
    queryFn: ({ signal }) => get<readonly DriftRow[]>(`/drift?open=${open}`, signal),
  })
}

export const rebuildsQuery = queryOptions({
  queryKey: keys.rebuilds,
  queryFn: ({ signal }) => get<readonly RebuildRow[]>('/rebuilds', signal),
})

export function rebuildQuery(id: string) {
  return queryOptions({
    queryKey: keys.rebuild(id),
    queryFn: ({ signal }) => get<RebuildView>(`/rebuilds/${encodeURIComponent(id)}`, signal),
  })
}

export function reportQuery(id: string) {
  return queryOptions({
    queryKey: keys.report(id),
    queryFn: ({ signal }) => get<ReportView>(`/reports/${encodeURIComponent(id)}`, signal),
    // A report is written once.
    staleTime: Number.POSITIVE_INFINITY,
    refetchInterval: false,
  })
}

export function auditQuery(limit: number) {
  return queryOptions({
    queryKey: [...keys.audit, limit],
    queryFn: ({ signal }) => get<AuditView>(`/audit?limit=${limit}`, signal),
  })
}
