import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchBrowser } from '../phone/phone.ts'
import { type RehearsalServer, startRehearsalServer } from '../support/rehearsal-server.ts'
import { enrol, logIn } from './console-pages.ts'

let folder = ''
let server: RehearsalServer
let browser: Browser
let context: BrowserContext
let page: Page
const said: string[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lux-console-'))
  // PostgreSQL's own account passes through; nobody else can list it.
  chmodSync(folder, 0o711)
  server = await startRehearsalServer(join(folder, 'server'))
  browser = await launchBrowser()
  context = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'en', colorScheme: 'light' })
  context.setDefaultTimeout(60_000)
  page = await context.newPage()
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') said.push(message.text())
  })
  page.on('pageerror', (error) => said.push(error.message))
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('CONSOLE-SETUP the setup code makes the first administrator, with password and authenticator, who logs in', async () => {
  await page.goto(`${server.address}/console/`)
  await page.getByLabel('Setup code').fill(server.setupCode)
  await page.getByLabel('Name', { exact: true }).fill('Ada Lovelace')
  await page.getByLabel('Username').fill('ada')
  await page.getByRole('button', { name: 'Become administrator' }).click()
  await logIn(page, 'ada', await enrol(page))
  await page.getByRole('link', { name: 'Keys', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'Keys' }).waitFor()
})

test('CONSOLE-SESSION the session is a cookie that no script reads, and that opens nothing for a page of another origin', async () => {
  const [cookie] = await context.cookies()
  expect(cookie).toMatchObject({
    ...{ name: '__Host-custody-session', path: '/', httpOnly: true, secure: true, sameSite: 'Strict' },
  })
  expect(await page.evaluate(() => document.cookie)).toBe('')
  expect(await page.evaluate(() => Object.keys(localStorage))).toEqual([])
  const asks = (headers: Record<string, string>, method = 'GET') =>
    context.request
      .fetch(`${server.address}/api/v1/organisations`, {
        method,
        headers,
        ...(method === 'GET' ? {} : { data: { name: 'Forged' } }),
      })
      .then((reply) => reply.status())
  const own = { 'x-custody-console': '1' }
  expect(await asks({})).toBe(401)
  expect(await asks(own)).toBe(200)
  expect(await asks({ ...own, 'sec-fetch-site': 'cross-site' })).toBe(401)
  expect(await asks({ ...own, authorization: `Bearer ${'x'.repeat(43)}` })).toBe(401)
  expect(await asks(own, 'POST')).toBe(401)
  expect(await asks({ ...own, origin: 'https://elsewhere.example' }, 'POST')).toBe(401)
})

test('CONSOLE-KEY a key is made, encrypts and decrypts in the page, and rotates', async () => {
  await page.getByRole('button', { name: 'Make a key' }).click()
  await page.getByLabel('Name', { exact: true }).fill('orders')
  await page.getByRole('button', { name: 'Make the key' }).click()
  await page.getByRole('heading', { level: 1, name: 'orders' }).waitFor()
  await page.getByLabel('Plain text').fill('four crates of lemons')
  await page.getByRole('tabpanel').getByRole('button', { name: 'Encrypt', exact: true }).click()
  const ciphertext = (await page.locator('.secret-value').first().textContent()) ?? ''
  expect(Buffer.from(ciphertext, 'base64').toString()).not.toContain('lemons')
  await page.getByRole('tab', { name: 'Decrypt' }).click()
  const panel = page.getByRole('tabpanel', { name: 'Decrypt' })
  await panel.getByLabel('Ciphertext').fill(`${ciphertext.slice(0, -8)}AAAAAAA=`)
  await panel.getByRole('button', { name: 'Decrypt', exact: true }).click()
  await page.locator('[data-code]').waitFor()
  await panel.getByLabel('Ciphertext').fill(ciphertext)
  await panel.getByRole('button', { name: 'Decrypt', exact: true }).click()
  await panel.getByText('four crates of lemons').waitFor()
  await page.getByRole('button', { name: 'Rotate to version 2' }).click()
  await page.getByText('Version 2: in use').waitFor()
})

test('CONSOLE-LOGOUT who logs out is out: his cookie opens nothing any more', async () => {
  const [cookie] = await context.cookies()
  await page.locator('.who summary').click()
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByRole('heading', { name: 'Log in', exact: true }).waitFor()
  expect(await context.cookies()).toEqual([])
  const headers = { 'x-custody-console': '1', cookie: `__Host-custody-session=${cookie?.value}` }
  const status = async () =>
    (await context.request.get(`${server.address}/api/v1/organisations`, { headers })).status()
  await expect.poll(status).toBe(401)
})

test('CONSOLE-CSP nothing was blocked, and nothing complained', () => {
  // What the tests made the server refuse is said by the browser too.
  expect(said.filter((line) => !/Failed to load resource.*status of 4\d\d/.test(line))).toEqual([])
})
