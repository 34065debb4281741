import { mkdirSync } from 'node:fs'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { strongPassphrase as passphrase } from '../../packages/crypto/test/strong-passphrase.ts'
import { phoneOut, servePhone } from '../../scripts/phone/serve.ts'
import { browserArgs, browserPath } from '../any-host/browser.ts'

/** A new browser without a screen: the phones' own. */
export function launchBrowser(args: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath: browserPath(), args: [...browserArgs, ...args] })
}

export { passphrase }

/** The built app on an origin of its own. */
export async function openOrigin(): Promise<{ url: string; server: Server }> {
  const server = await servePhone(phoneOut, 0)
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the phone app is not served')
  return { url: `http://127.0.0.1:${address.port}/`, server }
}

/** One phone: a browser profile of its own, and what the page said on its console. */
export type Phone = {
  page: Page
  said: string[]
  /** The page dies as it stands, nothing in it is asked, and the app is opened anew. */
  dieAndReopen(): Promise<void>
  close(): Promise<void>
}

export async function openPhone(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Phone> {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    locale: 'en',
    ...options,
  })
  // A busy machine takes its time.
  context.setDefaultTimeout(60_000)
  const said: string[] = []
  async function open(): Promise<Page> {
    const page = await context.newPage()
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') said.push(message.text())
    })
    page.on('pageerror', (error) => said.push(error.message))
    await page.goto(url)
    return page
  }
  const phone: Phone = {
    page: await open(),
    said,
    async dieAndReopen() {
      const session = await context.newCDPSession(phone.page)
      const died = phone.page.waitForEvent('crash')
      // Never answered: what would answer is gone.
      session.send('Page.crash').catch(() => undefined)
      await died
      await phone.page.close()
      phone.page = await open()
    },
    close: () => context.close(),
  }
  return phone
}

/** Makes the key of a rehearsal's holder or of somebody with another part, and saves the card as `card.json` in `folder`. */
export async function enrol(
  { page }: Pick<Phone, 'page'>,
  name: string,
  folder: string,
  part = 'Share holder',
): Promise<string> {
  await page.getByRole('radio', { name: part }).check()
  await page.getByLabel('Your name, as plans shall show it').fill(name)
  await page.getByLabel('A passphrase that only you know').fill(passphrase)
  await page.getByLabel('The same passphrase again').fill(passphrase)
  await page.getByRole('button', { name: 'Make my key' }).click()
  await page.getByRole('button', { name: 'Give the card' }).click()
  const card = await save(page, /^Save card/, folder)
  await page.getByRole('button', { name: 'Done' }).click()
  return card
}

/** Presses a link that saves a file, and gives the path under which it was saved. */
export async function save(page: Page, name: RegExp, folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true })
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name }).click(),
  ])
  const path = join(folder, download.suggestedFilename())
  await download.saveAs(path)
  return path
}

/** Chooses files with the button of this name. */
export async function choose(page: Page, button: string, files: string | string[]): Promise<void> {
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.getByRole('button', { name: button, exact: true }).click(),
  ])
  await chooser.setFiles(files)
}

/** Lines of this page that are on screen whole, above what can be pressed. */
const onScreen = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const bar = document.querySelector('.phone-actions')?.getBoundingClientRect().top ?? innerHeight
    return [...document.querySelectorAll('.phone-main dd, .phone-main li')].flatMap((line) => {
      const { top, bottom, height } = line.getBoundingClientRect()
      return height > 0 && top >= 0 && bottom <= bar ? [line.textContent ?? ''] : []
    })
  })

/** As a reader of the screen does, wherever the button stands; once all was on screen it is gone, and nothing is pressed. */
const pressOn = (page: Page): Promise<void> =>
  page.evaluate(() => document.querySelector<HTMLElement>('.read-on')?.click())

/** More than the longest reading on the smallest screen takes. */
const mostPresses = 200

/** Reads all that stands before a yes, as its button asks, until the yes lives; gives the lines that were on screen by then. */
export async function readAll(
  page: Page,
  look?: (at: number) => Promise<void>,
  press = () => pressOn(page),
): Promise<Set<string>> {
  const seen = new Set<string>()
  const on = page.locator('.read-on')
  for (let at = 0; ; at += 1) {
    await page.locator('.read-on, .hold').first().waitFor()
    for (const line of await onScreen(page)) seen.add(line)
    await look?.(at)
    if ((await on.count()) === 0) return seen
    if (at === mostPresses) throw new Error('the reading comes to no end')
    await press()
    // What is on screen is looked at in a frame.
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
  }
}
