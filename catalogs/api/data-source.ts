/** The layers of a site as they stand in its folder: read when a host first looks at them, checked as they are read. */
import { relative } from 'node:path/posix'
import {
  type AskedLayer,
  askLayers,
  type DataScope,
  type FindLayer,
  fitPattern,
  type Layer,
  resolveData,
} from '../../schemas/data-layers.ts'
import { RekindleError } from '../../schemas/errors.ts'
import type { HostRule, SiteManifest } from '../../schemas/generated/types.ts'
import { rulesOfName } from '../../schemas/host-rule.ts'
import type { DeclaredData, HostData, Mistake } from './context.ts'
import { hasFolder, type LayerFile, listLayers, type ReadLayer, readLayer } from './data-file.ts'
import { hintFor } from './data-schema.ts'
import { renderPlace } from './place.ts'

export interface DataSource {
  /** What a host sees. @throws RekindleError for a layer of its that is wrong */
  of(scope: DataScope): HostData
  /** `path:line:column` of a key in a layer that was found. */
  whereOf(layer: Layer, path: readonly string[]): string
}

export interface SurveyedData {
  /** By name. */
  readonly layers: ReadonlyMap<string, Layer>
  readonly mistakes: readonly Mistake[]
  /** Layers that no host looks at, for the author to see. */
  readonly warnings: readonly Mistake[]
}

export function openData(data: DeclaredData, siteDir: string): DataSource {
  const read = new Map<string, LayerFile | undefined>()
  const find: FindLayer = (name) => {
    if (!read.has(name)) read.set(name, sound(checkedLayer(data, siteDir, name)))
    return read.get(name)
  }
  return {
    of: (scope) => hostData(data, () => askLayers(data.rules, scope, find)),
    whereOf(layer, path) {
      const file = [...read.values()].find((one) => one?.file === layer.file)
      return file?.whereOf(path) ?? layer.file
    },
  }
}

/** Data of one host, of the layers that it looks at. */
function hostData(data: DeclaredData, ask: () => readonly AskedLayer[]): HostData {
  let [asked, values]: [readonly AskedLayer[] | undefined, object | undefined] = [undefined, undefined]
  const askOnce = () => {
    asked ??= ask()
    return asked
  }
  return {
    asked: askOnce,
    values() {
      values ??= resolveData(data.rules, askOnce())
      return values
    },
  }
}

/** The same data with a layer above all others, as a test gives it. */
export function withLayerAbove(
  data: DeclaredData,
  source: HostData,
  values: Readonly<Record<string, unknown>>,
): HostData {
  const [wrong] = data.checker.layer(values)
  if (wrong !== undefined) throw invalid({ ...wrong, where: null })
  const above: AskedLayer = { pattern: 'test', name: 'test', found: { file: 'the test’s data', values } }
  return hostData(data, () => [above, ...source.asked()])
}

/** Reads and checks every layer that the folder has. */
export function surveyData(data: DeclaredData, siteDir: string, manifest: SiteManifest): SurveyedData {
  const where = renderPlace(data.place, siteDir)
  const wrongSchema = data.checker.schema().map((message): Mistake => ({ message, where, hint: null }))
  if (wrongSchema.length > 0) return { layers: new Map(), mistakes: wrongSchema, warnings: [] }
  if (!hasFolder(data.dir)) {
    const message = `Cannot read data: the site has no folder "${relative(siteDir, data.dir)}"`
    return { layers: new Map(), mistakes: [{ message, where, hint: null }], warnings: [] }
  }
  const layers = new Map<string, Layer>()
  const mistakes: Mistake[] = []
  const warnings: Mistake[] = []
  for (const name of listLayers(data.dir)) {
    const fit = fitPattern(data.rules.hierarchy, name)
    const lost = fit === undefined ? noPattern(data, name) : lostLayer(fit, manifest)
    if (lost !== undefined) warnings.push({ ...lost, where: shownLayer(data, name, siteDir) })
    const layer = fit === undefined ? undefined : checkedLayer(data, siteDir, name)
    if (layer === undefined) continue
    if ('mistakes' in layer) mistakes.push(...layer.mistakes)
    else layers.set(name, { file: layer.file, values: layer.values })
  }
  return { layers, mistakes, warnings }
}

/** Hosts that have a layer of their own. */
export function hostsWithLayers(data: DeclaredData): readonly string[] {
  if (!hasFolder(data.dir)) return []
  return listLayers(data.dir).flatMap((name) => fitPattern(data.rules.hierarchy, name)?.host ?? [])
}

type Lost = Pick<Mistake, 'message' | 'hint'>

function noPattern({ rules }: DeclaredData, name: string): Lost | undefined {
  const hint = `Layers: ${rules.hierarchy.join(', ')}`
  return { message: `No host looks at "${name}": its name fits no layer of the hierarchy`, hint }
}

function lostLayer(fit: Readonly<Record<string, string>>, { hosts, roles }: SiteManifest): Lost | undefined {
  const { host, role, environment } = fit
  if (host !== undefined && rulesOfName(hosts, host).length === 0)
    return { message: `No rule of the site matches host "${host}"`, hint: null }
  if (role !== undefined && !roles.includes(role))
    return { message: `No host has role "${role}"`, hint: hintFor(role, roles) }
  const environments = [...new Set(hosts.flatMap((rule: HostRule) => rule.environment ?? []))]
  if (environment !== undefined && !environments.includes(environment))
    return { message: `No host is in environment "${environment}"`, hint: hintFor(environment, environments) }
  return undefined
}

function shownLayer(data: DeclaredData, name: string, siteDir: string): string {
  return `${relative(siteDir, data.dir)}/${name}`
}

function checkedLayer(
  data: DeclaredData,
  siteDir: string,
  name: string,
): LayerFile | { readonly mistakes: readonly Mistake[] } | undefined {
  const layer: ReadLayer | undefined = readLayer(data.dir, name, siteDir)
  if (layer === undefined) return undefined
  if ('mistake' in layer) return { mistakes: [layer.mistake] }
  const wrong = data.checker.layer(layer.values)
  if (wrong.length === 0) return layer
  return { mistakes: wrong.map(({ path, message, hint }) => ({ message, hint, where: layer.whereOf(path) })) }
}

function sound(layer: ReturnType<typeof checkedLayer>): LayerFile | undefined {
  if (layer === undefined || !('mistakes' in layer)) return layer
  const [first] = layer.mistakes
  throw invalid(first ?? { message: 'Cannot use a layer', where: null, hint: null })
}

function invalid({ message, where, hint }: Mistake): RekindleError {
  return new RekindleError({
    code: 'compile-failed',
    message,
    where: where ?? undefined,
    hint: hint ?? undefined,
  })
}
