/** The files of a new site: those of catalogs/starter, and those that depend on this Rekindle and on the folder's name. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')
const starter = join(root, 'catalogs', 'starter')

/** Packages with which a site is tested, its types checked and its editor served. */
export const authoringTools = ['@types/node', 'fast-check', 'typescript', 'vitest'] as const

/** Texts by their paths in the site. */
export function starterFiles(dir: string): ReadonlyMap<string, string> {
  const copied = readdirSync(starter, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [path.slice(starter.length + 1), readFileSync(path, 'utf8')] as const)
  return new Map([
    ['package.json', json(packageOf(dir))],
    ['tsconfig.json', json(tsconfig)],
    ['.gitignore', 'node_modules/\n'],
    ...copied.toSorted(),
  ])
}

function packageOf(dir: string): object {
  const { devDependencies }: { devDependencies: Record<string, string> } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  )
  return {
    name: nameOf(dir),
    private: true,
    type: 'module',
    scripts: {
      check: 'rekindle check .',
      test: 'vitest run',
      types: 'tsc --noEmit',
      prepare: 'rekindle link .',
    },
    devDependencies: Object.fromEntries(authoringTools.map((name) => [name, devDependencies[name]])),
  }
}

/** @example nameOf('/srv/My Fleet') // 'my-fleet' */
function nameOf(dir: string): string {
  const name = basename(dir)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
  return name.replaceAll(/^-|-$/g, '') || 'site'
}

/** What Node's stripping of types asks for, and every check that finds mistakes. */
const tsconfig = {
  compilerOptions: {
    target: 'esnext',
    module: 'nodenext',
    lib: ['esnext'],
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    noEmit: true,
  },
  include: ['**/*.ts'],
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
