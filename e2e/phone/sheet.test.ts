import { chmodSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { otherPassphrase } from '../../packages/crypto/test/strong-passphrase.ts'
import { privateFolder } from '../../scripts/electron/launch.ts'
import { codesOnPaper, filmSwitches, type Picture, writeFilm } from './film.ts'
import { enrol, launchBrowser, openOrigin, openPhone, type Phone, passphrase } from './phone.ts'

let browser: Browser
let origin: { url: string; server: Server }
let phone: Phone
let folder = ''
let codes: Picture[] = []
let words: string[] = []
let card: string[] = []

const film = (): string => join(folder, 'paper.y4m')

function show(pictures: readonly Picture[]): void {
  writeFilm(film(), pictures)
  chmodSync(film(), 0o644)
}

beforeAll(async () => {
  folder = privateFolder('lux-sheet-')
  show([])
  browser = await launchBrowser(filmSwitches(film()))
  origin = await openOrigin()
  phone = await openPhone(browser, origin.url, { permissions: ['camera'] })
})
afterAll(async () => {
  await phone?.close()
  await browser?.close()
  origin?.server.close()
  rmSync(folder, { recursive: true, force: true })
})

const cardWords = async (page: Page): Promise<string[]> => {
  await page.getByRole('button', { name: /^Your card/ }).click()
  await page.locator('.word-cards .word').first().waitFor()
  const read = await page.locator('.word-cards .word').allTextContents()
  await page.getByRole('button', { name: 'Back' }).click()
  return read
}

test('PHONE-SHEET a sheet counts once it was scanned back with its words, two of its codes unreadable', async () => {
  const { page } = phone
  await enrol(phone, 'Lena Fischer', folder)
  card = await cardWords(page)
  await page.getByRole('button', { name: 'Backup sheet' }).click()
  // The passphrase is asked for again, although the phone is open.
  await page.getByLabel('Passphrase').fill('another passphrase')
  await page.getByRole('button', { name: 'Make the sheet' }).click()
  await page.locator('[data-code="PHONE-PASSPHRASE"]').waitFor()
  await page.getByLabel('Passphrase').fill(passphrase)
  await page.getByRole('button', { name: 'Make the sheet' }).click()
  codes = await codesOnPaper(page)
  words = await page.locator('.sheet-words li').allTextContents()
  expect(words).toHaveLength(12)
  expect(codes.length).toBeGreaterThan(3)
  show(codes.slice(2))
  await page.getByRole('button', { name: 'Scan the sheet' }).click()
  const typed = page.getByLabel('The twelve words, in their order')
  await typed.fill(words.toReversed().join(' '))
  await page.getByRole('button', { name: 'Check the sheet' }).click()
  await page.locator('[data-code="PHONE-SHEET-WRONG"]').waitFor()
  await typed.fill(words.join(' '))
  await page.getByRole('button', { name: 'Check the sheet' }).click()
  await page.getByRole('heading', { name: 'Hello, Lena Fischer' }).waitFor()
  expect(await page.getByRole('button', { name: 'Backup sheet' }).count()).toBe(0)
})

test('PHONE-CAMERA a camera that is refused is said, and can be tried again once it is allowed', async () => {
  const other = await openPhone(browser, origin.url)
  await other.page.getByText('Restore from a backup sheet').click()
  await other.page.getByRole('button', { name: 'Scan the sheet' }).click()
  await other.page.locator('[data-code="CAMERA-DENIED"]').waitFor()
  await other.page.context().grantPermissions(['camera'])
  await other.page.getByRole('button', { name: 'Try again' }).click()
  await other.page.getByLabel('The twelve words, in their order').waitFor()
  await other.close()
})

test('PHONE-RESTORE a new phone gets the key back from the sheet, with a passphrase of its own, and says that its shares answer nothing', async () => {
  const other = await openPhone(browser, origin.url, { permissions: ['camera'] })
  const { page } = other
  show(codes.slice(0, -2))
  await page.getByText('Restore from a backup sheet').click()
  await page.getByRole('button', { name: 'Scan the sheet' }).click()
  await page.getByLabel('The twelve words, in their order').fill(words.join('\n'))
  await page.getByLabel('A new passphrase for this phone').fill(otherPassphrase)
  await page.getByRole('button', { name: 'Restore', exact: true }).click()
  await page.getByText('This phone was restored from a sheet').waitFor()
  expect(await cardWords(page)).toEqual(card)
  expect([...phone.said, ...other.said]).toEqual([])
  await other.close()
})
