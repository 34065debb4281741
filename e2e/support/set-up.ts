import type { Locator, Page } from 'playwright-core'
import type { Desktop } from '../desktop/support/desktop.ts'
import { chooseInDialogs } from './dialogs.ts'
import type { Packaged } from './packaged.ts'
import { goTo } from './person.ts'

/** Where people of a set-up keep their key files, and the passphrase that each of them types. */
export type KeyFolder = { file(name: string): string; passphrase: string }

/**
 * How often somebody pressed a control or made a choice, to say what a ceremony costs. Typing is none, what the system's own dialog asks is
 * none, and neither is scrolling: what is signed is read to its end, with the wheel as any page is, or by the button that scrolls.
 */
export class Presses {
  count = 0
  hasRead = false

  async on(button: Locator): Promise<void> {
    await button.click()
    this.count += 1
  }
}

export async function beginSetup(page: Page, title: string, presses: Presses): Promise<void> {
  await goTo(page, 'Ceremonies')
  await page.getByLabel('Title of the ceremony').fill(title)
  await presses.on(page.getByRole('button', { name: 'Set it up' }))
  await page.getByRole('heading', { name: title, level: 1 }).waitFor()
}

/** A person makes a key at the window and takes its file away. */
export async function makeKey(
  desktop: Desktop | Packaged,
  { name, role }: { name: string; role: string },
  { file, passphrase }: KeyFolder,
  presses: Presses,
): Promise<void> {
  const { page } = desktop
  const side = page.getByRole('region', { name: 'Add a person or a server' })
  const open = side.getByRole('button', { name: 'Make a key here' })
  if ((await open.getAttribute('aria-expanded')) === 'false') await presses.on(open)
  await side.getByLabel('Name', { exact: true }).fill(name)
  const chosen = side.getByRole('combobox', { name: 'Role' })
  // Whoever is missing is proposed next.
  if ((await chosen.textContent()) !== role) {
    await presses.on(chosen)
    await presses.on(page.getByRole('option', { name: role, exact: true }))
  }
  for (const label of ['New passphrase of the key file', 'The same again'])
    await side.getByLabel(label).fill(passphrase)
  await chooseInDialogs(desktop, file(`${name}.key`))
  await presses.on(side.getByRole('button', { name: 'Make the key and save it…' }))
  // Once everybody of a question is here, the next one is asked.
  await page.locator('.setup-questions').getByText(name).first().waitFor()
}

/** A person reads what is to be signed, part by part, chooses the key file and types its passphrase. `open`: what opens the dialog. */
export async function signWithKey(
  desktop: Desktop | Packaged,
  open: Locator,
  name: string,
  { file, passphrase }: KeyFolder,
  presses: Presses,
): Promise<void> {
  const { page } = desktop
  await presses.on(open)
  const dialog = page.getByRole('dialog')
  await readParts(dialog, presses)
  // The window knows where this person chose the key file before, until it is closed.
  if ((await dialog.getByText(file(`${name}.key`), { exact: true }).count()) === 0) {
    await chooseInDialogs(desktop, file(`${name}.key`))
    await presses.on(dialog.getByRole('button', { name: 'Choose your key file…' }))
  }
  await dialog.getByText(file(`${name}.key`), { exact: true }).waitFor()
  await dialog.getByLabel('Passphrase of the key file').fill(passphrase)
  await presses.on(yesIn(dialog))
  const refused = dialog.locator('.failure')
  await refused.or(page.locator('body:not(:has([role=dialog]))')).first().waitFor()
  if ((await refused.count()) > 0) throw new Error((await refused.allTextContents()).join())
}

const yesIn = (dialog: Locator): Locator => dialog.locator('.sign-bar button[type=submit]')

/** SEEN-ALL: the button is off until each part was on screen to its end, by its own button for the first reader, by the wheel for the others. */
async function readParts(dialog: Locator, presses: Presses): Promise<void> {
  const byWheel = presses.hasRead
  presses.hasRead = true
  const on = dialog.getByRole('button', { name: 'Show the next part' })
  const page = dialog.page()
  const all = dialog.getByText('All parts seen', { exact: true })
  for (;;) {
    await on.or(all).first().waitFor()
    if ((await all.count()) > 0) return
    if ((await yesIn(dialog).getAttribute('aria-disabled')) !== 'true')
      throw new Error('the button lives before all was seen')
    if (byWheel) {
      await dialog.locator('.sign-body').hover()
      await page.mouse.wheel(0, 240)
    } else await on.click()
    // What is on screen is looked at in a frame.
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
  }
}

/** By the button below, once what it waits for is done. */
export async function goOn(page: Page, label: string, presses: Presses): Promise<void> {
  await presses.on(page.locator('.setup-foot').getByRole('button', { name: label }))
}
