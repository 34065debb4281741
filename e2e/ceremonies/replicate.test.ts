import { afterAll, beforeAll, expect, test } from 'vitest'
import { setAppearance } from '../desktop/support/contents.ts'
import { type Desktop, openDesktop } from '../desktop/support/desktop.ts'
import { currentStep, playOn, resultPanel, startRehearsal, stepPanel } from '../support/person.ts'

let desktop: Desktop
beforeAll(async () => {
  desktop = await openDesktop({ environment: { LUX_TRAINING: '1' } })
})
afterAll(() => desktop?.close())

const step = 'Bring the root into another token'

test('REPLICATE-WINDOW the vendor’s commands stand at the step with both serials, and the run goes on with the proof', async () => {
  const { page } = desktop
  await startRehearsal(page, { script: 'Replicate the root' })
  await playOn(page, step)
  const panel = stepPanel(page)
  const to = /To the token with the serial\s*([0-9a-f]{16})/.exec((await panel.textContent()) ?? '')?.[1]
  await panel.getByText(`partition clone -objects HANDLE -slot SLOT-OF-${to}`, { exact: true }).waitFor()
  await panel
    .getByText('Clone that one object to the slot of the other partition', { exact: false })
    .waitFor()
  const words = panel.getByLabel('Where the vendor’s tool recorded it', { exact: false })
  await words.fill('lunacm session 7')
  await playOn(page, 'Seal the bundle')
  await playOn(page, null)
  expect(await currentStep(page)).toBeNull()
  await resultPanel(page).waitFor()
})

test('REPLICATE-WINDOW the commands stay left to right in Arabic, and the words are Arabic', async () => {
  const { page } = desktop
  await startRehearsal(page, { script: 'Replicate the root' })
  await playOn(page, step)
  await setAppearance(desktop, { language: 'ar', theme: 'dark' })
  const command = page.getByText('role login -name co', { exact: true })
  await command.waitFor()
  expect(await command.evaluate((node) => getComputedStyle(node).direction)).toBe('ltr')
  await page.getByText('ادخل هناك بصفة ضابط التعمية.', { exact: true }).waitFor()
})
