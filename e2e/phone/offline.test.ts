import { createHash } from 'node:crypto'
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { join, relative } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { privateFolder } from '../../scripts/electron/launch.ts'
import { phoneOut, servePhone } from '../../scripts/phone/serve.ts'
import { enrol, launchBrowser, openOrigin, openPhone, type Phone, passphrase } from './phone.ts'

let browser: Browser
let origin: { url: string; server: Server }
let phone: Phone
let folder = ''
const asked: string[] = []

beforeAll(async () => {
  folder = privateFolder('lux-card-')
  browser = await launchBrowser()
  origin = await openOrigin()
  origin.server.on('request', ({ url }) => asked.push(url ?? ''))
  phone = await openPhone(browser, origin.url)
})
afterAll(async () => {
  await phone?.close()
  await browser?.close()
  origin?.server.close()
  rmSync(folder, { recursive: true, force: true })
})

test('PHONE-KEPT the service worker names every file of the app by its digest, and nothing else', () => {
  const source = readFileSync(join(phoneOut, 'sw.js'), 'utf8')
  const list = JSON.parse(/^const files = (\{[^}]*\})/m.exec(source)?.[1] ?? '{}')
  const files = readdirSync(phoneOut, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name !== 'sw.js')
    .map((entry) => relative(phoneOut, join(entry.parentPath, entry.name)))
  expect(Object.keys(list).toSorted()).toEqual(files.toSorted())
  for (const file of files)
    expect(list[file]).toBe(
      createHash('sha256')
        .update(readFileSync(join(phoneOut, file)))
        .digest('base64'),
    )
})

test('PHONE-OFFLINE once it is kept, the app opens from a cold start with its origin gone, codes and all, and asks for nothing', async () => {
  const { page } = phone
  await page.evaluate(() => navigator.serviceWorker.ready)
  // The page that brought it is not served by it yet; the next one is.
  await page.reload()
  await page.getByRole('heading', { name: 'Set up this phone' }).waitFor()
  expect(await page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true)
  asked.length = 0
  const again = await page.context().newPage()
  await again.goto(origin.url)
  await again.getByRole('heading', { name: 'Set up this phone' }).waitFor()
  // A browser looks for a new sw.js by itself: that is all that leaves.
  expect(asked.filter((url) => url !== '/sw.js')).toEqual([])

  const context = page.context()
  await page.close()
  await again.close()
  origin.server.closeAllConnections()
  await new Promise((done) => origin.server.close(done))
  const cold = await context.newPage()
  await cold.goto(origin.url)
  // What is loaded late comes from there too: both workers are at work here.
  await enrol({ page: cold }, 'Lena Fischer', folder)
  await cold.getByRole('button', { name: /^Your card/ }).click()
  await cold.getByRole('button', { name: 'Give the card' }).click()
  await cold.getByRole('button', { name: 'Show as codes' }).click()
  await cold.locator('.qr-code canvas[data-position="0"]').waitFor()
  await cold.keyboard.press('Escape')
  await cold.getByRole('button', { name: 'Done' }).click()
  await cold.getByRole('button', { name: 'More' }).click()
  await cold.getByText('opens without a network').waitFor()
  // No text becomes markup, and no script comes from elsewhere or out of a text.
  const refused = await cold.evaluate(() =>
    [
      () => Object.assign(document.createElement('div'), { innerHTML: '<b>x</b>' }),
      () => new Worker('data:text/javascript,1'),
      () => new Worker('https://elsewhere.example/x.js'),
      () => Object.assign(document.createElement('script'), { text: 'x()' }),
    ].map((attempt) => {
      try {
        attempt()
        return 'taken'
      } catch (error) {
        return error instanceof Error ? error.name : 'refused'
      }
    }),
  )
  expect(refused).toEqual(['TypeError', 'TypeError', 'TypeError', 'TypeError'])
  // This machine has no camera: that is said, and the way by file is where it was.
  await cold.getByRole('button', { name: 'Inbox' }).click()
  await cold.getByRole('button', { name: 'Take a policy' }).click()
  await cold.getByRole('button', { name: 'Scan the codes' }).click()
  await cold.locator('[data-code="CAMERA-ABSENT"]').waitFor()
  await cold.keyboard.press('Escape')
  await cold.getByRole('button', { name: 'Choose the policy' }).waitFor()
})

/** The origin's files become those of another version, which calls itself newer. */
function exchange(taken: string): void {
  const page = join(taken, 'index.html')
  const worker = join(taken, 'sw.js')
  const before = readFileSync(page)
  const after = Buffer.from(before.toString('utf8').replace('<title>', '<title>Newer '))
  const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64')
  writeFileSync(page, after)
  writeFileSync(
    worker,
    readFileSync(worker, 'utf8')
      .replace(digest(before), digest(after))
      .replace("kept = 'lux-", "kept = 'lux-newer-"),
  )
}

test('PHONE-UPDATE a newer version that comes in the middle of a step changes nothing until the app was closed, and what was made then is there', async () => {
  const taken = join(folder, 'updated')
  cpSync(phoneOut, taken, { recursive: true })
  const server = await servePhone(taken, 0)
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the phone app is not served')
  const updated = await openPhone(browser, `http://127.0.0.1:${address.port}/`)
  const { page } = updated
  const context = page.context()
  await page.evaluate(() => navigator.serviceWorker.ready)
  await page.reload()
  await page.getByLabel('Your name, as plans shall show it').fill('Lena Fischer')
  exchange(taken)
  await page.evaluate(async () => (await navigator.serviceWorker.ready).update())
  await page.waitForFunction(async () => (await navigator.serviceWorker.ready).waiting !== null)
  // The step goes on with the version that began it.
  expect(await page.getByLabel('Your name, as plans shall show it').inputValue()).toBe('Lena Fischer')
  await enrol(updated, 'Lena Fischer', join(folder, 'updating'))
  await page.getByRole('button', { name: 'More' }).click()
  await page.getByText('A newer version is kept.').waitFor()
  await page.reload()
  expect(await page.title()).toBe('Lux Custody')
  // Said before the passphrase, and whether the network is on, by which it came.
  await page.getByText('A newer version waits').waitFor()
  await page.locator('[data-network=on]').waitFor()
  await context.setOffline(true)
  await page.locator('[data-network=off]').waitFor()
  await context.setOffline(false)
  await page.close()
  const opened = await context.newPage()
  await expect
    .poll(async () => {
      await opened.goto('about:blank')
      await opened.goto(`http://127.0.0.1:${address.port}/`)
      return opened.title()
    })
    .toBe('Newer Lux Custody')
  await opened.getByLabel('Passphrase').fill(passphrase)
  await opened.getByRole('button', { name: 'Open' }).click()
  await opened.getByRole('heading', { name: 'Hello, Lena Fischer' }).waitFor()
  await updated.close()
  server.closeAllConnections()
  server.close()
})

/** What an origin serves that was taken over: it begins at once, and has its own page for every address. */
const hostileWorker = `
addEventListener('install', (event) => event.waitUntil(skipWaiting()))
addEventListener('activate', (event) => event.waitUntil(clients.claim()))
addEventListener('fetch', (event) => event.respondWith(new Response(
  '<!doctype html><title>taken over</title><script>indexedDB.open("lux-custody-phone").onsuccess = ({ target }) => {' +
  'target.result.transaction("vault").objectStore("vault").get("header").onsuccess = ({ target }) => {' +
  'document.title = "read " + target.result.passphrase.sealed.length } }</script>',
  { headers: { 'Content-Type': 'text/html' } })))
`

test('PHONE-ORIGIN whoever controls the origin replaces the app within one visit and reads what it keeps, which the passphrase alone seals', async () => {
  const taken = join(folder, 'origin')
  cpSync(phoneOut, taken, { recursive: true })
  const server = await servePhone(taken, 0)
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the phone app is not served')
  const victim = await openPhone(browser, `http://127.0.0.1:${address.port}/`)
  const { page } = victim
  await enrol(victim, 'Lena Fischer', join(folder, 'victim'))
  await page.evaluate(() => navigator.serviceWorker.ready)
  writeFileSync(join(taken, 'sw.js'), hostileWorker)
  // A visit is all: the browser fetches sw.js by itself, and asks nobody.
  await page.reload()
  await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready
    await registration.update()
  })
  // Of all that is done to it, the app that is open sees this alone: it takes no passphrase any more.
  await page.locator('[data-version=replaced]').waitFor()
  expect(await page.getByLabel('Passphrase', { exact: true }).isDisabled()).toBe(true)
  await expect
    .poll(async () => {
      await page.goto(page.url())
      return page.title()
    })
    .toMatch(/taken over|read/)
  // The attack is expected to succeed. What it reads is the vault's key under the passphrase: 48 bytes that open nothing by themselves.
  await expect.poll(() => page.title()).toBe('read 48')
  await victim.close()
  server.closeAllConnections()
  server.close()
})
