import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type BuiltPage, buildPage, launchBrowser, noBrowser, type OpenPage, openPage } from './browser.ts'
import { type FixtureServer, startFixtureServer } from './fixture-server.ts'
import { busyOverview, calmOverview, drift, host, longDiff } from './fixture-views.ts'

if (noBrowser !== null) console.warn(`Skipped, acts on the page in a browser: ${noBrowser}`)

describe.skipIf(noBrowser !== null)('what a person does on the page', () => {
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

  it('asks a host to run, with and without effect', async () => {
    const { page, faults } = open
    await page.goto(`${server.url}/hosts/web-1`)
    await page.getByRole('button', { name: 'Run now' }).click()
    await page.getByText('web-1 was asked to run; its report').waitFor()
    await page.getByRole('button', { name: 'No-op run' }).click()
    await page.getByText('web-1 was asked to run without changing anything').waitFor()
    expect(server.acts).toEqual([
      'POST /api/hosts/web-1/run {"noop":false}',
      'POST /api/hosts/web-1/run {"noop":true}',
    ])
    expect(faults).toEqual([])
  })

  it('disables what one may not do, says why, and does nothing when it is pressed all the same', async () => {
    const { page } = open
    server.state.session = { name: 'vera', role: 'viewer' }
    await page.goto(`${server.url}/hosts/web-1`)
    const button = page.getByRole('button', { name: 'Rebuild …' })
    await button.waitFor()
    expect(await button.getAttribute('aria-disabled')).toBe('true')
    const reason = page.locator(`[id="${await button.getAttribute('aria-describedby')}"]`)
    expect(await reason.textContent()).toBe(
      'Run now, No-op run, Rebuild: it needs the role operator; vera is a viewer',
    )
    await button.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Run now' }).dispatchEvent('click')
    expect(await page.getByRole('dialog').count()).toBe(0)
    expect(server.acts).toEqual([])
  })

  it('shows what a held change leaves out, and approves exactly that', async () => {
    const { page, faults } = open
    const evidence = 'ab'.repeat(32)
    server.state.heldChange = {
      ...{ evidence, revision: '0123456789abcdef', heldAt: new Date().toISOString() },
      ...{ dropped: ['file:/etc/nginx/nginx.conf', 'service:nginx'], resources: 3 },
    }
    await page.goto(`${server.url}/hosts/web-1`)
    await page.getByText('leaves out 2 of 3 resources').waitFor()
    await page.getByText('file:/etc/nginx/nginx.conf').waitFor()
    await page.getByRole('button', { name: 'Approve' }).click()
    await expect.poll(() => server.acts).toEqual([`POST /api/hosts/web-1/approve {"evidence":"${evidence}"}`])
    expect(faults).toEqual([])
  })

  it('shows which policy wants a change of the site approved, and approves exactly that', async () => {
    const { page, faults } = open
    const approval = 'cd'.repeat(32)
    const message =
      'Policy "web by parts" wants approval: 9 of 20 hosts of pool "web" would change, more than 5 %'
    const overview = calmOverview()
    server.state.overview = {
      ...overview,
      site: {
        ...overview.site,
        refused: {
          ...{ approval, revision: '0123456789abcdef', at: new Date().toISOString(), commit: null },
          problems: [{ message, where: 'site.ts:5', hint: null }],
        },
      },
    }
    await page.goto(`${server.url}/`)
    await page.getByText(message).waitFor()
    await page.getByRole('button', { name: 'Approve' }).click()
    await expect.poll(() => server.acts).toEqual([`POST /api/site/approve {"evidence":"${approval}"}`])
    expect(faults).toEqual([])
  })

  it('says for each button of its own why a host that is away and being rebuilt takes neither', async () => {
    const { page } = open
    server.state.overview = { ...calmOverview(), hosts: [host('web-1', { connected: false, rebuild: 'b2' })] }
    await page.goto(`${server.url}/hosts/web-1`)
    await page.getByText('Run now, No-op run: web-1 is not connected, so it cannot be asked to run').waitFor()
    await page.getByText('Rebuild: a rebuild of web-1 is already under way or held').waitFor()
  })

  it('tells before a rebuild what will happen and what is thrown away, and asks for a reason', async () => {
    const { page, faults } = open
    server.state.overview = busyOverview()
    await page.goto(`${server.url}/hosts/web-1`)
    await page.getByRole('button', { name: 'Rebuild …' }).click()
    const dialog = page.getByRole('dialog', { name: 'Rebuild web-1?' })
    await dialog.getByText('The pool web rebuilds in surge order').waitFor()
    await dialog.getByText('2 open drifts').waitFor()
    await dialog.getByText('service:nginx').waitFor()
    const submit = dialog.getByRole('button', { name: 'Rebuild web-1' })
    expect(await submit.isDisabled()).toBe(true)
    await dialog.getByLabel('Reason, for the audit log').fill('kernel update')
    await submit.click()
    await page.waitForURL('**/rebuilds/b2')
    expect(server.acts).toEqual(['POST /api/hosts/web-1/rebuild {"reason":"kernel update"}'])
    expect(faults).toEqual([])
  })

  it('names the danger of an in-place rebuild', async () => {
    const { page } = open
    await page.goto(`${server.url}/hosts/db-1`)
    await page.getByRole('button', { name: 'Rebuild …' }).click()
    await page.getByRole('dialog').getByText('There is no way back to the old machine').waitFor()
    await page.getByRole('dialog').getByText('No open drift would be thrown away').waitFor()
  })

  it('shows why the server refused an act, with what to do', async () => {
    const { page } = open
    server.state.overview = busyOverview()
    await page.goto(`${server.url}/rebuilds/b3`)
    await page.getByText('Held: the first run failed').waitFor()
    await page.getByRole('button', { name: 'Cancel …' }).click()
    const dialog = page.getByRole('dialog', { name: 'Cancel the rebuild of db-1?' })
    await dialog.getByText('db-1 is left without one').waitFor()
    expect(server.acts).toEqual([])
    await dialog.getByRole('button', { name: 'Cancel it' }).click()
    const alert = page.getByRole('alert')
    await alert.getByText('Cannot cancel the rebuild: the old machine is already destroyed').waitFor()
    await alert.getByText('Resume it').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Resume' }).click()
    await expect.poll(() => server.acts).toContain('POST /api/rebuilds/b3/resume {}')
  })

  it('can be used by keyboard alone: go to hosts, filter, open one, close a dialog', async () => {
    const { page, faults } = open
    await page.goto(server.url)
    await page.getByText('No drift is open').waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('h')
    await page.getByRole('heading', { name: 'Hosts', level: 1 }).waitFor()
    await page.getByRole('table', { name: 'Hosts' }).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('db')
    await expect.poll(() => page.url()).toContain('q=db')
    await expect.poll(() => page.getByRole('table').getByRole('link').count()).toBe(1)
    await page.keyboard.press('Tab')
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'db-1', level: 1 }).waitFor()
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(faults).toEqual([])
  })

  it('takes the focus to the heading of a new page, and has a way past the navigation', async () => {
    const { page } = open
    await page.goto(server.url)
    await page.getByText('No drift is open').waitFor()
    await page.getByRole('link', { name: 'Audit' }).click()
    await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe('Audit')
    expect(await page.title()).toBe('Audit · Rekindle')
    await page.reload()
    await page.getByRole('heading', { name: 'Audit' }).waitFor()
    await page.evaluate('document.activeElement.blur()')
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to content')
  })

  it('keeps filter, order and tab in the address, so that back works and a link can be sent on', async () => {
    const { page } = open
    server.state.overview = busyOverview()
    await page.goto(server.url)
    await page.getByRole('list', { name: 'Hosts by status' }).getByRole('link', { name: '1 silent' }).click()
    const rows = page.getByRole('table', { name: 'Hosts' }).locator('[data-row]')
    await expect.poll(() => rows.count()).toBe(1)
    await page.getByRole('link', { name: 'db-2' }).click()
    await page.getByRole('link', { name: 'Facts' }).click()
    await page.getByText('os.codename').waitFor()
    const link = page.url()
    await page.goBack()
    await page.getByRole('table', { name: 'Runs' }).waitFor()
    await page.goBack()
    await expect.poll(() => rows.count()).toBe(1)
    await page.goBack()
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    await page.goto(link)
    await page.getByText('os.codename').waitFor()

    await page.goto(`${server.url}/hosts?sort=name&desc=true`)
    await expect.poll(() => rows.first().getByRole('link').textContent()).toBe('web-5')
    await page.getByRole('button', { name: 'Host' }).click()
    await expect.poll(() => rows.first().getByRole('link').textContent()).toBe('db-1')
    expect(await page.getByRole('columnheader', { name: 'Host' }).getAttribute('aria-sort')).toBe('ascending')
  })

  it('folds a long diff, and opens it by a button that says so', async () => {
    const { page } = open
    const changes = [{ property: 'content', from: 'a', to: 'b', diff: longDiff(40) }]
    server.state.overview = { ...calmOverview(), openDrift: [drift(1, { changes })] }
    await page.goto(server.url)
    const figure = page.getByRole('figure')
    await figure.waitFor()
    expect(await figure.getByRole('row').count()).toBe(12)
    const button = figure.getByRole('button', { name: 'Show all 81 lines' })
    expect(await button.getAttribute('aria-expanded')).toBe('false')
    await button.click()
    expect(await figure.getByRole('row').count()).toBe(81)
  })

  it('shows equal drift of several hosts once, with all their names', async () => {
    const { page } = open
    server.state.overview = { ...calmOverview(), openDrift: [drift(1), drift(2, { host: 'web-3' })] }
    await page.goto(`${server.url}/drift`)
    const card = page.getByRole('article')
    await card.waitFor()
    expect(await card.count()).toBe(1)
    expect(await card.getByRole('link', { name: /^web-/ }).allTextContents()).toEqual(['web-1', 'web-3'])
  })
})
