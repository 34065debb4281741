import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import { basename, join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { privateFolder } from '../../scripts/electron/launch.ts'
import { type Desktop, openDesktop } from '../desktop/support/desktop.ts'
import { chooseInDialogs } from '../support/dialogs.ts'
import { playOn, startRehearsal, stepPanel } from '../support/person.ts'
import { shot } from '../support/shot.ts'
import { codesOf, filmSwitches, type Picture, writeFilm } from './film.ts'
import {
  choose,
  enrol,
  launchBrowser,
  openOrigin,
  openPhone,
  type Phone,
  passphrase,
  readAll,
  save,
} from './phone.ts'

let desktop: Desktop
let browser: Browser
let origin: { url: string; server: Server }
let phone: Phone
let carried = ''
let films = ''

/** A folder into which the window, which runs as another user, writes. */
function openFolder(path: string): string {
  mkdirSync(path)
  chmodSync(path, 0o777)
  return path
}

/** What this one's camera sees from now on. */
function film(who: 'window' | 'phone', pictures: readonly Picture[]): void {
  const path = join(films, `${who}.y4m`)
  writeFilm(path, pictures)
  chmodSync(path, 0o644)
}

/** Of each five codes two are lost, and foreign ones stand between those of ours. */
function poorly(pictures: readonly Picture[], foreign: Picture): Picture[] {
  return pictures.flatMap((one, at) => {
    if (at % 5 === 1 || at % 5 === 3) return []
    return at % 10 === 0 ? [foreign, one] : [one]
  })
}

/** Films what the phone shows for the window's camera. */
async function showToWindow(): Promise<Picture[]> {
  await phone.page.getByRole('button', { name: 'Show as codes' }).click()
  const codes = await codesOf(phone.page)
  film('window', codes)
  await phone.page.keyboard.press('Escape')
  return codes
}

let cardCodes: Picture[] = []

beforeAll(async () => {
  films = privateFolder('lux-film-')
  for (const who of ['window', 'phone'] as const) film(who, [])
  desktop = await openDesktop({
    environment: { LUX_TRAINING: '1' },
    args: filmSwitches(join(films, 'window.y4m')),
  })
  carried = openFolder(join(desktop.folder, 'carried'))
  browser = await launchBrowser(filmSwitches(join(films, 'phone.y4m')))
  origin = await openOrigin()
  phone = await openPhone(browser, origin.url, { permissions: ['camera'] })
})
afterAll(async () => {
  await phone?.close()
  await browser?.close()
  origin?.server.close()
  await desktop?.close()
  rmSync(films, { recursive: true, force: true })
})

test('PHONE-ENROL a card made on a phone is taken into the window’s register by its camera, and is not enrolled a second time by file', async () => {
  const { page } = desktop
  const card = await enrol(phone, 'Lena Fischer', carried)
  await page.getByRole('link', { name: 'Holders' }).click()
  await phone.page.getByRole('button', { name: /^Your card/ }).click()
  await phone.page.getByRole('button', { name: 'Give the card' }).click()
  cardCodes = await showToWindow()
  await page.getByRole('button', { name: 'Scan a card' }).click()
  await page.getByText('Enrolled:').waitFor({ timeout: 60_000 })
  // The same words on both screens, which is what people compare.
  const here = await page.getByRole('status').locator('.word-cards .word').allTextContents()
  const there = await phone.page.locator('.word-cards .word').allTextContents()
  expect(here).toHaveLength(32)
  expect(there).toEqual(here)
  // The bytes by file are the very same card.
  await chooseInDialogs(desktop, card)
  await page.getByRole('button', { name: 'Enrol from a file…' }).click()
  await page.locator('[data-code="HOLDER-DUPLICATE"]').waitFor()
})

test('PHONE-RECEIVE the share that the window deals goes to the phone by codes of which two in five are lost, is opened, checked and proved', async () => {
  const { page } = desktop
  await startRehearsal(page, {
    script: 'The life of a threshold key',
    before: async () => page.getByLabel('Lena Fischer').click(),
  })
  await playOn(page, 'Holders prove their shares')
  await chooseInDialogs(desktop, carried)
  await stepPanel(page).getByRole('button', { name: 'Write the files…' }).click()
  await stepPanel(page).getByText('5 files written and read back').waitFor()
  const folder = join(carried, 'Lena Fischer')
  const files = readdirSync(folder)
  expect(files.toSorted()).toEqual([
    'holder-3.age',
    'holder-3.sig',
    'opening.json',
    'policy.json',
    'public.bin',
  ])

  await phone.page.getByRole('button', { name: 'Back' }).click()
  await phone.page.getByRole('button', { name: 'Take a policy' }).click()
  await choose(phone.page, 'Choose the policy', join(folder, 'policy.json'))
  // Nobody says so of words that were not on screen.
  const [same, readOn] = ['They are the same', 'Read on'].map((name) =>
    phone.page.getByRole('button', { name }),
  )
  const usual = phone.page.viewportSize()
  await phone.page.setViewportSize({ width: 320, height: 568 })
  await readOn?.waitFor()
  expect(await same?.isEnabled()).toBe(false)
  while ((await readOn?.count()) !== 0) await readOn?.click({ timeout: 1000 }).catch(() => undefined)
  expect(await same?.isEnabled()).toBe(true)
  if (usual !== null) await phone.page.setViewportSize(usual)
  await shot(phone.page, 'phone-policy')
  await phone.page.getByRole('button', { name: 'They are the same' }).click()
  await phone.page.getByRole('button', { name: 'Receive a share' }).click()
  const four = files.filter((name) => name !== 'policy.json').map((name) => join(folder, name))
  await choose(phone.page, 'Choose the files', four.slice(1))
  await phone.page.getByText('A file is missing').waitFor()
  // A code that this step does not take is named, and nothing comes of it.
  film('phone', cardCodes)
  await phone.page.getByRole('button', { name: 'Scan the codes' }).click()
  await phone.page.locator('[data-code="TRANSFER-TYPE"]').waitFor()
  await phone.page.keyboard.press('Escape')
  await stepPanel(page).getByRole('button', { name: 'Show codes to Lena Fischer' }).click()
  await page.getByRole('button', { name: '2. the share' }).click()
  await page.getByLabel('Speed').selectOption('fast')
  const codes = await codesOf(page)
  await page.keyboard.press('Escape')
  // The page dies while half of the codes are in: it opens again with what it had, and without half a share.
  film('phone', codes.slice(0, Math.floor(codes.length / 4)))
  await phone.page.getByRole('button', { name: 'Scan the codes' }).click()
  const received = () => phone.page.evaluate(() => document.querySelector('progress')?.value ?? 0)
  await expect.poll(received, { timeout: 60_000 }).toBeGreaterThan(2)
  await phone.dieAndReopen()
  await phone.page.getByLabel('Passphrase').fill(passphrase)
  await phone.page.getByRole('button', { name: 'Open' }).click()
  await phone.page.getByText('Hello, Lena Fischer').waitFor()
  await shot(phone.page, 'phone-inbox')
  expect(await phone.page.getByText(/^Share for /).count()).toBe(0)
  await phone.page.getByRole('button', { name: 'Receive a share' }).click()
  // The sender stops in the middle, and is started again: its codes are those of before, from the first.
  await stepPanel(page).getByRole('button', { name: 'Show codes to Lena Fischer' }).click()
  await page.getByRole('button', { name: '2. the share' }).click()
  await page.getByLabel('Speed').selectOption('fast')
  const again = await codesOf(page)
  await page.keyboard.press('Escape')
  film('phone', poorly([...codes.slice(0, Math.floor(codes.length / 3)), ...again], cardCodes[0]!))
  await phone.page.getByRole('button', { name: 'Scan the codes' }).click()
  await phone.page.getByText('You hold a share').waitFor({ timeout: 120_000 })
  await shot(phone.page, 'phone-share')
  await showToWindow()
  await stepPanel(page).getByRole('button', { name: 'Scan an answer' }).click()
  // The window has taken it: nobody is awaited with a phone any more.
  await stepPanel(page)
    .getByRole('region', { name: 'With a phone of their own' })
    .waitFor({ state: 'detached', timeout: 60_000 })
})

test('PHONE-APPROVE a request is read, approved and answered, and the plaintext is what was encrypted', async () => {
  const { page } = desktop
  await playOn(page, 'Holders answer')
  const again = openFolder(join(carried, 'request'))
  await chooseInDialogs(desktop, again)
  await stepPanel(page).getByRole('button', { name: 'Write the files…' }).click()
  await stepPanel(page).getByText('2 files written and read back').waitFor()
  const folder = join(again, 'Lena Fischer')

  // Between the two the phone was locked: what it keeps opens under the passphrase alone.
  await phone.page.reload()
  await phone.page.getByLabel('Passphrase').fill(passphrase)
  await phone.page.getByRole('button', { name: 'Open' }).click()
  await phone.page.getByRole('button', { name: 'Read a request' }).click()
  await choose(
    phone.page,
    'Choose the files',
    readdirSync(folder).map((name) => join(folder, name)),
  )
  // What a requester says stands apart from what signatures prove.
  await phone.page.locator('section.claimed').getByText('the sum of all readings').waitFor()
  expect(await phone.page.locator('section.proved').textContent()).not.toContain('the sum of all readings')
  await shot(phone.page, 'phone-request')
  await readAll(phone.page)
  await phone.page.getByRole('button', { name: 'Approve in 2 taps' }).click()
  await phone.page.getByRole('button', { name: 'Yes, approve' }).click()
  await phone.page.getByText('Approved', { exact: true }).waitFor()
  await shot(phone.page, 'phone-approved')
  const answers = join(carried, 'answer')
  const part = await save(phone.page, /^Save answer-.*\.age$/, answers)
  const answer = await save(phone.page, /^Save answer-.*\.json$/, answers)
  expect(part.replace(/age$/, 'json')).toBe(answer)
  await showToWindow()
  await stepPanel(page).getByRole('button', { name: 'Scan an answer' }).click()
  await page.locator('.qr-panel').waitFor({ state: 'detached', timeout: 60_000 })
  await playOn(page, 'Take in the result')
  await stepPanel(page)
    .getByRole('button', { name: /^(Sign|Answer) as simulated participant: / })
    .first()
    .click()
  const [run] = readdirSync(join(desktop.folder, 'store', 'ceremonies'))
  const result = join(desktop.folder, 'store', 'ceremonies', run ?? '', 'decryptions', 'first', 'result.json')
  const right = () => existsSync(result) && JSON.parse(readFileSync(result, 'utf8')).right
  // `right`: the combined value is the one that the requester had encrypted.
  await expect.poll(right, { timeout: 60_000 }).toBe(true)
})

test('PHONE-REPLAY the same request gives the files of the first answer again, and no second answer', async () => {
  const folder = join(carried, 'request', 'Lena Fischer')
  await phone.page.getByRole('button', { name: 'Done' }).click()
  await phone.page.getByRole('button', { name: 'Read a request' }).click()
  await choose(
    phone.page,
    'Choose the files',
    readdirSync(folder).map((name) => join(folder, name)),
  )
  await phone.page.getByText('You decided this before').waitFor()
  const again = await save(phone.page, /^Save answer-.*\.json$/, join(carried, 'again'))
  const first = join(carried, 'answer', basename(again))
  expect(readFileSync(again)).toEqual(readFileSync(first))
  expect(phone.said).toEqual([])
})
