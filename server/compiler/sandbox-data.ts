/** What a sandbox answers about its site's data. */
import { relative } from 'node:path/posix'
import type { Data } from '../../catalogs/api/data.ts'
import { lookUp } from '../../catalogs/api/data-lookup.ts'
import { type DataSource, hostsWithLayers, surveyData } from '../../catalogs/api/data-source.ts'
import type { SiteManifest } from '../../schemas/generated/types.ts'
import { rulesOfName } from '../../schemas/host-rule.ts'
import type { SiteProblem } from '../http/view.ts'
import type { Answer, Request } from './message.ts'

export interface OpenedData {
  readonly of: Data
  readonly layers: DataSource
}

interface SiteWithData {
  readonly dir: string
  readonly manifest: SiteManifest
  readonly data: OpenedData | undefined
}

/** Hosts that a rule is for, and that have a layer of data. */
export function hostsOf({ data, manifest }: SiteWithData, match: readonly string[]): readonly string[] {
  const hosts = data === undefined ? [] : hostsWithLayers(data.of)
  return hosts.filter((host) =>
    rulesOfName(manifest.hosts, host).some((rule) => rule.match.join(' ') === match.join(' ')),
  )
}

export function readData({ data, dir, manifest }: SiteWithData): Answer {
  if (data === undefined) return { type: 'data', data: null, warnings: [] }
  const { layers, mistakes, warnings } = surveyData(data.of, dir, manifest)
  if (mistakes.length > 0) return { type: 'refused', problems: mistakes }
  return {
    type: 'data',
    data: { rules: data.of.rules, layers, folder: relative(dir, data.of.dir) },
    warnings,
  }
}

export function lookup(
  data: OpenedData | undefined,
  request: Extract<Request, { type: 'lookup' }>,
  diagnose: (thrown: unknown, act: string) => SiteProblem,
): Answer {
  if (data === undefined) return { type: 'refused', problems: [noData] }
  try {
    return { type: 'looked-up', keys: lookUp(data.of, data.layers, request, request.key) }
  } catch (thrown) {
    return { type: 'refused', problems: [diagnose(thrown, `look up "${request.key}"`)] }
  }
}

const noData: SiteProblem = {
  message: 'Cannot look data up: the site has none',
  where: 'site.ts',
  hint: 'Give it to the site: export default site({ hosts, data }), where data is what layers() returns',
}
