import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setAppearance, show } from './support/contents.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

let desktop: Desktop
beforeAll(async () => {
  desktop = await openDesktop({ core: 'fake:' })
})
afterAll(() => desktop?.close())

const words = {
  en: {
    hardware: 'Not run on hardware',
    final: 'One more wrong PIN locks this token.',
    low: 'A wrong PIN was entered before. Make sure of it before you type.',
    hardened: 'Our hardened template',
    attack: 'Wrap a key, then decrypt the wrapped bytes',
    held: 'changes refused: ⁨CKR_ACTION_PROHIBITED⁩',
    answer: 'gives the known answers of ⁨KW-RFC3394⁩',
    unattested: 'not attested: ⁨a program attests nothing about itself⁩',
    erase: 'Erase and initialise again',
    tryOut: 'Try what it can do',
    trials: ['2 proved', '1 wrong', '1 not supported', '1 not tried'],
    once: 'This program initialises this kind of token once, and cannot erase it: a new store; an old one is removed with tpm2_ptool',
  },
  ar: {
    hardware: 'لم يُشغَّل على عتاد',
    final: 'رمز خاطئ واحد آخر يقفل هذه الوحدة.',
    low: 'أُدخل رمز خاطئ من قبل. تأكد منه قبل أن تكتب.',
    hardened: 'قالبنا المحصّن',
    attack: 'تغليف مفتاح ثم فك تشفير البايتات المغلَّفة',
    held: 'التغييرات مرفوضة: ⁨CKR_ACTION_PROHIBITED⁩',
    answer: 'يعطي الأجوبة المعروفة للمعيار ⁨KW-RFC3394⁩',
    unattested: 'لم يُشهد عليه: ⁨لا يشهد برنامج على نفسه بشيء⁩',
    erase: 'محو وتهيئة من جديد',
    tryOut: 'جرّب ما تستطيعه',
    trials: ['2 مُثبت', '1 خاطئ', '1 غير مدعوم', '1 لم يُجرَّب'],
    once: 'يهيّئ هذا البرنامج هذا النوع من الوحدات مرة واحدة ولا يستطيع محوه: مخزن جديد؛ ويُزال القديم بالأداة tpm2_ptool',
  },
} as const

describe.each(['en', 'ar'] as const)('TOKENS in %s', (language) => {
  const said = words[language]
  beforeAll(() => setAppearance(desktop, { language, theme: 'light' }))

  test('TOKENS-HARDWARE a model that nobody has run this on says so', async () => {
    await show(desktop, 'tokens/7700AB12')
    await desktop.page.getByText(said.hardware, { exact: true }).waitFor()
    await show(desktop, 'tokens/d1c95aa0b2a6f0e4')
    expect(await desktop.page.getByText(said.hardware, { exact: true }).count()).toBe(0)
  })

  test('TOKENS-PIN at the last try the log-in is off until the person takes it on; at low it warns', async () => {
    await show(desktop, 'tokens/7700AB12')
    const { page } = desktop
    await page.locator('main button[aria-haspopup=dialog]').first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText(said.final, { exact: true }).waitFor()
    const go = dialog.locator('button[type=submit]')
    expect(await go.getAttribute('aria-disabled')).toBe('true')
    await dialog.getByRole('checkbox').click()
    expect(await go.getAttribute('aria-disabled')).toBe(null)
    await dialog.getByRole('radio').last().click()
    await dialog.getByText(said.low, { exact: true }).waitFor()
    expect(await dialog.locator('button[type=submit]').getAttribute('aria-disabled')).toBe(null)
    await page.keyboard.press('Escape')
  })

  test('TOKENS-PROBE each attack is named, on our template apart from the defaults', async () => {
    await show(desktop, 'tokens/d1c95aa0b2a6f0e4')
    const section = desktop.page.locator('section', {
      has: desktop.page.getByText(said.hardened, { exact: true }),
    })
    await section.last().getByText(said.attack, { exact: true }).waitFor()
    expect(await desktop.page.getByText(said.attack, { exact: true }).count()).toBe(2)
    const attacks = section.last().getByRole('listitem')
    expect(await attacks.count()).toBe(13)
    // A name that nobody has put in words stands there as code.
    expect(await attacks.locator('.row-text > :first-child code').count()).toBe(0)
  })

  test('TOKENS-SAID findings of the probe and reasons of the level are said in the language of the window', async () => {
    await show(desktop, 'tokens/d1c95aa0b2a6f0e4')
    for (const text of [said.held, said.answer, said.unattested])
      await desktop.page.getByText(text, { exact: true }).waitFor()
  })

  test.each(['light', 'dark'] as const)(
    'TOKENS-TRIAL in %s each way that a trial ends is told, and fits the window',
    async (theme) => {
      await setAppearance(desktop, { language, theme })
      await show(desktop, 'tokens/d1c95aa0b2a6f0e4')
      await desktop.page.getByRole('button', { name: said.tryOut, exact: true }).click()
      for (const text of said.trials) await desktop.page.getByText(text, { exact: true }).waitFor()
      const wrap = desktop.page.locator('section.table-wrap', { hasText: 'CKM_EDDSA' })
      expect(await wrap.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBeLessThan(2)
      expect(await wrap.getByRole('rowgroup').count()).toBe(4)
      await setAppearance(desktop, { language, theme: 'light' })
    },
  )

  test('TOKENS-ERASE what this program cannot erase is not offered, and the reason stands in its place', async () => {
    await show(desktop, 'tokens/0000000000000000')
    await desktop.page.getByText(said.once, { exact: true }).waitFor()
    expect(await desktop.page.getByRole('button', { name: said.erase }).count()).toBe(0)
    await show(desktop, 'tokens/d1c95aa0b2a6f0e4')
    expect(await desktop.page.getByRole('button', { name: said.erase }).count()).toBe(1)
  })
})

test('TOKENS-TREE slot, token and objects stand below each other, and an object leads to its row', async () => {
  await setAppearance(desktop, { language: 'en' })
  await show(desktop, 'tokens/d1c95aa0b2a6f0e4')
  const tree = desktop.page.getByRole('navigation', { name: 'Slots' })
  await tree.getByText('No token', { exact: true }).waitFor()
  await tree.getByRole('button', { name: /root KEK/ }).press('Enter')
  const focused = await desktop.page.evaluate(() => document.activeElement?.textContent)
  expect(focused).toContain('root KEK')
  expect(focused).toContain('ALWAYS_SENSITIVE (CKR_ATTRIBUTE_TYPE_INVALID)')
})

test('TOKENS-SOFT a program says so beside its name, and that it protects nothing from who has its files', async () => {
  await show(desktop, 'tokens/d1c95aa0b2a6f0e4')
  const { page } = desktop
  expect(await page.getByText('Program, not hardware', { exact: true }).count()).toBe(2)
  await page
    .getByText('It protects nothing from whoever has its files and the PIN.', { exact: true })
    .waitFor()
})

test('TOKENS-DESTROY a key is destroyed only by its typed label and a second officer', async () => {
  await show(desktop, 'tokens/d1c95aa0b2a6f0e4')
  const { page } = desktop
  await page.getByRole('button', { name: 'Destroy root KEK' }).click()
  const dialog = page.getByRole('dialog')
  const go = dialog.getByRole('button', { name: 'Destroy this key' })
  const off = () => go.getAttribute('aria-disabled')
  expect(await off()).toBe('true')
  await dialog.getByLabel('To confirm, type:', { exact: false }).fill('root kek')
  expect(await off()).toBe('true')
  await dialog.getByLabel('To confirm, type:', { exact: false }).fill('root KEK')
  expect(await off()).toBe('true')
  await dialog.getByLabel('Name of the second officer', { exact: true }).fill('Otto')
  await dialog.getByLabel('Last 4 characters of the serial', { exact: false }).fill('f0e4')
  expect(await off()).toBe(null)
  await page.keyboard.press('Escape')
})

test('TOKENS-ERASE-PIN erasing shows the state of the security officer’s PIN, of which it is a try', async () => {
  await show(desktop, 'tokens/7700AB12')
  const { page } = desktop
  await page.getByRole('button', { name: 'Erase and initialise again', exact: true }).click()
  await page.getByRole('dialog').getByText(words.en.low, { exact: true }).waitFor()
  await page.keyboard.press('Escape')
})

test('TOKENS-CHANGE-PIN a new PIN that was typed differently the second time is not sent, and is forgotten', async () => {
  await show(desktop, 'tokens/d1c95aa0b2a6f0e4')
  const { page } = desktop
  await page.getByRole('button', { name: 'Change PIN', exact: true }).click()
  const dialog = page.getByRole('dialog')
  const fields = ['Present PIN', 'New PIN', 'New PIN once more']
  const fill = async (...pins: string[]) => {
    for (const [at, pin] of pins.entries()) await dialog.getByLabel(fields[at]!, { exact: true }).fill(pin)
    await page.keyboard.press('Enter')
  }
  await fill('11112222', '33334444', '33334445')
  await dialog.getByText('The new PIN was typed differently the second time', { exact: true }).waitFor()
  for (const field of fields) expect(await dialog.getByLabel(field, { exact: true }).inputValue()).toBe('')
  await fill('11112222', '33334444', '33334444')
  await dialog.getByText('The PIN is wrong', { exact: true }).waitFor()
  await page.keyboard.press('Escape')
})

test('TOKENS-UNREADABLE a slot whose token does not say what it is stands in the tree with its code, and not as an empty one', async () => {
  await show(desktop, 'tokens/7700AB12')
  const slots = desktop.page.getByRole('navigation', { name: 'Slots' }).locator('.tree-slot')
  const unreadable = slots.filter({ hasText: 'The token cannot be recognised' })
  expect(await unreadable.locator('[data-code]').getAttribute('data-code')).toBe('HSM-TOKEN-DAMAGED')
  expect(await unreadable.getByText('No token', { exact: true }).count()).toBe(0)
  const [outer, inner] = await Promise.all([
    unreadable.boundingBox(),
    unreadable.locator('[data-code]').boundingBox(),
  ])
  expect(inner!.x + inner!.width, 'inside its slot').toBeLessThanOrEqual(outer!.x + outer!.width)
})

test('TOKENS-EXPIRED the user PIN can be changed before anybody is logged in, for an expired one lets nobody in', async () => {
  await show(desktop, 'tokens/7700AB12')
  const { page } = desktop
  await page.getByRole('button', { name: 'Log in', exact: true }).waitFor()
  await page.getByRole('button', { name: 'Change PIN', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Present PIN', { exact: true }).waitFor()
  expect(await dialog.locator('button[type=submit]').getAttribute('aria-disabled')).toBe('true')
  await page.keyboard.press('Escape')
})

test('TOKENS-EVIDENCE the level is said in words, with what holds and what is lacking', async () => {
  await show(desktop, 'tokens/7700AB12')
  await desktop.page.getByText('Attributes read back from the token, no more.', { exact: true }).waitFor()
  const reasons = desktop.page.getByRole('list', { name: 'Why this level' })
  expect(await reasons.textContent()).toMatch(/Run on this hardware.*not run on hardware by us.*Lacking/)
})

test('TOKENS-REFUSED a wrong PIN is told inside the dialog, which stays open and has forgotten it', async () => {
  await show(desktop, 'tokens/7700AB12')
  const { page } = desktop
  await page.getByRole('button', { name: 'Log in', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('checkbox').click()
  await dialog.getByLabel('User PIN', { exact: true }).fill('90909090')
  await page.keyboard.press('Enter')
  await dialog.getByRole('alert').getByText('The PIN is wrong', { exact: true }).waitFor()
  expect(await dialog.getByLabel('User PIN', { exact: true }).inputValue()).toBe('')
  // The next try is taken on anew.
  expect(await dialog.locator('button[type=submit]').getAttribute('aria-disabled')).toBe('true')
  await page.keyboard.press('Escape')
})
