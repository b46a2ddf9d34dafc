import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../test-server.ts'

describe('the page', () => {
  let webDir: string
  let server: TestServer
  beforeAll(async () => {
    webDir = mkdtempSync(join(tmpdir(), 'rekindle-page-'))
    mkdirSync(join(webDir, 'assets'))
    writeFileSync(join(webDir, 'index.html'), '<title>the index</title>')
    writeFileSync(join(webDir, 'assets', 'app.js'), 'let a')
    server = await startTestServer({ webDir })
  })
  afterAll(async () => {
    await server.close()
    rmSync(webDir, { recursive: true })
  })

  const get = async (path: string) => {
    const response = await fetch(new URL(path, server.pageUrl))
    return { status: response.status, text: await response.text() }
  }

  // A host's name may hold dots: its page was taken for a file, and a pasted link gave 404.
  it.each(['/', '/hosts/web-1', '/hosts/web-1.example.com'])('%s is the page’s own', async (path) => {
    expect(await get(path)).toEqual({ status: 200, text: '<title>the index</title>' })
  })

  it('a file is served, and one that is not there is not the page', async () => {
    expect(await get('/assets/app.js')).toEqual({ status: 200, text: 'let a' })
    expect((await get('/assets/gone.js')).status).toBe(404)
    expect((await get('/api/gone')).status).toBe(404)
  })
})
