/** Commands for those who write sites. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { initSite } from './init.ts'
import { type Linked, linkRekindle } from './link.ts'

export function addAuthoring(program: Command): void {
  program
    .command('init')
    .argument('<dir>', 'a folder that is empty or not there')
    .description('make a site that compiles, with a test, types and an editor’s settings')
    .action((dir: string) => {
      const made = initSite(resolve(dir))
      console.log(made.files.map((path) => `  ${path}`).join('\n'))
      console.log(renderMissing(made))
      console.log(`Now: cd ${dir} && rekindle check . && npm test`)
    })
  program
    .command('link')
    .argument('[dir]', 'folder of the site', '.')
    .description('let a site that was cloned or installed find this Rekindle, for its editor and its tests')
    .action((dir: string) => {
      const linked = linkRekindle(resolve(dir))
      console.log(renderMissing(linked))
    })
}

function renderMissing({ missing }: Linked): string {
  return missing.length === 0
    ? 'Rekindle, its types and the tools for tests are in place.'
    : `Rekindle and its types are in place. For tests, get ${missing.join(', ')}: npm install`
}
