/**
 * Lets a site's folder find Rekindle where it is installed: links in `node_modules`, which git ignores. So `import … from
 * 'rekindle'` means the same to the editor, to tests and to the server, at every admin's, with no path in any file of the site.
 */
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { dirname, join } from 'node:path'
import { RekindleError } from '../../schemas/errors.ts'
import { authoringTools } from './starter.ts'

const root = join(import.meta.dirname, '..', '..')

export interface Linked {
  /** Tools of this Rekindle that were linked, since the site has none of its own. */
  readonly tools: readonly string[]
  /** Tools that neither the site nor this Rekindle has. */
  readonly missing: readonly string[]
}

/** @throws RekindleError `conflict` when the site has a copy of Rekindle of its own */
export function linkRekindle(dir: string): Linked {
  const modules = join(dir, 'node_modules')
  const own = join(modules, 'rekindle')
  const entry = lstatSync(own, { throwIfNoEntry: false })
  if (entry !== undefined && !entry.isSymbolicLink()) {
    throw new RekindleError({
      code: 'conflict',
      message: `Cannot link "${own}": it is there, and is no link`,
      hint: 'Remove it, or keep that copy',
    })
  }
  linkPackage(modules, 'rekindle', root)
  const lacking = authoringTools.filter((name) => !existsSync(join(modules, name)))
  const found = lacking.flatMap((name) => {
    const folder = installed(name)
    return folder === undefined ? [] : [{ name, folder }]
  })
  // The machine's own Node may be too old for TypeScript.
  link(process.execPath, join(modules, '.bin', 'node'))
  for (const { name, folder } of found) linkPackage(modules, name, folder)
  const tools = found.map(({ name }) => name)
  return { tools, missing: lacking.filter((name) => !tools.includes(name)) }
}

function linkPackage(modules: string, name: string, folder: string): void {
  link(folder, join(modules, name))
  const { bin }: { bin?: string | Record<string, string> } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  )
  const programs = typeof bin === 'string' ? { [name]: bin } : (bin ?? {})
  for (const [program, path] of Object.entries(programs))
    link(join(folder, path), join(modules, '.bin', program))
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true })
  rmSync(path, { force: true })
  symlinkSync(target, path)
}

/** Where this Rekindle has a package, if it has it: tools are left out where it only serves. */
function installed(name: string): string | undefined {
  try {
    const manifest = findPackageJSON(name, import.meta.url)
    return manifest === undefined ? undefined : dirname(manifest)
  } catch {
    return undefined
  }
}
