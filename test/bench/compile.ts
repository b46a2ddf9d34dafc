/** What a catalog of 150 resources costs: compiled, and found again when what it read did not change. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { sampleFacts } from '../../schemas/sample-facts.ts'
import { createCompiler } from '../../server/compiler/compiler.ts'
import { type Bench, figure } from './figure.ts'

const rounds = 50

const siteSource = `
import { exec, facts, file, pkg, role, service, site } from 'rekindle'

const web = role('web', () => {
  for (let i = 0; i < 30; i++) pkg('package-' + i)
  for (let i = 0; i < 30; i++) {
    const conf = file('/etc/app-' + i + '.conf', { content: 'workers ' + facts.cpu.count + ' of ' + facts.hostname + '\\n'.repeat(20), mode: '0644' })
    service('app-' + i, { ensure: 'running', enable: true, subscribe: conf })
  }
  for (let i = 0; i < 50; i++) file('/srv/data-' + i, { content: 'static ' + i, owner: 'root' })
  for (let i = 0; i < 10; i++) exec('task-' + i, { command: ['true'], creates: '/var/task-' + i })
})

export default site({ hosts: [{ match: '*', role: web }] })
`

export const compile: Bench = {
  ids: ['compile.uncached.150', 'compile.cached.150'],
  about: 'a catalog of 150 resources, compiled or found again',
  async run() {
    const dir = mkdtempSync(join(tmpdir(), 'rekindle-bench-'))
    const site = join(dir, 'site')
    mkdirSync(site)
    writeFileSync(join(site, 'site.ts'), siteSource)
    writeFileSync(join(site, 'package.json'), '{ "type": "module" }')
    const compiler = createCompiler({ stageDir: join(dir, 'stage') })
    try {
      const checked = await compiler.check(site)
      if (!checked.ok) throw new Error(JSON.stringify(checked.problems))
      const time = async (host: string) => {
        const start = performance.now()
        const { catalog, cached } = await compiler.compile(host, sampleFacts(host))
        const elapsed = performance.now() - start
        if (catalog.resources.length !== 150)
          throw new Error(`compiled ${catalog.resources.length} resources`)
        return { elapsed, cached }
      }
      const uncached: number[] = []
      const cached: number[] = []
      for (let round = 0; round < rounds + 5; round++) {
        const first = await time(`host-${round}`)
        const second = await time(`host-${round}`)
        if (first.cached || !second.cached) throw new Error('the cache did not do what this bench is about')
        // The first few rounds warm the child up.
        if (round < 5) continue
        uncached.push(first.elapsed)
        cached.push(second.elapsed)
      }
      return [
        figure({
          id: 'compile.uncached.150',
          unit: 'ms',
          reference: 'goal',
          samples: uncached,
          referenceSamples: [5],
        }),
        figure({
          id: 'compile.cached.150',
          unit: 'ms',
          reference: 'goal',
          samples: cached,
          referenceSamples: [0.2],
        }),
      ]
    } finally {
      await compiler.close()
      rmSync(dir, { recursive: true, force: true })
    }
  },
}
