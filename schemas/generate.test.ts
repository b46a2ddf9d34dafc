import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { renderGenerated } from './generate.ts'

it('generated/ is what the schemas give now, and they give the same bytes each time', async () => {
  const files = await renderGenerated()
  expect(await renderGenerated()).toEqual(files)
  for (const [name, text] of Object.entries(files)) {
    const stale = `${name} is stale: npm run generate`
    expect(readFileSync(join(import.meta.dirname, 'generated', name), 'utf8') === text, stale).toBe(true)
  }
})
