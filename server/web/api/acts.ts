import { type QueryClient, useMutation, useQueryClient } from '@tanstack/react-query'
import type { SessionView } from '../../http/view.ts'
import { post } from './client.ts'
import { keys } from './queries.ts'

/** What a person may do, each one POST. What it changes comes back as live events. */
export function useLogin() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: { readonly name: string; readonly password: string }) =>
      post<SessionView>('/login', body),
    onSuccess: (session) => {
      forget(client)
      client.setQueryData(keys.session, session)
    },
  })
}

export function useLogout() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => post<unknown>('/logout'),
    onSuccess: () => {
      client.setQueryData(keys.session, null)
      forget(client)
    },
  })
}

/** The next person must not see what the last one might. */
function forget(client: QueryClient): void {
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== keys.session[0] })
}

export function useRun(host: string) {
  return useMutation({
    mutationFn: ({ noop }: { readonly noop: boolean }) =>
      post<{ runId: string }>(`/hosts/${encodeURIComponent(host)}/run`, { noop }),
  })
}

export function useApprove(host: string) {
  return useMutation({
    mutationFn: (evidence: string) =>
      post<unknown>(`/hosts/${encodeURIComponent(host)}/approve`, { evidence }),
  })
}

export function useApproveSite() {
  return useMutation({
    mutationFn: (evidence: string) => post<unknown>('/site/approve', { evidence }),
  })
}

export function useRebuild(host: string) {
  return useMutation({
    mutationFn: (reason: string) =>
      post<{ rebuild: string }>(`/hosts/${encodeURIComponent(host)}/rebuild`, { reason }),
  })
}

export function useResume(id: string) {
  return useMutation({ mutationFn: () => post<unknown>(`/rebuilds/${encodeURIComponent(id)}/resume`) })
}

export function useCancel(id: string) {
  return useMutation({ mutationFn: () => post<unknown>(`/rebuilds/${encodeURIComponent(id)}/cancel`) })
}
