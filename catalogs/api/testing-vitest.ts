/**
 * What a site's `vitest.config.ts` imports as 'rekindle/testing/vitest': coverage of roles, resources and branches, printed
 * when the run ends. Vitest's own types are not named: the site brings vitest, and this file is read without it too.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { instrument, type Point, renderCoverage, type SyntaxNode, summarise } from './testing-coverage.ts'

export interface SiteCoverageOptions {
  /** Least share of roles, resources and branches, in percent, that tests have to come to; the run fails below. Default 0. */
  readonly threshold?: number
  /** Which files count, by their paths in the site. Default: all TypeScript but tests and settings. */
  readonly include?: (path: string) => boolean
  /** Default: standard output. */
  readonly print?: (text: string) => void
}

/** The part of vite's and vitest's interfaces that is used. */
interface PluginContext {
  parse(code: string, options: { lang: 'ts' }): SyntaxNode
}

interface Vitest {
  readonly config: { readonly root: string }
  readonly state: { getTestModules(): readonly { meta(): object }[] }
  onClose(done: () => void): void
}

/** A plugin for vitest. The site's test setup hands over what each test file came to: `collectCoverage(afterAll)`. */
export function siteCoverage({
  threshold = 0,
  include = isCode,
  print = console.log,
}: SiteCoverageOptions = {}) {
  let root = ''
  let parse: ((code: string) => SyntaxNode) | undefined
  return {
    name: 'rekindle-coverage',
    enforce: 'pre' as const,
    configResolved(config: { readonly root: string }) {
      root = config.root
    },
    buildStart(this: PluginContext) {
      parse = (code) => this.parse(code, { lang: 'ts' })
    },
    transform(this: PluginContext, code: string, id: string) {
      const path = relative(root, id.replace(/[?#].*$/, ''))
      if (!include(path) || path.startsWith('..')) return undefined
      return { code: instrument(path, code, this.parse(code, { lang: 'ts' })).code, map: null }
    },
    configureVitest({ vitest }: { readonly vitest: Vitest }) {
      vitest.onClose(() => {
        const modules = vitest.state.getTestModules()
        if (modules.length === 0 || parse === undefined) return
        const summary = summarise(pointsIn(root, include, parse), new Set(modules.flatMap(hitsOf)))
        print(renderCoverage(summary, threshold))
        if (summary.percent < threshold) process.exitCode = 1
      })
    },
  }
}

function hitsOf(module: { meta(): object }): readonly string[] {
  const hits: unknown = Reflect.get(module.meta(), 'rekindle')
  return Array.isArray(hits) ? hits.map(String) : []
}

function isCode(path: string): boolean {
  return path.endsWith('.ts') && !/\.(test|d|config)\.ts$|^tests\//.test(path)
}

function pointsIn(
  root: string,
  include: (path: string) => boolean,
  parse: (code: string) => SyntaxNode,
): readonly Point[] {
  return filesOf(root, '')
    .filter(include)
    .flatMap((path) => {
      const code = readFileSync(join(root, path), 'utf8')
      return instrument(path, code, parse(code)).points
    })
}

function filesOf(root: string, below: string): readonly string[] {
  return readdirSync(join(root, below), { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (entry.name === 'node_modules' || entry.name.startsWith('.')) return []
      const path = join(below, entry.name)
      return entry.isDirectory() ? filesOf(root, path) : [path]
    })
}
