import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setAppearance, show, violations } from './support/contents.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

let desktop: Desktop
beforeAll(async () => {
  desktop = await openDesktop({ core: 'fake:' })
})
afterAll(() => desktop?.close())

const words = {
  en: { field: 'Go to or do', tokens: 'Tokens', sought: 'Code or words', locked: 'The PIN is locked' },
  ar: {
    field: 'اذهب إلى أو افعل',
    tokens: 'الوحدات الأمنية',
    sought: 'رمز أو كلمات',
    locked: 'رمز PIN مقفل',
  },
} as const

describe.each(['en', 'ar'] as const)('KEYS in %s', (language) => {
  const said = words[language]
  beforeAll(() => setAppearance(desktop, { language, theme: 'light' }))

  test('KEYS-PALETTE Ctrl+K goes to a screen by a few letters and Enter', async () => {
    const { page } = desktop
    await show(desktop, 'home')
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: said.field }).fill(said.tokens)
    await page.keyboard.press('Enter')
    await page.locator('[data-screen=tokens] h1').waitFor()
    expect(await page.getByRole('dialog').count()).toBe(0)
  })

  test('KEYS-HELP F1 explains the screen, and any code in words', async () => {
    const { page } = desktop
    await show(desktop, 'tokens')
    await page.keyboard.press('F1')
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(said.sought).fill('hsm-pin-locked')
    await dialog.getByText('HSM-PIN-LOCKED', { exact: true }).waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
  })
})

test('KEYS-PALETTE what is on the screen can be pressed, and nothing that is off is offered', async () => {
  const { page } = desktop
  await setAppearance(desktop, { language: 'en', theme: 'light' })
  await show(desktop, 'tokens/d1c95aa0b2a6f0e4')
  await page.keyboard.press('Control+k')
  const field = page.getByRole('combobox', { name: 'Go to or do' })
  await field.fill('change pin')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').getByLabel('Present PIN', { exact: true }).waitFor()
  await page.keyboard.press('Escape')
  await show(desktop, 'bundles')
  await page.keyboard.press('Control+k')
  const names = await page.getByRole('option').allTextContents()
  expect(names.filter((name) => name.startsWith('Verify'))).toHaveLength(1)
  await page.keyboard.press('Escape')
  expect(violations(desktop)).toEqual([])
})

test('KEYS-PALETTE the live button of a ceremony is the first thing that Ctrl+K offers', async () => {
  const { page } = desktop
  await show(desktop, 'run/c1')
  const live = page.locator('[data-go]')
  const name = await live.evaluate((button) => button.textContent)
  await page.keyboard.press('Control+k')
  const first = page.getByRole('option').first()
  await first.waitFor()
  expect(await first.textContent()).toContain(name)
  await page.keyboard.press('Escape')
})

test.each([
  ['Root 2026', 'setup'],
  ['Root of the eastern site', 'script'],
])('KEYS-PALETTE “%s” leads to what is being made of it, a %s', async (title, screen) => {
  const { page } = desktop
  await show(desktop, 'home')
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Go to or do' }).fill(title)
  await page.getByRole('option', { name: title, exact: false }).first().waitFor()
  await page.keyboard.press('Enter')
  await page.locator(`[data-screen=${screen}] h1`).waitFor()
})
