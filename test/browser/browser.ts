/** The page built from its sources as they are, and a real Chromium in front of it. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Browser, chromium, type Page } from 'playwright-core'

const executable = '/usr/bin/chromium'

/** Why browser tests cannot run here; null when they can. */
export const noBrowser: string | null = existsSync(executable)
  ? null
  : `Chromium is not installed at ${executable}`

const quietArgs = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: executable, headless: true, args: quietArgs })
}

export interface BuiltPage {
  readonly dist: string
  remove(): void
}

/** Builds the page into a folder of its own, so that a test never sees a stale `dist`. */
export async function buildPage(): Promise<BuiltPage> {
  const dist = mkdtempSync(join(tmpdir(), 'rekindle-page-'))
  const root = join(import.meta.dirname, '..', '..')
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  const page = join(root, 'server', 'web')
  const args = [vite, 'build', page, '--outDir', dist, '--emptyOutDir', '--logLevel', 'warn']
  // In a process of its own: inside vitest, NODE_ENV would make it a development build.
  await promisify(execFile)(process.execPath, args, { env: { ...process.env, NODE_ENV: 'production' } })
  return { dist, remove: () => rmSync(dist, { recursive: true, force: true }) }
}

export interface OpenPage {
  readonly page: Page
  /** Errors on the console, uncaught errors, and requests to elsewhere: what a test wants none of. */
  readonly faults: string[]
}

interface OpenOptions {
  readonly width?: number
  readonly dark?: boolean
}

/** A page in a context of its own, which notes every fault. `url` is the only place it may talk to. */
export async function openPage(browser: Browser, url: string, options: OpenOptions = {}): Promise<OpenPage> {
  const { width = 1280, dark = false } = options
  const context = await browser.newContext({
    viewport: { width, height: width < 600 ? 844 : 900 },
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const faults: string[] = []
  const mine = new URL(url).host
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(`console: ${message.text()}`)
  })
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`))
  const note = (address: string) => {
    if (new URL(address).host !== mine) faults.push(`elsewhere: ${address}`)
  }
  page.on('request', (request) => note(request.url()))
  page.on('websocket', (socket) => note(socket.url()))
  return { page, faults }
}

/** Writes NAME.png into the folder that REKINDLE_SHOTS names, for people who look at the page; without it, nothing. */
export async function shoot(page: Page, name: string): Promise<void> {
  const folder = process.env.REKINDLE_SHOTS
  if (folder === undefined) return
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true })
}
