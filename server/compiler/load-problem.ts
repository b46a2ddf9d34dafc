/** Makes more of those of Node's errors that name a file of the site in words only, or none. Pure; files are given. */
import type { SiteProblem } from '../http/view.ts'
import { jsonErrorLine, placeOfImport, type SiteImport, secondDeclaration } from './imports.ts'

export interface LoadedFiles {
  readonly siteDir: string
  readonly imports: readonly SiteImport[]
  /** Text of a file, by its path in the site. */
  readonly read: (path: string) => string
}

export function refineLoadProblem(problem: SiteProblem, thrown: unknown, files: LoadedFiles): SiteProblem {
  if (!(thrown instanceof Error)) return problem
  const { siteDir } = files
  const text = thrown.message.replaceAll(`file://${siteDir}/`, '').replaceAll(`${siteDir}/`, '')
  const [, data, why = ''] = /^([^:\n]+\.json): (.*)/.exec(text) ?? []
  if (data !== undefined && thrown instanceof SyntaxError) {
    const message = `Cannot load the site: "${data}" is no JSON: ${why.split(', ', 1)[0]}`
    return { message, where: `${data}:${jsonErrorLine(files.read(data))}`, hint: null }
  }
  const [, json, other] =
    /^(?:Module "([^"]+)" needs an import attribute|Unknown file extension "\.\w+" for (.+)$)/.exec(text) ??
    []
  if (json !== undefined)
    return ofImport(problem, json, files, "Import it with { type: 'json' } behind its name")
  if (other !== undefined) {
    const hint = 'Code and JSON are imported; read other files with readFileSync(), or give them as a source'
    return ofImport(problem, other, files, hint)
  }
  const twice = /^Identifier '(.+)' has already been declared/.exec(text)?.[1]
  return twice === undefined ? problem : { ...problem, where: declaredTwice(twice, files) ?? problem.where }
}

/** An import of what is no code. */
function ofImport(
  problem: SiteProblem,
  path: string,
  { imports, read }: LoadedFiles,
  hint: string,
): SiteProblem {
  const found = imports.find(({ to }) => to === path)
  return {
    ...problem,
    where: found === undefined ? problem.where : placeOfImport(found, read(found.from)),
    hint,
  }
}

function declaredTwice(name: string, { imports, read }: LoadedFiles): string | undefined {
  for (const path of new Set(['site.ts', ...imports.map(({ to }) => to)])) {
    const line = secondDeclaration(read(path), name)
    if (line !== undefined) return `${path}:${line}`
  }
  return undefined
}
