import { afterAll, beforeAll, expect, test } from 'vitest'
import { pins, playOn, resume, startRehearsal, stepPanel } from '../support/person.ts'
import { invoke } from './support/contents.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

let desktop: Desktop
beforeAll(async () => {
  desktop = await openDesktop()
  await desktop.page.clock.install()
  await invoke(desktop, 'settings.set', { lockAfter: 5 })
  await desktop.page.reload()
  await desktop.page.locator('html[data-interactive] h1').waitFor()
})
afterAll(() => desktop?.close())

const cover = () => desktop.page.getByRole('dialog', { name: 'The window is covered' })
const away = async (minutes: number) => {
  await desktop.page.clock.fastForward(minutes * 60_000)
}

test('IDLE-LOCK after the minutes of the settings the window is covered, a typed PIN is gone, and any key before puts it off', async () => {
  const { page } = desktop
  await startRehearsal(page, { script: 'Token initialisation' })
  await playOn(page, 'Log in')
  const field = stepPanel(page).getByLabel('User PIN', { exact: true })
  await field.fill(pins.user)
  await away(4)
  await page.keyboard.press('Shift')
  await away(4)
  expect(await cover().count()).toBe(0)
  expect(await field.inputValue()).toBe(pins.user)
  await away(2)
  await cover().waitFor()
  expect(await field.inputValue()).toBe('')
  const seen = await page.evaluate(() => document.elementFromPoint(600, 200)?.closest('.idle-cover') !== null)
  expect(seen).toBe(true)
  await page.getByRole('button', { name: 'Go on' }).press('Enter')
  await cover().waitFor({ state: 'detached' })
})

test('IDLE-LOCK a token is logged out and its ceremony pauses; with the PIN it goes on where it stood', async () => {
  const { page } = desktop
  await playOn(page, 'Attack the token')
  const note = page.getByRole('dialog').getByLabel('Note', { exact: true })
  await page.getByRole('button', { name: 'Note', exact: true }).click()
  await note.fill('The lamp flickered')
  await away(6)
  await cover().waitFor()
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByText('logged out when the window was covered', { exact: false }).waitFor()
  // What was typed and not sent is there.
  await page.getByRole('button', { name: 'Note', exact: true }).click()
  expect(await note.inputValue()).toBe('The lamp flickered')
  await page.getByRole('button', { name: 'Cancel' }).click()
  await resume(page)
  await playOn(page, 'Make the ceremony key')
  const ended = JSON.stringify(await invoke(desktop, 'tokens.list', {}))
  expect(ended).toContain('"session":"user"')
})
