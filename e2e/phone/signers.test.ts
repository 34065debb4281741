import { chmodSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { privateFolder } from '../../scripts/electron/launch.ts'
import { type Desktop, openDesktop } from '../desktop/support/desktop.ts'
import { chooseInDialogs } from '../support/dialogs.ts'
import { actOnce, currentStep, goTo, startRehearsal, stepPanel } from '../support/person.ts'
import { shot } from '../support/shot.ts'
import { codesOf, filmSwitches, type Picture, writeFilm } from './film.ts'
import { enrol, launchBrowser, openOrigin, openPhone, type Phone, readAll } from './phone.ts'

let desktop: Desktop
let browser: Browser
let origin: { url: string; server: Server }
let officer: Phone
let witness: Phone
let away: Phone
let films = ''
let cards = ''

/** What this one's camera sees from now on. */
function film(who: 'window' | 'phone', pictures: readonly Picture[]): void {
  const path = join(films, `${who}.y4m`)
  writeFilm(path, pictures)
  chmodSync(path, 0o644)
}

/** Everybody who is simulated plays on until the window waits for a phone alone; null at the end of the run. */
async function untilAsked(): Promise<string | null> {
  const { page } = desktop
  const own = stepPanel(page).getByRole('region', { name: 'With a phone of their own' })
  const simulated = stepPanel(page).getByRole('button', { name: /^Sign as simulated participant: / })
  for (;;) {
    const at = await currentStep(page)
    if (at === null) return null
    if ((await own.count()) > 0 && (await simulated.count()) === 0) return own.textContent()
    if (!(await actOnce(page, at))) await page.waitForTimeout(50)
  }
}

/** The window shows, the phone reads, signs and shows, and the window takes it. */
async function signOn(phone: Phone, name: string, title: string, seen: () => Promise<void>): Promise<void> {
  const { page } = desktop
  await stepPanel(page).getByRole('button', { name: 'Show codes to the phones' }).click()
  await page.getByLabel('Speed').selectOption('fast')
  film('phone', await codesOf(page))
  await page.keyboard.press('Escape')
  await phone.page.bringToFront()
  await phone.page.getByRole('button', { name: 'Read what to sign' }).click()
  await phone.page.getByRole('button', { name: 'Scan the codes' }).click()
  await phone.page.getByRole('heading', { name: title, level: 1 }).waitFor({ timeout: 120_000 })
  await seen()
  // The same words on both screens, which is what people compare.
  let there: string[] = []
  const here = await stepPanel(page).locator('.word-cards .word').allTextContents()
  await readAll(phone.page, async () => {
    const words = await phone.page.locator('.word-cards .word').allTextContents()
    if (words.length > 0) there = words
  })
  expect(there).toHaveLength(32)
  expect(there).toEqual(here)
  await phone.page.getByRole('button', { name: 'Sign', exact: true }).click()
  await phone.page.getByRole('button', { name: 'Yes, sign' }).click()
  await phone.page.getByText('Signed, and written down here first').waitFor()
  await phone.page.getByRole('button', { name: 'Show as codes' }).click()
  film('window', await codesOf(phone.page))
  await phone.page.keyboard.press('Escape')
  await phone.page.getByRole('button', { name: 'Done' }).click()
  const own = stepPanel(page).getByRole('region', { name: 'With a phone of their own' })
  await own.getByRole('button', { name: 'Scan an answer' }).click()
  // Taken: nobody waits for this person any more.
  await own.filter({ hasText: name }).waitFor({ state: 'detached', timeout: 120_000 })
}

beforeAll(async () => {
  films = privateFolder('lux-film-')
  cards = privateFolder('lux-cards-')
  for (const who of ['window', 'phone'] as const) film(who, [])
  desktop = await openDesktop({
    environment: { LUX_TRAINING: '1' },
    args: filmSwitches(join(films, 'window.y4m')),
  })
  browser = await launchBrowser(filmSwitches(join(films, 'phone.y4m')))
  origin = await openOrigin()
  officer = await openPhone(browser, origin.url, { permissions: ['camera'] })
  witness = await openPhone(browser, origin.url, { permissions: ['camera'] })
  away = await openPhone(browser, origin.url)
})
afterAll(async () => {
  await officer?.close()
  await witness?.close()
  await away?.close()
  await browser?.close()
  origin?.server.close()
  await desktop?.close()
  for (const folder of [films, cards]) rmSync(folder, { recursive: true, force: true })
})

test('PHONE-SIGN an officer and a witness take part in a whole rehearsal with their phones: opening, checkpoints and bundle are read from their own bytes and signed by codes', async () => {
  const { page } = desktop
  const files = [
    await enrol(officer, 'Olga Weiss', join(cards, 'officer'), 'Crypto officer'),
    await enrol(witness, 'Wanda Keller', join(cards, 'witness'), 'Witness'),
    // Whose device stays away: two of three officers bring one, so that the phone is needed.
    await enrol(away, 'Anton Berg', join(cards, 'away'), 'Crypto officer'),
  ]
  await goTo(page, 'Holders')
  for (const [at, path] of files.entries()) {
    chmodSync(path, 0o644)
    await chooseInDialogs(desktop, path)
    await page.getByRole('button', { name: 'Enrol from a file…' }).click()
    await page.locator('.panel.list > li').nth(at).waitFor()
  }
  await startRehearsal(page, {
    script: 'Token initialisation',
    before: async () => {
      for (const name of ['Olga Weiss', 'Wanda Keller', 'Anton Berg'])
        await page.getByLabel(name, { exact: false }).click()
    },
  })

  expect(await untilAsked()).toContain('Olga Weiss')
  await signOn(officer, 'Olga Weiss', 'Open a ceremony', async () => {
    await officer.page.locator('section.proved').getByText('Tokens', { exact: true }).waitFor()
    await shot(officer.page, 'phone-sign')
  })
  expect(await untilAsked()).toContain('Wanda Keller')
  await signOn(witness, 'Wanda Keller', 'Cosign the transcript', async () => {
    await witness.page.locator('.read-on').click()
    await witness.page.getByText(/new entries since you cosigned last/).waitFor()
  })
  // What the witness cosigned is remembered: only what came since is told as new.
  expect(await untilAsked()).toContain('Wanda Keller')
  await signOn(witness, 'Wanda Keller', 'Cosign the transcript', async () => {
    await witness.page.locator('.read-on').click()
    await witness.page.getByText(/new entr(?:y|ies) since you cosigned last/).waitFor()
    const fresh = await witness.page.locator('ol.lines > li').first().textContent()
    expect(fresh).not.toMatch(/^\s*0\s/)
  })
  expect(await untilAsked()).toContain('Olga Weiss')
  await signOn(officer, 'Olga Weiss', 'Sign the bundle', async () => {
    await officer.page.locator('section.proved').getByText('Files', { exact: true }).waitFor()
  })
  expect(await untilAsked()).toBeNull()

  await officer.page.getByRole('button', { name: 'My log' }).click()
  await officer.page.getByText('Sign the bundle').waitFor()
  expect([...officer.said, ...witness.said]).toEqual([])
})

test('PHONE-SIGN-ROLE what is not for this person, or nothing that can be signed, is refused by name and not signed', async () => {
  const chosen = async (bytes: string): Promise<void> => {
    await officer.page.getByRole('button', { name: 'Inbox' }).click()
    await officer.page.getByRole('button', { name: 'Read what to sign' }).click()
    const [chooser] = await Promise.all([
      officer.page.waitForEvent('filechooser'),
      officer.page.getByRole('button', { name: 'Choose the request', exact: true }).click(),
    ])
    await chooser.setFiles({ name: 'request.json', mimeType: 'application/json', buffer: Buffer.from(bytes) })
  }
  await chosen('{"v":1}')
  const refused = officer.page.locator('[data-code]')
  await refused.waitFor()
  expect(await refused.getAttribute('data-code')).toBe('SIGNATURE-REQUEST-MALFORMED')
  await officer.page.getByRole('button', { name: 'Back' }).click()
  await chosen(
    '{"domain":"rehearsal","kind":"signature-request","lines":[],"subject":"AAAA","v":1,"what":"bundle"}',
  )
  await refused.waitFor()
  expect(await refused.getAttribute('data-code')).toBe('REQUEST-SUBJECT')
  expect(await officer.page.getByRole('button', { name: 'Sign', exact: true }).count()).toBe(0)
})
