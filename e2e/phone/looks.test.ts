import { createHash } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { privateFolder } from '../../scripts/electron/launch.ts'
import { clipped } from '../support/clipped.ts'
import { enrol, launchBrowser, openOrigin, openPhone, type Phone, passphrase } from './phone.ts'

let browser: Browser
let origin: { url: string; server: Server }
let folder = ''
beforeAll(async () => {
  folder = privateFolder('lux-looks-')
  browser = await launchBrowser()
  origin = await openOrigin()
})
afterAll(async () => {
  await browser?.close()
  origin?.server.close()
  rmSync(folder, { recursive: true, force: true })
})

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

/** Nothing is wider than the narrowest phone, and nothing that is pressed is smaller than a finger. */
async function misfits(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const wide =
      document.documentElement.scrollWidth > innerWidth
        ? [`${document.documentElement.scrollWidth} wide`]
        : []
    const pressed = [...document.querySelectorAll('button, a[href], summary, input, select, textarea')]
    const small = pressed.flatMap((one) => {
      // A choice is pressed by its whole line.
      const target = one.matches('input[type=radio], input[type=checkbox]')
        ? (one.closest('label') ?? one)
        : one
      const { width, height } = target.getBoundingClientRect()
      if (width === 0 || (width >= 43.5 && height >= 43.5)) return []
      return [
        `${Math.round(width)} x ${Math.round(height)}: ${target.textContent || target.outerHTML.slice(0, 80)}`,
      ]
    })
    return [...wide, ...small]
  })
}

async function looked(page: Page, name: string): Promise<void> {
  const faults: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    if (process.env.LUX_SHOTS !== undefined)
      await page.screenshot({ path: `${process.env.LUX_SHOTS}/${name}-${colorScheme}.png`, fullPage: true })
    const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze()
    faults.push(
      ...violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${colorScheme} ${id}: ${html}`)),
    )
  }
  faults.push(...(await misfits(page)))
  expect([name, ...faults]).toEqual([name])
}

const narrow = { viewport: { width: 320, height: 640 } }

/** Whatever is behind the inbox, by its own buttons, whatever they are called in this language. */
async function everyScreen(
  phone: Phone,
  name: string,
  look: (page: Page, name: string) => Promise<void> = looked,
): Promise<void> {
  const { page } = phone
  const inbox = page.locator('.phone-tabs')
  const back = page.locator('.phone-back')
  await look(page, `${name}-inbox`)
  const ways = page.locator(
    '.phone-main .next .press, .phone-main .row-link, .phone-main .plain .link, .phone-main .soft .link',
  )
  for (let at = 0; at < (await ways.count()); at += 1) {
    await ways.nth(at).click()
    await back.waitFor()
    await look(page, `${name}-${at}`)
    await back.click()
    await inbox.waitFor()
  }
  for (const at of [1, 2]) {
    await page.locator('.phone-tabs button').nth(at).click()
    await page.locator(`.phone-tabs button:nth-child(${at + 1})[aria-current=page]`).waitFor()
    await look(page, `${name}-tab-${at}`)
  }
}

const shown = [
  { part: 'Share holder', language: 'en' },
  { part: 'Share holder', language: 'ar' },
  { part: 'Witness', language: 'en' },
  { part: 'Witness', language: 'ar' },
] as const

test.each(shown)(
  'PHONE-ACCESSIBLE every screen of a phone, $part, $language, is clean for axe in light and dark, fits 320 px and a finger',
  async ({ part, language }) => {
    const phone = await openPhone(browser, origin.url, narrow)
    const { page } = phone
    await page.getByRole('heading', { name: 'Set up this phone' }).waitFor()
    await enrol(phone, 'Lena Fischer', folder, part)
    if (language === 'ar') {
      await page.locator('.phone-tabs button').nth(2).click()
      await page.locator('button[lang=ar]').click()
      await page.locator('html[dir=rtl]').waitFor()
      await page.locator('.phone-tabs button').nth(0).click()
      await page.locator('.phone-tabs button:nth-child(1)[aria-current=page]').waitFor()
    }
    await everyScreen(phone, `${part}-${language}`)
    await page.reload()
    await page.locator('input[name=passphrase]').waitFor()
    await looked(page, `${part}-${language}-unlock`)
    await phone.close()
    const empty = await openPhone(browser, origin.url, { ...narrow, locale: language })
    await empty.page.locator('input[name=again]').waitFor()
    await looked(empty.page, `${part}-${language}-enrol`)
    await empty.close()
  },
  400_000,
)

test('PHONE-WIDTH no screen of a phone of 320 px cuts a text that is 40 % longer than the English', async () => {
  const found: Record<string, string[]> = {}
  const look = async (page: Page, name: string) => {
    const here = await clipped(page)
    if (here.length > 0) found[name] = here
  }
  const pseudo = async ({ page }: Phone) => {
    await page.evaluate(() => localStorage.setItem('lux-language', 'pseudo'))
    await page.reload()
    await page.locator('input[name=passphrase]').waitFor()
    expect(await page.locator('main').textContent()).toContain('⟧')
  }
  const empty = await openPhone(browser, origin.url, narrow)
  await empty.page.locator('input[name=again]').waitFor()
  await pseudo(empty)
  await look(empty.page, 'enrol')
  await empty.close()
  for (const part of ['Share holder', 'Witness']) {
    const phone = await openPhone(browser, origin.url, narrow)
    const { page } = phone
    await enrol(phone, 'Lena Fischer', folder, part)
    await pseudo(phone)
    await look(page, `${part}-unlock`)
    await page.locator('input[name=passphrase]').fill(passphrase)
    await page.locator('input[name=passphrase]').press('Enter')
    await page.locator('.phone-tabs').waitFor()
    await everyScreen(phone, part, look)
    await phone.close()
  }
  expect(found).toEqual({})
}, 400_000)

/** Number of the type, SPEC.md 11.1. */
const signatureRequest = 7

function textOf(type: number, payload: Buffer): string {
  const head = Buffer.alloc(5)
  head.writeUInt8(type)
  head.writeUInt32BE(payload.length, 1)
  const content = Buffer.concat([head, payload])
  const digest = createHash('sha256').update('lux-env1').update(content).digest()
  return `lux-env1:${Buffer.concat([content, digest]).toString('base64url')}`
}

test('PHONE-TEXT without a camera a card goes out and a request comes in as text, and a text of something else is named', async () => {
  const phone = await openPhone(browser, origin.url, narrow)
  const { page } = phone
  const card = await enrol(phone, 'Zoe Lang', folder, 'Witness')
  await page.getByRole('button', { name: /^Your card/ }).click()
  await page.getByRole('button', { name: 'Give the card' }).click()
  await page.getByRole('button', { name: 'Show as codes' }).click()
  await page.getByText('As text', { exact: true }).click()
  const text = await page.locator('.qr-as-text textarea').inputValue()
  // A type, a length, the card's bytes, and a digest.
  expect(Buffer.from(text.slice('lux-env1:'.length), 'base64url').subarray(5, -32)).toEqual(
    readFileSync(card),
  )
  await looked(page, 'as-text')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Done' }).click()
  await page.getByRole('button', { name: 'Read what to sign' }).click()
  await page.getByRole('button', { name: 'Scan the codes' }).click()
  await page.locator('[data-code="CAMERA-ABSENT"]').waitFor()
  await page.getByText('Paste text', { exact: true }).click()
  const field = page.locator('.qr-as-text textarea')
  await field.fill(text)
  await page.locator('[data-code="TRANSFER-TYPE"]').waitFor()
  const request =
    '{"domain":"rehearsal","kind":"signature-request","lines":[],"subject":"AAAA","v":1,"what":"bundle"}'
  await field.fill(textOf(signatureRequest, Buffer.from(request)))
  await page.locator('[data-code="REQUEST-SUBJECT"]').waitFor()
  await phone.close()
})

test('PHONE-KEYBOARD a phone is set up, gives its card, is locked and opened again by keyboard alone', async () => {
  const phone = await openPhone(browser, origin.url, narrow)
  const { page } = phone
  const { keyboard } = page
  /** On to the next thing that fits; a screen has no more than sixty. */
  const tabTo = async (selector: string) => {
    for (let at = 0; at < 60; at += 1) {
      await keyboard.press('Tab')
      if ((await page.locator(`${selector}:focus`).count()) > 0) return
    }
    throw new Error(`the keyboard does not come to ${selector}`)
  }
  await page.getByRole('heading', { name: 'Set up this phone' }).waitFor()
  await tabTo('input[name=name]')
  await keyboard.type('Ida Roth')
  await tabTo('input[name=passphrase]')
  await keyboard.type(passphrase)
  await tabTo('input[name=again]')
  await keyboard.type(passphrase)
  await tabTo('button[type=submit]')
  await keyboard.press('Enter')
  await page.locator('.word-cards .word').first().waitFor()
  await tabTo('.phone-actions .press')
  await keyboard.press('Enter')
  await page.getByRole('link', { name: /^Save card/ }).waitFor()
  await tabTo('.phone-back')
  await keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Hello, Ida Roth' }).waitFor()
  await tabTo('.phone-tabs button:nth-child(3)')
  await keyboard.press('Enter')
  await page.getByRole('button', { name: 'Lock now' }).waitFor()
  await tabTo('.phone-main > .press')
  await keyboard.press('Enter')
  await page.getByLabel('Passphrase').waitFor()
  await tabTo('input[name=passphrase]')
  await keyboard.type(passphrase)
  await keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Hello, Ida Roth' }).waitFor()
  await phone.close()
})
