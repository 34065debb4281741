import { afterAll, beforeAll, expect, test } from 'vitest'
import { invoke } from './support/contents.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

let desktop: Desktop
beforeAll(async () => {
  desktop = await openDesktop()
})
afterAll(() => desktop?.close())

test('DESIGNER a script is made by keyboard, frozen to its hash, and chosen by a new ceremony', async () => {
  const { page } = desktop
  // What `invoke` answers is of the API's own form.
  const begun = (await invoke(desktop, 'scripts.begin', { title: 'Our root', from: 'root-kek' })) as {
    value: { id: string }
  }
  await page.evaluate((hash) => {
    location.hash = hash
  }, `#/script/${begun.value.id}`)
  await page.locator('[data-step="clock-check"]').focus()
  await page.keyboard.press('Alt+ArrowDown')
  await page.locator('li:nth-child(3) > .designer-row > [data-step="clock-check"]').waitFor()
  // Whoever moves a step goes on from it.
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.getAttribute('data-step')))
    .toBe('clock-check')
  await page.keyboard.press('Control+z')
  await page.locator('li:nth-child(2) > .designer-row > [data-step="clock-check"]').waitFor()
  await page.locator('[data-step="log-in"]').click()
  await page.getByRole('button', { name: 'Take out Log in', exact: true }).click()
  await page.locator('.designer-step[data-faulty] .failure[data-code]').first().waitFor()
  expect(await page.getByRole('button', { name: 'Freeze to its hash' }).isDisabled()).toBe(true)
  await page.getByRole('button', { name: 'Undo', exact: true }).click()
  await page.locator('[data-step="log-in"]').waitFor()
  await page.getByRole('button', { name: 'Freeze to its hash' }).click()
  await page.getByRole('button', { name: 'Begin a ceremony with it' }).click()
  await page.locator('[data-screen="setup"] h1').waitFor()
  await page.locator('.setup-steps button').nth(2).click()
  await page.getByText('Your own script, frozen').waitFor()
  expect(await page.locator('[role=radio][aria-checked=true]').textContent()).toContain('Our root')
})
