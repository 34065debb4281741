import type { Page } from 'playwright-core'
import { goTo, pins } from './person.ts'

/** One object on a token as the Tokens screen shows it. */
export type Row = { label: string; id: string; kind: string; madeBy: string }

/** Every object of the token with this label, private ones too: logs in by the dialog where nobody is. */
export async function objectsOf(page: Page, label: string): Promise<Row[]> {
  await goTo(page, 'Tokens')
  await page.getByRole('navigation', { name: 'Slots' }).getByRole('link', { name: label }).click()
  await page.getByRole('heading', { level: 2, name: label }).waitFor()
  const logIn = page.getByRole('button', { name: 'Log in', exact: true })
  const isIn = page.getByText('User logged in')
  await logIn.or(isIn).first().waitFor()
  // The screen first shows what it knew last: where it hears that somebody is logged in, the dialog goes away under the hand.
  while ((await isIn.count()) === 0) {
    const dialog = page.getByRole('dialog')
    const brief = { timeout: 2000 }
    try {
      if ((await dialog.count()) === 0) await logIn.click(brief)
      await dialog.getByLabel('User PIN', { exact: true }).fill(pins.user, brief)
      await dialog.getByRole('button', { name: 'Log in', exact: true }).click(brief)
      await dialog.waitFor({ state: 'detached' })
    } catch {
      // Looked at again.
    }
  }
  await page.getByText('User logged in').waitFor()
  const rows = page.getByRole('region', { name: 'Objects' }).last().locator('tbody tr')
  await rows.first().waitFor()
  const found: Row[] = []
  for (const row of await rows.all()) {
    const texts = await row.locator('th, td').allInnerTexts()
    const [name = '', kind = '', , madeBy = ''] = texts.map((text) => text.trim())
    const [objectLabel = '', id = ''] = name.split('\n').filter((line) => line !== '')
    // Below who made it stands the button that destroys it.
    found.push({
      label: objectLabel,
      id,
      kind: kind.split('\n')[0] ?? '',
      madeBy: madeBy.split('\n')[0] ?? '',
    })
  }
  return found.toSorted((a, b) => (`${a.label} ${a.kind}` < `${b.label} ${b.kind}` ? -1 : 1))
}
