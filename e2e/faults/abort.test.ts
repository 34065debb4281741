import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { type Desktop, openDesktop } from '../desktop/support/desktop.ts'
import { goTo, playOn, resultPanel, startRehearsal } from '../support/person.ts'

let desktop: Desktop | undefined
afterEach(async () => {
  await desktop?.close()
  desktop = undefined
})

test('RUN-ABORTED a run that is aborted in the window signs how it ended and leaves no ceremony key', async () => {
  desktop = await openDesktop()
  const { page } = desktop
  await startRehearsal(page, { script: 'First run' })
  await playOn(page, 'Make the root KEK')
  await page.getByRole('button', { name: 'Stop for good…' }).click()
  const dialog = page.getByRole('alertdialog')
  await dialog.getByLabel('Reason').fill('The fire alarm went off')
  await dialog.getByRole('button', { name: 'Stop the ceremony for good' }).click()
  await resultPanel(page).getByText('The ceremony was aborted').waitFor()
  const all = join(desktop.folder, 'store/ceremonies')
  const [run = ''] = readdirSync(all)
  await expect.poll(() => existsSync(join(all, run, 'ceremony-key-absent.json'))).toBe(true)
  expect(existsSync(join(all, run, 'closeout.json'))).toBe(true)
  await goTo(page, 'Tokens')
  await page.getByRole('navigation', { name: 'Slots' }).getByRole('link', { name: 'Lux ceremony' }).click()
  await page.getByText('User logged in').waitFor()
  await page.getByText('The token holds no objects.').waitFor()
})
