/** What the types of the authoring API cost: tsc over the example site, beside tsc over an empty file with the same settings. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { initSite } from '../../server/author/init.ts'
import { alternate, type Bench, figure } from './figure.ts'

const rounds = 10
const example = join(import.meta.dirname, '..', '..', 'catalogs', 'example')

function tsc(project: string): number {
  const start = performance.now()
  execFileSync(join(project, 'node_modules', '.bin', 'tsc'), ['--noEmit'], { cwd: project })
  return performance.now() - start
}

/** A folder as `rekindle init` makes it, without its code. */
function project(dir: string, name: string): string {
  const folder = join(dir, name)
  initSite(folder)
  for (const path of ['site.ts', 'roles', 'data', 'tests', 'templates', 'vitest.config.ts'])
    rmSync(join(folder, path), { recursive: true, force: true })
  return folder
}

export const authoring: Bench = {
  ids: ['authoring.tsc'],
  about: 'tsc over the example site, with its tests',
  async run() {
    const dir = mkdtempSync(join(tmpdir(), 'rekindle-bench-'))
    try {
      const [site, bare] = [project(dir, 'site'), project(dir, 'bare')]
      cpSync(example, site, { recursive: true })
      const settings = JSON.parse(readFileSync(join(bare, 'tsconfig.json'), 'utf8'))
      settings.compilerOptions.types = []
      writeFileSync(join(bare, 'tsconfig.json'), JSON.stringify(settings))
      writeFileSync(join(bare, 'empty.ts'), 'export {}\n')
      const { a, b } = await alternate(
        rounds,
        () => tsc(site),
        () => tsc(bare),
      )
      return [
        figure({
          id: 'authoring.tsc',
          unit: 'ms',
          reference: 'tsc of an empty file',
          samples: a,
          referenceSamples: b,
        }),
      ]
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  },
}
