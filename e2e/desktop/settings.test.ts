import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { lowContrast } from '../support/axe.ts'
import { chooseInDialogs } from '../support/dialogs.ts'
import { titleOf } from '../support/pdf.ts'
import { invoke, setAppearance, show } from './support/contents.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

let desktop: Desktop
beforeAll(async () => {
  desktop = await openDesktop({ core: 'fake:' })
})
afterAll(() => desktop?.close())
beforeEach(async () => {
  await invoke(desktop, 'settings.set', { contrast: 'system' })
})

const contrast = () => desktop.page.locator('html').getAttribute('data-contrast')

async function choose(setting: string, choice: string): Promise<void> {
  const { page } = desktop
  await page.getByRole('combobox', { name: setting, exact: true }).click()
  await page.getByRole('option', { name: choice, exact: true }).click()
}

test('SETTINGS-CONTRAST High is a choice, and is kept; otherwise it is as the system asks', async () => {
  const { page } = desktop
  await setAppearance(desktop, { language: 'en', theme: 'light' })
  await show(desktop, 'settings')
  expect(await contrast()).toBe('normal')
  await choose('Contrast', 'High')
  await expect.poll(contrast).toBe('more')
  await page.reload()
  await expect.poll(contrast).toBe('more')
  await show(desktop, 'settings')
  await choose('Contrast', 'Same as system')
  await expect.poll(contrast).toBe('normal')
  await page.emulateMedia({ contrast: 'more' })
  await expect.poll(contrast).toBe('more')
  await page.emulateMedia({ contrast: null })
  await expect.poll(contrast).toBe('normal')
})

test.each(['light', 'dark'] as const)(
  'SETTINGS-CONTRAST in %s every text has a contrast of 7 to 1',
  async (theme) => {
    await invoke(desktop, 'settings.set', { contrast: 'more' })
    await setAppearance(desktop, { language: 'en', theme })
    for (const route of ['home', 'run/c1', 'run/c5', 'tokens', 'settings']) {
      await show(desktop, route)
      const low = await lowContrast(desktop.page)
      expect({ route, low }).toEqual({ route, low: [] })
    }
  },
)

test('CLIPBOARD-CLEAR what was selected and copied is gone when the window is locked, and what a Copy button copied stays', async () => {
  const { app, page } = desktop
  const clipboard = () => app.evaluate(({ clipboard: board }) => board.readText())
  const lock = async () => {
    await page.keyboard.press('Control+k')
    await page.locator('[role=option][id=lock]').click()
    await page.locator('.idle-cover').waitFor()
    await page.keyboard.press('Enter')
    await page.locator('.idle-cover').waitFor({ state: 'detached' })
  }
  await setAppearance(desktop, { language: 'en', theme: 'light' })
  await show(desktop, 'run/c6')
  await page.locator('#stage-title').selectText()
  await page.keyboard.press('Control+c')
  await expect.poll(clipboard).toContain('Holders prove their shares')
  // Main hears of what was copied by itself, and nothing in the window shows when.
  const afterLock = () => lock().then(clipboard)
  await expect.poll(afterLock, { timeout: 30_000 }).toBe('')
  await page
    .getByRole('button', { name: /^Copy: custody holder receive/ })
    .first()
    .click()
  await expect.poll(clipboard).toContain('custody holder receive')
  await lock()
  expect(await clipboard()).toContain('custody holder receive')
})

test.each([
  ['en', 'Test page…', 'Save as PDF…', 'Saved:', /Test page/],
  ['ar', 'صفحة اختبار…', 'حفظ بصيغة PDF…', 'حُفظ في:', /صفحة/],
  ['ja', 'テストページ…', 'PDF として保存する…', '保存しました：', /テストページ/],
] as const)(
  'PAPER-PDF in %s a paper is saved as tagged pages in its language, with its letters in it',
  async (language, label, save, saved, title) => {
    const { page } = desktop
    await setAppearance(desktop, { language, theme: 'dark' })
    await show(desktop, 'settings')
    const file = join(desktop.folder, 'home', `${language}.pdf`)
    await chooseInDialogs(desktop, file)
    await page.getByRole('button', { name: label, exact: true }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: save, exact: true }).click()
    await dialog.getByText(saved).waitFor({ timeout: 60_000 })
    const pdf = readFileSync(file).toString('latin1')
    expect(pdf).toMatch(/^%PDF-/)
    expect(pdf).toMatch(/\/MarkInfo\s*<<[^>]*\/Marked true/)
    expect(pdf).toContain(`/Lang (${language})`)
    expect(titleOf(pdf)).toMatch(title)
    // Every letter is drawn in the file (a variable font becomes Type 3): no reader's machine lends one.
    const fonts = [...pdf.matchAll(/\/FontName \/(\S+)/g)].map(([, name]) => name ?? '')
    expect(fonts.length).toBeGreaterThan(4)
    expect(fonts.filter((name) => !name.includes('NotoSans'))).toEqual([])
    expect(pdf).not.toMatch(/\/Subtype \/(TrueType|Type0|Type1)/)
    await page.keyboard.press('Escape')
    await expect.poll(() => desktop.app.windows().length).toBe(1)
  },
)

test.each([
  ['en', 'Print the plan', 'Print the script…', 'Save as PDF…', 'Saved:'],
  ['ar', 'اطبع الخطة', 'اطبع النص…', 'حفظ بصيغة PDF…', 'حُفظ في:'],
] as const)(
  'PAPER-PDF in %s a plan is saved as tagged pages, with the letters of Arabic, Chinese, Japanese and Korean names in it',
  async (language, plan, label, save, saved) => {
    const { page } = desktop
    await setAppearance(desktop, { language, theme: 'light' })
    await show(desktop, 'setup/s2')
    const file = join(desktop.folder, 'home', `plan-${language}.pdf`)
    await chooseInDialogs(desktop, file)
    await page.getByRole('button', { name: plan, exact: true }).click()
    await page.getByRole('button', { name: label, exact: true }).click()
    await page.getByRole('button', { name: save, exact: true }).click()
    await page.getByText(saved).waitFor({ timeout: 60_000 })
    const pdf = readFileSync(file).toString('latin1')
    expect(pdf).toMatch(/\/MarkInfo\s*<<[^>]*\/Marked true/)
    expect(pdf).toContain(`/Lang (${language})`)
    const fonts = [...pdf.matchAll(/\/FontName \/(\S+)/g)].map(([, name]) => name ?? '').join(' ')
    expect(fonts).toMatch(/NotoSansArabic/)
    expect(fonts).toMatch(/NotoSans(SC|JP)/)
    expect(fonts).toMatch(/NotoSansKR/)
    expect(pdf).not.toMatch(/\/Subtype \/(TrueType|Type0|Type1)/)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await expect.poll(() => desktop.app.windows().length).toBe(1)
  },
)

test('PAPER-PRINTER a machine without a printer says so, and names the way by PDF', async () => {
  const { page } = desktop
  await setAppearance(desktop, { language: 'en', theme: 'light' })
  await show(desktop, 'settings')
  await page.getByRole('button', { name: 'Test page…', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Print…', exact: true }).click()
  await dialog.locator('[data-code="PRINTER-NONE"]').waitFor({ timeout: 60_000 })
  expect(await dialog.getByText('Save as PDF, and print it on a machine that you trust').count()).toBe(1)
  await page.keyboard.press('Escape')
})
