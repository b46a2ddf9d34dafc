import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type BuiltPage, buildPage, launchBrowser, noBrowser, type OpenPage, openPage } from './browser.ts'
import { type FixtureServer, startFixtureServer } from './fixture-server.ts'
import { calmOverview, drift, host, rebuild } from './fixture-views.ts'

if (noBrowser !== null) console.warn(`Skipped, the page in a browser: ${noBrowser}`)

describe.skipIf(noBrowser !== null)('the page, live', () => {
  let browser: Browser
  let built: BuiltPage
  let server: FixtureServer
  let open: OpenPage

  beforeAll(async () => {
    built = await buildPage()
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    built?.remove()
  })
  beforeEach(async () => {
    server = await startFixtureServer(built.dist)
    open = await openPage(browser, server.url)
  })
  afterEach(async () => {
    await open.page.context().close()
    await server.close()
  })

  it('shows a drift with its diff as it happens, without a reload or a click', async () => {
    const { page, faults } = open
    await page.goto(server.url)
    await page.getByText('No drift is open').waitFor()
    await page.getByText('Nothing needs a person now').waitFor()
    await page.evaluate('window.unreloaded = true')
    await server.listening()

    const calm = calmOverview()
    server.state.overview = {
      ...calm,
      hosts: calm.hosts.map((row) =>
        row.name === 'web-1' ? { ...row, status: 'drifted', openDrift: 1 } : row,
      ),
      openDrift: [drift(1)],
    }
    server.emit({ type: 'drift', host: 'web-1' })

    const card = page.getByRole('article', { name: 'Drift of file:/etc/nginx/nginx.conf' })
    await card.waitFor()
    expect(await card.getByRole('row').filter({ hasText: 'worker_processes' }).allTextContents()).toEqual([
      expect.stringMatching(/found: worker_processes 64;/),
      expect.stringMatching(/wanted: worker_processes 2;/),
    ])
    await expect(card.getByText('role/web.ts:12').isVisible()).resolves.toBe(true)
    await page.getByRole('link', { name: /^web-1\s*drifted/ }).waitFor()
    await page.getByText('1 open drift, left to the policy of the pool').waitFor()
    expect(await page.getByText('Nothing needs a person now').count()).toBe(0)
    expect(await page.evaluate('window.unreloaded')).toBe(true)
    expect(faults).toEqual([])
  })

  it('moves the steps of a rebuild on, and counts the one under way', async () => {
    const { page, faults } = open
    server.state.overview = { ...calmOverview(), rebuilds: [rebuild('b2', 'creating')] }
    await page.goto(server.url)
    const current = page
      .getByRole('list', { name: 'Steps of the rebuild of web-2' })
      .locator('[aria-current=step]')
    await expect.poll(() => current.textContent()).toMatch(/creating, under way\d+ s/)
    await server.listening()

    server.state.overview = { ...calmOverview(), rebuilds: [rebuild('b2', 'converging')] }
    server.emit({ type: 'rebuild', host: 'web-2', id: 'b2' })
    await expect.poll(() => current.textContent()).toMatch(/converging/)
    const done = page.getByRole('listitem').filter({ hasText: 'creating, done' })
    expect(await done.textContent()).toMatch(/1\.9 s/)

    server.state.overview = { ...calmOverview(), rebuilds: [rebuild('b2', 'in-service')] }
    server.emit({ type: 'rebuild', host: 'web-2', id: 'b2' })
    await page.getByRole('heading', { name: 'Last rebuilds' }).waitFor()
    expect(await page.getByRole('heading', { name: 'Rebuilds under way' }).count()).toBe(0)
    expect(faults).toEqual([])
  })

  it('shows a run as it goes on, and stops showing it when its report is in', async () => {
    const { page } = open
    await page.goto(`${server.url}/hosts/web-1`)
    await page.getByRole('heading', { name: 'web-1', level: 1 }).waitFor()
    await server.listening()
    server.emit({
      type: 'progress',
      host: 'web-1',
      progress: { done: 3, total: 24, resource: 'package:nginx' },
    })
    await page.getByText('running: 3 of 24 resources, at package:nginx').waitFor()
    server.emit({ type: 'report', host: 'web-1', id: 'run-1' })
    await page.getByText('running: 3 of 24').waitFor({ state: 'detached' })
  })

  it('says that the live connection is lost and how old its data is, asks by itself meanwhile, and comes back', async () => {
    const { page } = open
    await page.goto(server.url)
    await page.getByText('No drift is open').waitFor()
    await server.listening()
    server.cutSockets()
    await page.getByText(/Live connection lost: reconnecting; data as of \d\d:\d\d:\d\d UTC/).waitFor()

    server.state.overview = { ...calmOverview(), openDrift: [drift(1)] }
    await page.getByRole('article', { name: 'Drift of file:/etc/nginx/nginx.conf' }).waitFor()
    await page.getByText('Live connection lost').waitFor()
    server.acceptSockets()
    await page.getByText('Live connection lost').waitFor({ state: 'detached' })
  })

  it('asks for a login when the session ends, and then shows the address it stood at', async () => {
    const { page } = open
    await page.goto(`${server.url}/hosts/db-1`)
    await page.getByRole('heading', { name: 'db-1', level: 1 }).waitFor()
    await server.listening()
    server.state.session = null
    server.emit({ type: 'host', host: 'db-1' })
    await page.getByLabel('Name').fill('ada')
    await page.getByLabel('Password').fill('wrong')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText('Cannot log in: name or password is wrong').waitFor()
    await page.getByLabel('Password').fill('right')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('heading', { name: 'db-1', level: 1 }).waitFor()
    await page.getByText('ada as admin').waitFor()
    expect(new URL(page.url()).pathname).toBe('/hosts/db-1')
  })

  it('forgets what one person saw when that person logs out', async () => {
    const { page } = open
    await page.goto(server.url)
    await page.getByText('No drift is open').waitFor()
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByLabel('Password').waitFor()
    expect(server.acts).toContain('POST /api/logout {}')
    server.state.refuse = { status: 500, code: 'internal', title: 'Cannot read the store: disk full' }
    await page.getByLabel('Name').fill('vera')
    await page.getByLabel('Password').fill('right')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText('Cannot read the store: disk full').first().waitFor()
    expect(await page.getByText('No drift is open').count()).toBe(0)
  })

  it('asks once at a time however many events come', async () => {
    const { page } = open
    await page.goto(server.url)
    await page.getByText('No drift is open').waitFor()
    await server.listening()
    const before = server.reads.get('/api/overview') ?? 0
    for (let n = 0; n < 500; n += 1) server.emit({ type: 'report', host: 'web-1', id: `r${n}` })
    server.state.overview = { ...calmOverview(), hosts: [host('web-7', { pool: 'web' })] }
    server.emit({ type: 'host', host: 'web-7' })
    await page.getByRole('link', { name: /^web-7/ }).waitFor()
    expect((server.reads.get('/api/overview') ?? 0) - before).toBeLessThan(50)
  })
})
