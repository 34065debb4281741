import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { setAppearance, show, violations } from './support/contents.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

let desktop: Desktop
beforeAll(async () => {
  desktop = await openDesktop({ core: 'fake:' })
})
afterAll(() => desktop?.close())
beforeEach(() => setAppearance(desktop, { language: 'en', theme: 'light' }))

/** Opens what `button` opens, sees `role` on the screen, and closes it by Escape. */
async function opens(name: string, role: 'dialog' | 'alertdialog'): Promise<void> {
  await desktop.page.getByRole('button', { name, exact: true }).click()
  await desktop.page.getByRole(role).waitFor()
  await desktop.page.keyboard.press('Escape')
  await desktop.page.getByRole(role).waitFor({ state: 'detached' })
}

/** Opens every Select of the screen with the keyboard and closes it again; returns how many there were. */
async function opensSelects(): Promise<number> {
  const triggers = desktop.page.getByRole('combobox')
  const count = await triggers.count()
  for (let index = 0; index < count; index += 1) {
    await triggers.nth(index).press('Enter')
    await desktop.page.getByRole('listbox').waitFor()
    await desktop.page.keyboard.press('Escape')
    await desktop.page.getByRole('listbox').waitFor({ state: 'detached' })
  }
  return count
}

test.each([
  ['tokens/slot-1', ['Initialise'], 'dialog'],
  ['tokens', ['Erase and initialise again'], 'dialog'],
  ['run/c1', ['Note', 'Deviation', 'Stop for good…'], 'alertdialog'],
] as const)('SHELL-CSP the dialogs of %s open without a violation', async (route, names, role) => {
  await show(desktop, route)
  for (const name of names) await opens(name, /^(Note|Deviation)$/.test(name) ? 'dialog' : role)
  expect(violations(desktop)).toEqual([])
})

test.each([
  ['ceremonies', 2],
  ['run/c7', 1],
  ['run/c2', 1],
  ['transcript/c1', 2],
  ['settings', 7],
])('SHELL-CSP the %s selects open without a violation', async (route, count) => {
  await show(desktop, route)
  expect(await opensSelects()).toBe(count)
  expect(violations(desktop)).toEqual([])
})

test('PIN-WIPED a wrong PIN is explained, and is nowhere in the page afterwards', async () => {
  await show(desktop, 'run/c1')
  const pin = desktop.page.locator('input[type=password]')
  await pin.fill('1234')
  await pin.press('Enter')
  await desktop.page.getByRole('alert').getByText('The PIN is wrong', { exact: true }).waitFor()
  expect(await pin.inputValue()).toBe('')
  expect(await desktop.page.content()).not.toContain('1234')
  expect(violations(desktop)).toEqual([])
})

test('TOKEN-GUARD a token is erased only after its present label was typed and a second officer has read its serial', async () => {
  await show(desktop, 'tokens')
  await desktop.page.getByRole('button', { name: 'Erase and initialise again' }).click()
  const erase = desktop.page.getByRole('button', { name: 'Erase this token' })
  await desktop.page.getByLabel('New label').fill('fresh')
  expect(await erase.getAttribute('aria-disabled')).toBe('true')
  // The security officer's PIN has one try left, and erasing is a try of it.
  await desktop.page.getByRole('checkbox').click()
  await desktop.page.getByText("Type the token's present label first").waitFor()
  await desktop.page.getByLabel(/type the label it has now/).fill('rehearsal-root')
  await desktop.page.getByText('A second officer has to confirm first').waitFor()
  expect(await erase.getAttribute('aria-disabled')).toBe('true')
  await desktop.page.getByLabel('Name of the second officer').fill('Mei Tanaka')
  await desktop.page.getByLabel('Last 4 characters of the serial').fill('f0e4')
  expect(await erase.getAttribute('aria-disabled')).toBe(null)
  await desktop.page.keyboard.press('Escape')
})
