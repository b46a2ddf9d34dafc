/** Numbers of this server for Prometheus (text format 0.0.4), for programs with a token. */
import type { FastifyInstance } from 'fastify'
import { version } from '../../../schemas/version.ts'
import { type CatalogTally, ways } from '../../site/tally.ts'
import type { PeopleApi } from './api.ts'

export function metricsRoute(app: FastifyInstance, { tally }: Pick<PeopleApi, 'tally'>): void {
  app.get('/api/metrics', { config: { allow: 'viewer' } }, async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(renderMetrics(tally.read())),
  )
}

/** The hit rate of the compile cache is found / (found + compiled); a ratio of since the start is given, too. */
export function renderMetrics(counts: ReturnType<CatalogTally['read']>): string {
  const { found, compiled } = counts
  const asked = found + compiled
  return [
    '# HELP rekindle_info The server that answers.',
    '# TYPE rekindle_info gauge',
    `rekindle_info{version="${version}"} 1`,
    '# HELP rekindle_catalog_requests_total Catalogs that hosts asked for: known (asked for again), found (in the compile cache), compiled, failed.',
    '# TYPE rekindle_catalog_requests_total counter',
    ...ways.map((way) => `rekindle_catalog_requests_total{way="${way}"} ${counts[way]}`),
    '# HELP rekindle_compile_cache_hit_ratio Share of compiles that the cache spared since the server started.',
    '# TYPE rekindle_compile_cache_hit_ratio gauge',
    `rekindle_compile_cache_hit_ratio ${asked === 0 ? 'NaN' : found / asked}`,
    '',
  ].join('\n')
}
