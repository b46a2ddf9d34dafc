import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type BuiltPage, buildPage, launchBrowser, noBrowser, openPage, shoot } from './browser.ts'
import { type FixtureServer, startFixtureServer } from './fixture-server.ts'
import { busyOverview } from './fixture-views.ts'

if (noBrowser !== null) console.warn(`Skipped, the look of the page in a browser: ${noBrowser}`)

const contrast = readFileSync(join(import.meta.dirname, 'contrast.js'), 'utf8')

/** Every page, and the text by which it is known to have loaded. */
const pages = [
  ['overview', '/', 'Refusals of the last day'],
  ['hosts', '/hosts', 'Proved from bare'],
  ['host', '/hosts/web-1', 'Incarnations'],
  ['host-drift', '/hosts/web-1?show=drift', 'gone with its life'],
  ['host-facts', '/hosts/web-1?show=facts', 'os.codename'],
  ['host-resources', '/hosts/web-1?show=resources', 'role/web.ts:9'],
  ['run', '/runs/run-1', 'Skipped, since these failed:'],
  ['drift', '/drift', 'file:/etc/motd'],
  ['drift-history', '/drift?show=history', 'gone with its life'],
  ['rebuilds', '/rebuilds', 'Under way or held'],
  ['rebuild', '/rebuilds/b2', 'quickfix.sh'],
  ['rebuild-held', '/rebuilds/b3', 'Held:'],
  ['audit', '/audit', 'enrol.refused'],
  ['not-found', '/nowhere', 'There is no page at this address'],
] as const

describe.skipIf(noBrowser !== null)('the look of the page', () => {
  let browser: Browser
  let built: BuiltPage
  let server: FixtureServer

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
    server.state.overview = busyOverview()
  })
  afterEach(async () => {
    await server.close()
  })

  const looks = [
    { name: 'light', width: 1280, dark: false },
    { name: 'dark', width: 1280, dark: true },
    { name: 'narrow', width: 390, dark: false },
    { name: 'narrow-dark', width: 390, dark: true },
  ]

  it.each(looks)(
    '$name: fits its width, has enough contrast, and makes no error and no request elsewhere',
    async (look) => {
      const { page, faults } = await openPage(browser, server.url, look)
      for (const [name, path, text] of pages) {
        await page.goto(`${server.url}${path}`)
        await page.getByText(text).filter({ visible: true }).first().waitFor()
        await shoot(page, `${name}-${look.name}`)
        await expectFits(page, name)
        await expectContrast(page, name)
      }
      await page.goto(`${server.url}/hosts/web-1`)
      await page.getByRole('button', { name: 'Rebuild …' }).click()
      await page.getByRole('dialog').getByText('surge').waitFor()
      await shoot(page, `dialog-${look.name}`)
      await expectFits(page, 'dialog')
      await expectContrast(page, 'dialog')
      expect(faults).toEqual([])

      server.state.session = null
      await page.goto(server.url)
      await page.getByLabel('Password').waitFor()
      await shoot(page, `login-${look.name}`)
      await expectFits(page, 'login')
      await expectContrast(page, 'login')
      await page.context().close()
    },
  )

  it('shows every status of a host in words, not by colour alone', async () => {
    const { page } = await openPage(browser, server.url)
    await page.goto(server.url)
    for (const word of ['drifted', 'rebuilding', 'in sync', 'stale', 'new', 'failed', 'silent', 'changed']) {
      await page.locator('.tile').filter({ hasText: word }).first().waitFor()
    }
    await page.context().close()
  })

  it('says so where there is nothing, and where it cannot be read', async () => {
    const { page } = await openPage(browser, server.url)
    server.state.overview = { ...server.state.overview, hosts: [], openDrift: [], rebuilds: [], refusals: [] }
    server.state.driftHistory = []
    server.state.audit = { entries: [], chain: { intact: true, length: 0, brokenAt: null } }
    for (const [path, text] of [
      ['/', 'No hosts, so nothing can drift.'],
      ['/hosts', 'No host has been made or enrolled yet.'],
      ['/drift', 'No drift is open on any host.'],
      ['/drift?show=history', 'No drift has ended yet.'],
      ['/rebuilds', 'No rebuild is under way.'],
      ['/audit', 'Nothing has been done yet.'],
      ['/hosts/web-1', 'Cannot show host "web-1": there is none of this name'],
      ['/rebuilds/b2', 'Cannot show the rebuild: there is none'],
    ] as const) {
      await page.goto(`${server.url}${path}`)
      await page.getByText(text).waitFor()
    }
    server.state.refuse = {
      status: 500,
      code: 'internal',
      title: 'Cannot read the store: disk full',
      kept: 'the store',
      hint: 'Free some space',
    }
    for (const path of [
      '/',
      '/hosts',
      '/hosts/web-1',
      '/runs/run-1',
      '/drift',
      '/rebuilds',
      '/rebuilds/b2',
      '/audit',
    ]) {
      await page.goto(`${server.url}${path}`)
      const alert = page.getByRole('alert')
      await alert.getByText('Cannot read the store: disk full').waitFor()
      await alert.getByText('Free some space').waitFor()
      await alert.getByRole('button', { name: 'Try again' }).waitFor()
    }
    server.state.refuse = null
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('Nothing has been done yet.').waitFor()
    await page.context().close()
  })

  it('says loudly that the audit chain is broken, and where', async () => {
    const { page } = await openPage(browser, server.url)
    server.state.audit = { ...server.state.audit, chain: { intact: false, length: 44, brokenAt: 41 } }
    await page.goto(`${server.url}/audit`)
    await page.getByRole('alert').getByText('The chain is broken at entry 41').waitFor()
    await shoot(page, 'audit-broken')
    await page.context().close()
  })

  it('never lets a run from a cached catalog, or one without effect, pass for a plain one', async () => {
    const { page } = await openPage(browser, server.url)
    server.state.report = { ...server.state.report, status: 'in-sync', cached: true, noop: true }
    await page.goto(`${server.url}/runs/run-1`)
    await page.getByText('cached catalog', { exact: true }).waitFor()
    await page
      .getByText('The server did not answer, so the agent applied its last verified catalog')
      .waitFor()
    await page.getByText('A no-op run').waitFor()
    await page.context().close()
  })

  it('the contrast check finds a poor text', async () => {
    const { page } = await openPage(browser, server.url)
    await page.goto(server.url)
    await page.getByText('Refusals of the last day').waitFor()
    await page.evaluate('document.querySelector("h1").style.color = "#bbbbbb"')
    const { poor } = await page.evaluate<{ poor: readonly string[] }>(contrast)
    expect(poor).toEqual([expect.stringContaining('"Overview"')])
    await page.context().close()
  })
})

async function expectFits(page: Page, name: string): Promise<void> {
  const over = await page.evaluate<number>(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  )
  expect(over, `${name} is wider than the window`).toBeLessThanOrEqual(0)
}

async function expectContrast(page: Page, name: string): Promise<void> {
  const { seen, poor } = await page.evaluate<{ seen: number; poor: readonly string[] }>(contrast)
  expect(seen, `${name} shows text`).toBeGreaterThan(3)
  expect(poor, `${name} has text of poor contrast`).toEqual([])
}
