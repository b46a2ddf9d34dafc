import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createKnownCompiler,
  type KnownCompiler,
  startTestServer,
  type TestServer,
} from '../http/test-server.ts'
import { listAudit } from '../store/audit.ts'
import { watchFolder } from './watch.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rekindle-site-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const bad = (revision: string) => ({
  ok: false as const,
  revision,
  problems: [{ message: 'Cannot find role "wbe"', where: 'site.ts:5', hint: null }],
})

describe('watchFolder()', () => {
  it('calls once for what changed at first, and again after changes at any depth', async () => {
    const calls: number[] = []
    let called = Promise.withResolvers<void>()
    mkdirSync(join(dir, 'role'))
    const watch = watchFolder(
      dir,
      { quietMs: 30 },
      {
        onChange: () => {
          calls.push(calls.length)
          called.resolve()
        },
        onError: (error) => called.reject(error),
      },
    )
    await called.promise
    for (const change of [
      () => writeFileSync(join(dir, 'role', 'web.ts'), '1'),
      () => renameSync(join(dir, 'role', 'web.ts'), join(dir, 'role', 'db.ts')),
      () => {
        mkdirSync(join(dir, 'data'))
        writeFileSync(join(dir, 'data', 'common.json'), '{}')
      },
    ]) {
      called = Promise.withResolvers<void>()
      change()
      await called.promise
    }
    watch.close()
    expect(calls.length).toBeGreaterThanOrEqual(4)
  })

  it('says that a folder is gone, and finds it when it is back', async () => {
    const gone = join(dir, 'later')
    const failed = Promise.withResolvers<void>()
    const called = Promise.withResolvers<void>()
    const watch = watchFolder(
      gone,
      { quietMs: 10, retryMs: 20 },
      { onChange: () => called.resolve(), onError: () => failed.resolve() },
    )
    await failed.promise
    mkdirSync(gone)
    await called.promise
    watch.close()
  })
})

it('folders that are no part of a site are not watched', async () => {
  const seen: string[] = []
  mkdirSync(join(dir, 'node_modules', 'x'), { recursive: true })
  let called = Promise.withResolvers<void>()
  const watch = watchFolder(
    dir,
    { quietMs: 20 },
    {
      onChange: () => {
        seen.push('change')
        called.resolve()
      },
      onError: (error) => called.reject(error),
    },
  )
  await called.promise
  called = Promise.withResolvers<void>()
  writeFileSync(join(dir, 'node_modules', 'x', 'a'), '')
  writeFileSync(join(dir, 'node_modules', 'b'), '')
  writeFileSync(join(dir, 'site.ts'), '')
  await called.promise
  watch.close()
  expect(seen).toEqual(['change', 'change'])
})

describe('a site', () => {
  let server: TestServer
  let knownCompiler: KnownCompiler
  const actions = () =>
    listAudit(server.context.db, 100).map(({ action, revision }) => `${action} ${revision}`)

  it('is served again from its last good revision when the server starts on a bad one', async () => {
    knownCompiler = createKnownCompiler()
    const dataDir = mkdtempSync(join(tmpdir(), 'rekindle-server-'))
    server = await startTestServer({ knownCompiler, config: { dataDir, site: dir } })
    await server.close()
    knownCompiler.site = bad('revision-2')
    server = await startTestServer({ knownCompiler, config: { dataDir, site: dir } })
    expect(knownCompiler.restored).toBe('revision-1')
    expect(server.site.revision()).toBe('revision-1')
    expect(server.site.view()).toMatchObject({ revision: 'revision-1', refused: { revision: 'revision-2' } })
    await server.dispose()
  })

  it('answers catalogs with "unavailable" before it was ever good, and starts all the same', async () => {
    knownCompiler = createKnownCompiler()
    knownCompiler.site = bad('revision-0')
    server = await startTestServer({ knownCompiler, config: { site: dir } })
    expect(server.site.revision()).toBeUndefined()
    expect(server.site.view()).toMatchObject({
      revision: null,
      pools: [],
      refused: { revision: 'revision-0' },
    })
    await server.dispose()
  })

  it('shows what the served revision is warned of, whatever was refused since', async () => {
    const warnings = [{ message: 'Policy "a" warns of role "web": b', where: 'site.ts:3', hint: null }]
    knownCompiler = createKnownCompiler()
    server = await startTestServer({ knownCompiler, config: { site: dir } })
    expect(server.site.view().warnings).toEqual([])
    const good = knownCompiler.site
    if (!good.ok) throw new Error('Cannot warn of a refused site')
    knownCompiler.site = { ...good, revision: 'revision-2', warnings }
    expect((await server.site.check('user:admin')).warnings).toEqual(warnings)
    knownCompiler.site = bad('revision-3')
    await server.site.check('user:admin')
    expect(server.site.view()).toMatchObject({ revision: 'revision-2', warnings })
    await server.dispose()
  })

  it('is checked when its folder changes, and what was seen is recorded once', async () => {
    server = await startTestServer({ config: { site: dir } })
    const seen = Promise.withResolvers<void>()
    const unsubscribe = server.context.live.subscribe(({ type }) => {
      if (type === 'site') seen.resolve()
    })
    server.compiler.site = bad('revision-2')
    writeFileSync(join(dir, 'site.ts'), 'export default 1')
    await seen.promise
    unsubscribe()
    await server.site.check('user:admin')
    expect(actions().filter((action) => action.startsWith('site.'))).toEqual([
      'site.refused revision-2',
      'site.activated revision-1',
    ])
    server.compiler.site = { ...server.compiler.site, revision: 'revision-3' }
    await server.site.check('user:admin')
    expect(actions()[0]).toBe('site.refused revision-3')
    await server.dispose()
  })
})
