import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const registry = pathToFileURL(join(import.meta.dirname, '..', 'registry.ts')).href
/** Prints which parsers are loaded with the registry, and which when each type reads. */
const script = `
import { registerHooks } from 'node:module'
const urls = []
registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) })
const loaded = () =>
  ['jsonc-parser', 'yaml', '@decimalturn/toml-patch'].filter((name) =>
    urls.some((url) => url.includes('/node_modules/' + name + '/')))
const { resourceTypes } = await import(${JSON.stringify(registry)})
const seen = [loaded()]
for (const format of ['json', 'yaml', 'toml']) {
  await resourceTypes.get(format + '_setting').read({}, [])
  seen.push(loaded())
}
console.log(JSON.stringify(seen))
`

test('a parser is loaded when a catalog has something to read with it, and no sooner', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script])
  expect(JSON.parse(stdout)).toEqual([
    [],
    ['jsonc-parser'],
    ['jsonc-parser', 'yaml'],
    ['jsonc-parser', 'yaml', '@decimalturn/toml-patch'],
  ])
})
