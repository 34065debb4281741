import { afterEach, expect, test } from 'vitest'
import { type Desktop, openDesktop } from '../desktop/support/desktop.ts'
import { actOnce, currentStep, playOn, resultPanel, startRehearsal, stepPanel } from '../support/person.ts'

let desktop: Desktop | undefined
afterEach(async () => {
  await desktop?.close()
  desktop = undefined
})

test('RUN-PAUSED paused while witnesses are asked to cosign, a run asks them for the same checkpoint and ends well', async () => {
  desktop = await openDesktop()
  const { page } = desktop
  await startRehearsal(page, { script: 'First run' })
  const witness = stepPanel(page).getByRole('button', { name: /^Sign as simulated participant: Witness/ })
  await expect
    .poll(
      async () => {
        if ((await witness.count()) > 0) return 'asked'
        const step = await currentStep(page)
        if (step !== null) await actOnce(page, step)
        return step
      },
      { timeout: 60_000, interval: 30 },
    )
    .toBe('asked')
  await page.getByRole('button', { name: 'Pause', exact: true }).click()
  await page.getByText('The ceremony is paused').first().waitFor()
  await page.getByRole('button', { name: 'Resume', exact: true }).click()
  // What stopped a run stands on the screen until it goes on.
  await page.getByText('The ceremony is paused').first().waitFor({ state: 'hidden' })
  await playOn(page, null)
  await resultPanel(page)
    .getByText(/\/bundle\.zip$/)
    .waitFor()
})
