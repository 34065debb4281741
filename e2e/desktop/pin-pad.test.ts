import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { exceptionPanel, playOn, proceed, startRehearsal, stepPanel } from '../support/person.ts'
import { PinPad } from '../support/pin-pad.ts'
import { show } from './support/contents.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

let desktop: Desktop
let pad: PinPad
beforeAll(async () => {
  pad = new PinPad()
  desktop = await openDesktop({ environment: pad.environment })
})
beforeEach(() => {
  pad.person('types')
  pad.entries()
})
afterAll(async () => {
  await desktop?.close()
  pad?.remove()
})

const work = () => desktop.page.getByRole('progressbar', { name: 'Waiting for the PIN at the token' })

test('RUNNER-PAD a ceremony asks at the pad instead of a field: given up it needs a decision, and never begins by itself', async () => {
  const { page } = desktop
  await startRehearsal(page, {
    script: 'Token initialisation',
    before: async () => {
      await page.locator('details.details summary').click()
      await page.getByRole('combobox', { name: 'PINs of the ceremony token' }).click()
      await page.getByRole('option', { name: 'Entered at the token’s own pad' }).click()
    },
  })
  await playOn(page, 'Log in')
  expect(pad.entries()).toBe(3)
  const panel = stepPanel(page)
  await panel.locator('[data-pad]').getByText('You have 120 seconds, and one try.').waitFor()
  expect(await page.locator('input[type=password]').count()).toBe(0)

  pad.person('nobody')
  await proceed(page)
  await work().waitFor()
  await panel.getByRole('button', { name: 'Cancel', exact: true }).first().click()
  await exceptionPanel(page).getByText('HSM-PAD-CANCELLED').first().waitFor()
  expect(pad.entries()).toBe(1)
  expect(await work().count()).toBe(0)
})

test('TOKENS-PAD the log-in dialog says where the PIN is entered, shows how long is left, and tells a refusal', async () => {
  const { page } = desktop
  await show(desktop, 'tokens')
  await page.getByRole('navigation', { name: 'Slots' }).getByRole('link').first().click()
  const open = () => page.getByRole('button', { name: 'Log in', exact: true }).click()
  const dialog = page.getByRole('dialog')
  const go = dialog.getByRole('button', { name: 'Log in', exact: true })
  await open()
  await dialog.locator('[data-pad]').getByText('You have 120 seconds, and one try.').waitFor()
  expect(await dialog.locator('input[type=password]').count()).toBe(0)
  pad.person('types wrongly')
  await go.click()
  await dialog.getByRole('alert').getByText('The PIN is wrong', { exact: true }).waitFor()
  pad.person('nobody')
  await go.click()
  await work().waitFor()
  await dialog.getByRole('status').getByRole('button', { name: 'Cancel', exact: true }).click()
  await dialog
    .getByRole('alert')
    .getByText('The PIN entry at the pad was cancelled', { exact: true })
    .waitFor()
  expect(pad.entries()).toBe(2)
  pad.person('types')
  await go.click()
  await page.getByText('User logged in').waitFor()
})

test('TOKENS-PAD a PIN is changed and given anew at the pad, with no field for it in the page', async () => {
  const { page } = desktop
  const dialog = page.getByRole('dialog')
  const button = (name: string) => page.getByRole('button', { name, exact: true })
  const go = (name: string) => dialog.getByRole('button', { name, exact: true }).click()
  await button('Change PIN').click()
  await dialog.getByText('Enter the present PIN and then the new one', { exact: false }).waitFor()
  pad.person('types wrongly')
  await go('Change PIN')
  await dialog.getByRole('alert').getByText('The PIN is wrong', { exact: true }).waitFor()
  pad.person('types')
  await go('Change PIN')
  await dialog.waitFor({ state: 'detached' })
  expect(pad.entries()).toBe(2)

  // Whoever types what was right before is refused: the PIN is another one now.
  await button('Log out').click()
  await button('Log in').click()
  await go('Log in')
  await dialog.getByRole('alert').getByText('The PIN is wrong', { exact: true }).waitFor()
  await dialog.getByRole('radio', { name: 'Security officer' }).click()
  await go('Log in')
  await dialog.waitFor({ state: 'detached' })

  await button('Change PIN').click()
  await dialog.getByRole('radio', { name: 'User PIN' }).click()
  await dialog.getByText("Choose the user's new PIN", { exact: false }).waitFor()
  await dialog.getByLabel(/type the label it has now/).fill('rehearsal Lux ceremony')
  expect(await page.locator('input[type=password]').count()).toBe(0)
  pad.entries()
  pad.person('nobody')
  await go('Change PIN')
  await work().waitFor()
  pad.person('types')
  await dialog.waitFor({ state: 'detached' })
  expect(pad.entries()).toBe(1)
  await button('Log out').click()
  await button('Log in').click()
  await go('Log in')
  await page.getByText('User logged in').waitFor()
})
