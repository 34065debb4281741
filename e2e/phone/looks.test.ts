import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import { dirname, join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { privateFolder } from '../../scripts/electron/launch.ts'
import { root } from '../../scripts/root.ts'
import { axeFaults } from '../support/axe.ts'
import { clipped } from '../support/clipped.ts'
import {
  enrol,
  launchBrowser,
  openOrigin,
  openPhone,
  type Phone,
  passphrase,
  readAll,
  save,
} from './phone.ts'

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
  if (process.env.LUX_SHOTS !== undefined)
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await page.screenshot({ path: `${process.env.LUX_SHOTS}/${name}-${colorScheme}.png`, fullPage: true })
    }
  // A sentence that lacks its text or a value of it.
  const bare = /\{\{\w+\}\}|\bphone\.[a-z][\w.-]+/.exec((await page.locator('body').textContent()) ?? '')
  const faults = bare === null ? [] : [`no text: ${bare[0]}`]
  faults.push(...(await axeFaults(page)), ...(await misfits(page)))
  expect([name, ...faults]).toEqual([name])
}

/** On to the next thing that fits; a screen has no more than sixty. */
async function tabToOn(page: Page, selector: string): Promise<void> {
  for (let at = 0; at < 60; at += 1) {
    await page.keyboard.press('Tab')
    if ((await page.locator(`${selector}:focus`).count()) > 0) return
  }
  throw new Error(`the keyboard does not come to ${selector}`)
}

async function chooseFiles(page: Page, button: string, files: string[]): Promise<void> {
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.getByRole('button', { name: button, exact: true }).click(),
  ])
  await chooser.setFiles(files)
}

// High enough that no button lies half behind the bar at the bottom, as it may until somebody scrolls.
const narrow = { viewport: { width: 320, height: 1600 } }

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

/** The app again, in this language, with its own first screen. */
async function reopenedIn({ page }: Phone, language: 'en' | 'ar'): Promise<void> {
  await page.evaluate((chosen) => localStorage.setItem('lux-language', chosen), language)
  await page.reload()
  await page.locator(`html[lang=${language}] input[name=passphrase]`).waitFor()
}

test.each(['Share holder', 'Witness'])(
  'PHONE-ACCESSIBLE every screen of a phone, %s, is clean for axe in English and in Arabic, fits 320 px and a finger',
  async (part) => {
    const phone = await openPhone(browser, origin.url, narrow)
    const { page } = phone
    await page.getByRole('heading', { name: 'Set up this phone' }).waitFor()
    await enrol(phone, 'Lena Fischer', folder, part)
    await everyScreen(phone, `${part}-en`)
    await page.locator('button[lang=ar]').click()
    await page.locator('html[dir=rtl]').waitFor()
    await page.locator('.phone-tabs button').nth(0).click()
    await page.locator('.phone-tabs button:nth-child(1)[aria-current=page]').waitFor()
    await everyScreen(phone, `${part}-ar`)
    for (const language of ['en', 'ar'] as const) {
      await reopenedIn(phone, language)
      await looked(page, `${part}-${language}-unlock`)
    }
    await phone.close()
  },
  400_000,
)

test('PHONE-ACCESSIBLE what an empty phone asks for is clean for axe in English and in Arabic', async () => {
  const empty = await openPhone(browser, origin.url, narrow)
  for (const language of ['en', 'ar'] as const) {
    await reopenedIn(empty, language)
    await looked(empty.page, `${language}-enrol`)
  }
  await empty.close()
})

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

const sectionOf = (language: string, name: string) =>
  JSON.parse(readFileSync(join(root, 'resources/locales', language, `${name}.json`), 'utf8'))
const textsOf = (language: string) => ({ ...sectionOf(language, 'phone'), act: sectionOf(language, 'act') })
const texts = { en: textsOf('en'), ar: textsOf('ar') }
type Texts = (typeof texts)['en']

const dealer = join(root, 'packages/people/test/support/deal-to-phone.ts')
const run = (...given: string[]): string =>
  execFileSync(process.execPath, [dealer, ...given], { encoding: 'utf8' })

/** What a workstation hands to the holder with this card, in folders. */
function dealtTo(card: string): (name: string) => string[] {
  const to = join(dirname(card), 'dealt')
  run('deal', card, to)
  return (name) => readdirSync(join(to, name)).map((file) => join(to, name, file))
}

/** The browser promises to keep what the app writes, as it does for an app that was installed. */
async function keep({ page }: Phone): Promise<void> {
  const own = await page.context().newCDPSession(page)
  const { browserContextId } = (await own.send('Target.getTargetInfo')).targetInfo
  const all = await browser.newBrowserCDPSession()
  await all.send('Browser.grantPermissions', {
    origin: new URL(origin.url).origin,
    permissions: ['durableStorage'],
    ...(browserContextId === undefined ? {} : { browserContextId }),
  })
  expect(await page.evaluate(() => navigator.storage.persist())).toBe(true)
}

async function openedAnew({ page }: Phone, { unlock }: Texts): Promise<void> {
  await page.reload()
  await page.getByLabel(unlock.passphrase, { exact: true }).fill(passphrase)
  await page.getByRole('button', { name: unlock.open, exact: true }).click()
  await page.locator('.phone-tabs').waitFor()
}

/** Each of them has real keys, and a language. */
async function setUp(name: string, part: string, language: keyof typeof texts): Promise<Phone> {
  const phone = await openPhone(browser, origin.url, { ...narrow, locale: language })
  const { page } = phone
  const { enrol: asks } = texts[language]
  await page.locator(`input[value=${part}]`).check()
  await page.locator('input[value=production]').check()
  await page.locator('input[name=name]').fill(name)
  for (const field of ['passphrase', 'again']) await page.locator(`input[name=${field}]`).fill(passphrase)
  await page.getByRole('button', { name: asks.make, exact: true }).click()
  await page.locator('.word-cards .word').first().waitFor()
  return phone
}

async function cardOf({ page }: Phone, { card, save: saves }: Texts, to: string): Promise<string> {
  await page.getByRole('button', { name: card.give, exact: true }).click()
  return save(page, new RegExp(`^${saves} card`), to)
}

test.each(['en', 'ar'] as const)(
  'PHONE-ACCESSIBLE every screen with something on it is clean for axe too, and a share is received, a request approved and another refused by keyboard, in %s',
  async (language) => {
    const say = texts[language]
    const named = (name: string) => `full-${language}-${name}`
    const phone = await setUp('Hal', 'holder', language)
    const { page } = phone
    const press = (name: string) => page.getByRole('button', { name, exact: true }).click()
    const dealt = dealtTo(await cardOf(phone, say, join(folder, named('card'))))
    await press(say.compare.one)
    await looked(page, named('compare-words'))
    await press(say.compare['as-digits'])
    await looked(page, named('compare-digits'))
    for (let at = 0; at < 3; at += 1) await press(say.compare.match)
    await page.getByText(say.compare.done, { exact: true }).waitFor()
    await press(say.policy.differ)
    await page.locator('[data-code="PHONE-WORDS-DIFFER"]').waitFor()
    await looked(page, named('differ'))
    await press(say.back)
    await press(say.next.policy.act)
    await chooseFiles(page, say.policy.choose, dealt('policy'))
    await page.getByRole('button', { name: say.policy.same, exact: true }).waitFor()
    await looked(page, named('policy'))
    const readOn = page.locator('.read-on')
    while ((await readOn.count()) > 0) await readOn.click({ timeout: 1000 }).catch(() => undefined)
    await press(say.policy.same)
    await press(say.next.receive.act)
    await chooseFiles(page, say.receive.choose, dealt('share'))
    await page.getByRole('heading', { name: say.receive.done, level: 1 }).waitFor()
    // This browser may delete what it keeps: there is no proof yet, by codes or as a file.
    await page.getByText(say.sheet.first, { exact: true }).waitFor()
    expect(await page.getByRole('button', { name: say['show-codes'], exact: true }).count()).toBe(0)
    await looked(page, named('share-waits'))
    await keep(phone)
    await openedAnew(phone, say)
    await press(say.inbox.prove)
    await page.getByRole('button', { name: say['show-codes'], exact: true }).waitFor()
    await looked(page, named('proof'))
    await press(say.done)
    await press(say.next.request.act)
    await chooseFiles(page, say.request.choose, dealt('first'))
    await page.locator('section.claimed').waitFor()
    await looked(page, named('request'))
    // It waits in the inbox, also after the phone was closed.
    await openedAnew(phone, say)
    await page.getByRole('heading', { name: say.request.ask, level: 2 }).waitFor()
    await looked(page, named('open'))
    await tabToOn(page, '.next .press')
    await page.keyboard.press('Enter')
    await page.locator('section.claimed').waitFor()
    // Page by page; the last one has the yes.
    await readAll(
      page,
      (at) => looked(page, named(`request-${at}`)),
      async () => {
        expect(await page.locator('.hold').count()).toBe(0)
        await tabToOn(page, '.read-on')
        await page.keyboard.press('Enter')
      },
    )
    await tabToOn(page, '.hold')
    await page.keyboard.down('Enter')
    await page.getByText(say.answered.counted, { exact: true }).waitFor()
    await page.keyboard.up('Enter')
    await looked(page, named('approved'))
    await press(say.done)
    await press(say.next.request.act)
    await chooseFiles(page, say.request.choose, dealt('second'))
    await page.locator('section.claimed').waitFor()
    await tabToOn(page, '.pair .press')
    await page.keyboard.press('Enter')
    await tabToOn(page, 'input')
    await page.keyboard.type('not today')
    await looked(page, named('refuse'))
    await tabToOn(page, '.primary')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: say.answered.refused, level: 1 }).waitFor()
    await press(say.done)
    await page.getByRole('button', { name: say.tab.log, exact: true }).click()
    await page.getByText(say.log.refused, { exact: true }).waitFor()
    await looked(page, named('log'))
    expect(phone.said).toEqual([])
    await phone.close()
  },
  400_000,
)

const smallest = { width: 320, height: 568 }
/** As the smallest phone lays a page out at 200 %. */
const enlarged = { width: 160, height: 284 }

const signers = [
  { part: 'approver', what: 'decryption-approval', language: 'en', size: smallest },
  { part: 'officer', what: 'exception', language: 'ar', size: enlarged },
] as const

test.each(signers)(
  'PHONE-SIGN $part: $what is told from its own bytes, signed on the phone, and the signature is right',
  async ({ part, what, language, size }) => {
    const say = texts[language]
    const phone = await setUp('Grace', part, language)
    const { page } = phone
    const card = await cardOf(phone, say, join(folder, what))
    await keep(phone)
    const asked = dealtTo(card)('sign')
    const own = asked.filter((path) => path.endsWith(`${what}.json`))
    await page.getByRole('button', { name: say.done, exact: true }).click()
    await page.getByRole('button', { name: say.next.sign.act, exact: true }).click()
    // On the smallest phone too, each line is on screen before the yes lives; enlarged, a line may be higher than the screen.
    await page.setViewportSize(size)
    await chooseFiles(page, say.sign.choose, own)
    await page.getByRole('heading', { name: say.act.asks[what], level: 1 }).waitFor()
    // What a requester says stands apart from what the bytes prove.
    if (what === 'decryption-approval') {
      await page.locator('section.claimed').first().getByText('a sum', { exact: true }).waitFor()
      expect(await page.locator('section.proved').textContent()).not.toContain('a sum')
    } else {
      await page.locator('section.claimed').first().getByText('one token went missing').waitFor()
      expect(await page.locator('section.proved').textContent()).not.toContain('one token went missing')
    }
    const lines = await page.locator('.phone-main dl:not(.prints) dd').allTextContents()
    expect(await page.locator('.hold').count()).toBe(0)
    await page.getByRole('button', { name: say.sign.not, exact: true }).waitFor()
    const seen = await readAll(page)
    if (size === smallest) expect(lines.filter((line) => !seen.has(line))).toEqual([])
    await page.setViewportSize(narrow.viewport)
    await looked(page, `full-${language}-sign-${what}-decide`)
    await page.locator('.phone-back').click()
    await page.locator('.word-cards').waitFor()
    await page.locator('.phone-back').click()
    await page.locator('.word-cards').waitFor({ state: 'detached' })
    await looked(page, `full-${language}-sign-${what}`)
    await readAll(page)
    await page.getByRole('button', { name: say.sign.press, exact: true }).click()
    await page.getByRole('button', { name: say.sign.yes, exact: true }).click()
    await page.getByText(say.answered.counted, { exact: true }).waitFor()
    const given = await save(page, new RegExp(`^${say.save} signature`), join(folder, what))
    // It is on what was asked, and on nothing else that is asked.
    expect(asked.map((path) => run('check', card, path, given))).toEqual(
      asked.map((path) => (own.includes(path) ? 'right' : 'wrong')),
    )
    await phone.close()
  },
  400_000,
)

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
  const tabTo = (selector: string) => tabToOn(page, selector)
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
