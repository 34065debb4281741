import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chooseInDialogs } from '../support/dialogs.ts'
import { actOnce, currentStep, playOn, resultPanel, startRehearsal } from '../support/person.ts'
import { shot } from '../support/shot.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

let desktop: Desktop
beforeAll(async () => {
  desktop = await openDesktop()
})
afterAll(() => desktop?.close())

/** The words of the first custodian's share, as the envelope holds them. */
function firstWords(): string[] {
  const all = readdirSync(desktop.folder, { recursive: true, encoding: 'utf8' })
  const envelope = join(desktop.folder, all.find((one) => one.endsWith('custodian-1.age')) ?? '')
  const script = join(import.meta.dirname, '../../apps/desktop/test/cli/support/sheet-words.ts')
  const run = dirname(dirname(envelope))
  return execFileSync(process.execPath, [script, run], { encoding: 'utf8' }).split(' ')
}

test('CUSTODIAN-SHEET a custodian’s sheet is printed by main and read back in the window, which never has its words; the root with its backup is made to the end', async () => {
  const { page } = desktop
  await startRehearsal(page, { script: 'Root key with a backup' })
  const sheet = page.getByRole('button', { name: 'Custodian One: Sheet and words…', exact: true })
  await expect
    .poll(
      async () => {
        if ((await sheet.count()) > 0) return 'asked'
        const step = await currentStep(page)
        if (step !== null && (await sheet.count()) === 0) await actOnce(page, step)
        return step
      },
      { timeout: 240_000, interval: 30 },
    )
    .toBe('asked')
  await sheet.click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Print the sheet…', exact: true }).click()
  await dialog.locator('[data-code="PRINTER-NONE"]').waitFor({ timeout: 60_000 })
  const file = join(desktop.folder, 'home', 'sheet.pdf')
  await chooseInDialogs(desktop, file)
  await dialog.getByRole('button', { name: 'Save the sheet as PDF…', exact: true }).click()
  await dialog.getByText('Written:').waitFor({ timeout: 60_000 })
  const pdf = readFileSync(file).toString('latin1')
  expect(pdf).toMatch(/^%PDF-/)
  expect(pdf).toMatch(/\/MarkInfo\s*<<[^>]*\/Marked true/)

  const words = firstWords()
  const field = dialog.getByLabel('Words of the sheet, typed or scanned from its code')
  await field.fill(words.with(6, 'zzzz').join(' '))
  await dialog.getByRole('button', { name: 'Prove the share', exact: true }).click()
  await dialog.locator('[data-code="BACKUP-WORD"]').waitFor()
  await dialog.locator('.failure').getByText(/\b7\b/).first().waitFor()
  await shot(page, 'window-sheet')
  await field.fill(words.join(' '))
  await dialog.getByRole('button', { name: 'Prove the share', exact: true }).click()
  await dialog.waitFor({ state: 'hidden' })
  await sheet.waitFor({ state: 'hidden' })
  expect(await page.content()).not.toContain(words.slice(4, 8).join(' '))
  await playOn(page, null)
  await resultPanel(page)
    .getByText(/\/bundle\.zip$/)
    .waitFor()
})
