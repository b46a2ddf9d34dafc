import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  call,
  enrolHost,
  facts,
  type HostIdentity,
  makeReport,
  startTestServer,
  type TestServer,
} from '../../server/http/test-server.ts'
import { setPerson } from '../../server/people.ts'
import { type BuiltPage, buildPage, launchBrowser, noBrowser, openPage, shoot } from './browser.ts'

if (noBrowser !== null) console.warn(`Skipped, the page on the real server: ${noBrowser}`)

const password = 'operator-password-1'

describe.skipIf(noBrowser !== null)('the page on the real server', () => {
  let browser: Browser
  let built: BuiltPage
  let server: TestServer
  let host: HostIdentity
  let catalogHash: string

  beforeAll(async () => {
    built = await buildPage()
    browser = await launchBrowser()
    server = await startTestServer({ webDir: built.dist })
    await setPerson(server.context, { name: 'olga', role: 'operator', password, by: 'test' })
    host = await enrolHost(server, 'web-1')
    const answer = await call(server.agentUrl, {
      path: '/v1/catalog',
      ca: server.ca,
      identity: host,
      body: { facts },
    })
    catalogHash = String(answer.json.hash)
  })
  afterAll(async () => {
    await browser?.close()
    await server?.dispose()
    built?.remove()
  })

  const report = (fields: Parameters<typeof makeReport>[1]) =>
    call(server.agentUrl, {
      path: '/v1/report',
      ca: server.ca,
      identity: host,
      body: makeReport('web-1', { catalogHash, ...fields }),
    })

  it('logs in, sees a reported drift at once, and walks every page without a fault', async () => {
    const { page, faults } = await openPage(browser, server.pageUrl)
    await page.goto(`${server.pageUrl}/hosts/web-1`)
    await page.getByLabel('Name').fill('olga')
    // Whoever is not logged in is told so with a 401, which the browser writes on its console.
    faults.length = 0
    await page.getByLabel('Password').fill(password)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'web-1', level: 1 }).waitFor()
    await page.getByText('Run now, No-op run: web-1 is not connected').waitFor()
    await page.getByText('live', { exact: true }).waitFor()

    await page.getByRole('link', { name: 'Overview' }).click()
    await page.getByText('No drift is open').waitFor()
    const sent = await report({
      status: 'drifted',
      trigger: 'watch',
      counts: { total: 1, inSync: 0, changed: 0, drifted: 1, failed: 0, skipped: 0, refreshed: 0 },
      resources: [
        {
          id: 'file:/etc/motd',
          where: 'role/web.ts:4',
          outcome: 'drifted',
          cause: 'drift',
          changes: [{ property: 'content', from: 'x', to: 'y', diff: '@@ -1,1 +1,1 @@\n-hacked\n+hello\n' }],
          durationMs: 3,
        },
      ],
    })
    expect(sent.status).toBe(200)
    const card = page.getByRole('article', { name: 'Drift of file:/etc/motd' })
    await card.getByText('hacked').waitFor()
    await shoot(page, 'server-overview')

    await card.getByRole('link', { name: 'run' }).click()
    await page.getByRole('heading', { name: 'Run on web-1' }).waitFor()
    await page.getByText('cause: drift').waitFor()
    for (const [name, text] of [
      ['Hosts', 'web-1'],
      ['Drift', 'file:/etc/motd'],
      ['Rebuilds', 'Under way or held'],
      ['Audit', 'chain intact over'],
    ] as const) {
      await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name }).click()
      await page.getByRole('main').getByText(text).first().waitFor()
    }
    for (const tab of ['runs', 'drift', 'rebuilds', 'resources', 'facts']) {
      await page.goto(`${server.pageUrl}/hosts/web-1?show=${tab}`)
      await page.getByRole('heading', { name: 'Incarnations' }).waitFor()
      await shoot(page, `server-host-${tab}`)
    }
    expect(faults).toEqual([])

    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByLabel('Password').waitFor()
    await page.context().close()
  })
})
