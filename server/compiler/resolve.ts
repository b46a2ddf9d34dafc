/** How a site's imports are resolved: 'rekindle' to Rekindle's own, built-in modules to what a compile may have of them. */
import { existsSync, readFileSync } from 'node:fs'
import { isBuiltin, type registerHooks } from 'node:module'
import { join, relative } from 'node:path/posix'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { refuseModule } from './hermetic.ts'
import { hintForImport, placeOfImport, type SiteImport } from './imports.ts'

const api: Readonly<Record<string, string>> = {
  rekindle: new URL('../../catalogs/api/index.ts', import.meta.url).href,
  'rekindle/module': new URL('../../catalogs/module/index.ts', import.meta.url).href,
  'rekindle/testing': new URL('../../catalogs/api/testing.ts', import.meta.url).href,
}

/** Such as `rekindle/module/nginx`; undefined when there is no such module. */
function moduleUrl(specifier: string): string | undefined {
  const name = /^rekindle\/module\/([a-z-]+)$/.exec(specifier)?.[1]
  if (name === undefined) return undefined
  const url = new URL(`../../catalogs/module/${name}.ts`, import.meta.url)
  return existsSync(url) ? url.href : undefined
}

const pureCrypto = new URL('pure-crypto.ts', import.meta.url).href

/** How Node takes a file of the site, whatever its package.json says. */
const formats: Readonly<Record<string, string>> = {
  '.ts': 'module-typescript',
  '.mts': 'module-typescript',
  '.js': 'module',
}

type ResolveHook = NonNullable<Parameters<typeof registerHooks>[0]['resolve']>

/** `imports` takes what files of the site import of each other. */
export function resolveFor(dir: string, imports: SiteImport[]): ResolveHook {
  return (specifier, context, nextResolve) => {
    const own = api[specifier] ?? moduleUrl(specifier)
    if (own !== undefined) return { url: own, format: 'module-typescript', shortCircuit: true }
    if (isBuiltin(specifier) && !isOwn(dir, context.parentURL)) {
      if (/^(?:node:)?crypto$/.test(specifier))
        return { url: pureCrypto, format: 'module-typescript', shortCircuit: true }
      refuseModule(specifier, importPlace(dir, context.parentURL, specifier))
    }
    try {
      const resolved = nextResolve(specifier, context)
      const [from, to] = [context.parentURL, resolved.url].map((url) => pathIn(dir, url))
      if (from !== undefined && to !== undefined) imports.push({ from, specifier, to })
      const format = formatOf(dir, resolved.url)
      return format === undefined ? resolved : { ...resolved, format }
    } catch (cause) {
      throw withPlace(
        cause,
        importPlace(dir, context.parentURL, specifier),
        hintIn(dir, context.parentURL, specifier),
      )
    }
  }
}

/** Rekindle's own code, and packages that it loads when it needs them, lie outside of the site. */
function isOwn(dir: string, parentUrl: string | undefined): boolean {
  return parentUrl?.startsWith('file://') === true && pathIn(dir, parentUrl) === undefined
}

/** Relative to the site, its packages included; undefined for what is not in its folder. */
function pathIn(dir: string, url: string | undefined): string | undefined {
  return url?.startsWith(`${pathToFileURL(dir).href}/`) === true
    ? relative(dir, fileURLToPath(url))
    : undefined
}

/** Relative to the site; undefined for what is not of it. */
function ownPath(dir: string, url: string | undefined): string | undefined {
  return url?.includes('/node_modules/') === true ? undefined : pathIn(dir, url)
}

function hintIn(dir: string, parentUrl: string | undefined, specifier: string): string | undefined {
  const from = ownPath(dir, parentUrl)
  return from === undefined
    ? undefined
    : hintForImport({ from, specifier }, (path) => existsSync(join(dir, path)))
}

function formatOf(dir: string, url: string): string | undefined {
  return ownPath(dir, url) === undefined ? undefined : formats[/\.[a-z]+$/.exec(url)?.[0] ?? '']
}

function importPlace(dir: string, parentUrl: string | undefined, specifier: string): string | undefined {
  if (parentUrl?.startsWith('file:') !== true) return undefined
  const parent = fileURLToPath(parentUrl)
  return placeOfImport({ from: relative(dir, parent), specifier }, readFileSync(parent, 'utf8'))
}

function withPlace(cause: unknown, where: string | undefined, importHint: string | undefined): unknown {
  if (cause instanceof Error && where !== undefined) Object.assign(cause, { importedAt: where, importHint })
  return cause
}
