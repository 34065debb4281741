import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  decide,
  exceptionPanel,
  goButton,
  isInSight,
  playOn,
  proceed,
  startRehearsal,
  stepPanel,
} from '../support/person.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

let desktop: Desktop
beforeAll(async () => {
  desktop = await openDesktop()
})
afterAll(() => desktop?.close())

/** What stands in the rail below notes and deviations. */
const remarks = () => desktop.page.locator('.stage-rail')

test('REMARK-NOTE a note that somebody presses at a step stands on the stage', async () => {
  const { page } = desktop
  await startRehearsal(page, { script: 'Token initialisation' })
  await page.getByRole('button', { name: 'Note', exact: true }).click()
  const dialog = page.getByRole('dialog')
  const who = dialog.getByRole('combobox', { name: 'Who writes it' })
  await who.click()
  await page.getByRole('option', { name: 'Witness One' }).click()
  await dialog.getByLabel('Note', { exact: true }).fill('The second door was open.')
  await dialog.getByRole('button', { name: 'Write it down' }).click()
  await remarks().getByText('The second door was open.').waitFor()
})

test('REMARK-DEVIATION a deviation that somebody presses stops the run until officers have signed what is done about it', async () => {
  const { page } = desktop
  await page.getByRole('button', { name: 'Deviation', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('combobox', { name: 'Who reports it' }).click()
  await page.getByRole('option', { name: 'Witness Two' }).click()
  await dialog.getByLabel('What was expected').fill('Eight people in the room')
  await dialog.getByLabel('What happened instead').fill('A ninth came in and left')
  await dialog.getByRole('button', { name: 'Report it' }).click()
  // What happened is the title, and who reported it, what was expected and the first answer are in sight.
  const panel = exceptionPanel(page)
  await panel.getByRole('heading', { name: 'A ninth came in and left' }).waitFor()
  for (const seen of ['Witness Two reported it at', 'Eight people in the room', 'Abort the ceremony'])
    expect(await isInSight(panel.getByText(seen).first()), seen).toBe(true)
  expect(await panel.locator('input[type=radio]:checked').count()).toBe(0)
  await decide(page, 'Accept and go on', 'Nothing was on the table yet.')
  // Whoever signs reads the same, and not what the step asks for.
  await stepPanel(page).locator('.told').getByText('A ninth came in and left').waitFor()
  expect(await isInSight(stepPanel(page).getByText('Nothing was on the table yet.'))).toBe(true)
  await stepPanel(page).getByRole('heading', { name: 'Sign the decided exception' }).waitFor()
  for (const name of ['Officer One', 'Officer Two'])
    await stepPanel(page)
      .getByRole('button', { name: `Sign as simulated participant: ${name}` })
      .click()
  await goButton(stepPanel(page)).waitFor()
  await remarks().getByText('A ninth came in and left').waitFor()
})

test('REMARK-DIFFERS somebody presses Differs by keyboard, and nothing goes on until officers have the words read again', async () => {
  const { page } = desktop
  const reading = page.locator('.stage-step[data-phase=ready] .reading')
  await playOn(page, 'Seal the bundle')
  await proceed(page)
  for (const name of ['Witness One', 'Witness Two'])
    await stepPanel(page)
      .getByRole('button', { name: `Sign as simulated participant: ${name}` })
      .click()
  // Where words are signed there is such a button too: the key is that of what is read aloud.
  await reading.waitFor()
  // The whole card and both answers are in sight in the smallest window, and neither answer is the larger.
  await page.setViewportSize({ width: 1024, height: 700 })
  for (const word of await reading.locator('.reading-word').all()) expect(await isInSight(word)).toBe(true)
  const answers = stepPanel(page).locator('.stage-go > button')
  expect(await answers.count()).toBe(2)
  expect(new Set(await answers.evaluateAll((all) => all.map((one) => one.clientHeight))).size).toBe(1)
  await page.setViewportSize({ width: 1440, height: 900 })
  const read = await reading.locator('.reading-word').allTextContents()
  await page.keyboard.press('d')
  await exceptionPanel(page).waitFor()
  expect(await exceptionPanel(page).locator('.reading-word').allTextContents()).toEqual(read)
  await decide(page, 'Have the words read again', 'It was misheard.')
  await stepPanel(page).getByRole('heading', { name: 'Sign the decided exception' }).waitFor()
  for (const name of ['Officer One', 'Officer Two'])
    await stepPanel(page)
      .getByRole('button', { name: `Sign as simulated participant: ${name}` })
      .click()
  await remarks().getByText('Bundle digest: other words were heard on card 1.').waitFor()
})

test('REMARK-TRANSCRIPT both stand in the transcript that the bundle seals, and the bundle verifies', async () => {
  const { page } = desktop
  await playOn(page, null)
  const id = /run\/([0-9a-f]{32})/.exec(page.url())?.[1] ?? ''
  const entries = await page.evaluate(
    (run) => Reflect.get(window, 'lux').invoke('transcript.page', { id: run, offset: 0, limit: 200 }),
    id,
  )
  const text = JSON.stringify(entries)
  for (const kind of ['note.made', 'exception.opened', 'exception.decided']) expect(text).toContain(kind)
  expect(text).toContain('The second door was open.')
  expect(text).toContain('A ninth came in and left')
  expect(text).toContain('It was misheard.')
})
