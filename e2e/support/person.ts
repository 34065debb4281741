import type { Locator, Page } from 'playwright-core'

/** PINs that the people of a rehearsal type. */
export type Pins = { so: string; user: string }

export const pins: Pins = { so: '73910284', user: '51827364' }

/**
 * From the first screen to a rehearsal's first step, by its buttons. `fields`: label of a value -> what is typed;
 * `before`: what else is done in the form.
 */
export async function startRehearsal(
  page: Page,
  {
    script,
    fields = {},
    before = async () => undefined,
  }: { script: string; fields?: Readonly<Record<string, string>>; before?: () => Promise<void> },
): Promise<void> {
  await page
    .getByRole('navigation', { name: 'Main navigation' })
    .getByRole('link', { name: 'Ceremonies' })
    .click()
  await page.getByRole('radio', { name: script }).click()
  for (const [label, text] of Object.entries(fields)) {
    await page.getByRole('textbox', { name: label, exact: true }).fill(text)
  }
  await before()
  await page.getByRole('button', { name: 'Start the rehearsal' }).click()
  await page.locator('[data-screen="run"] h1').waitFor()
  await stepPanel(page).or(resultPanel(page)).waitFor()
}

/** Title of the step that the window stands at; null at the end of a run. */
export async function currentStep(page: Page): Promise<string | null> {
  await stepPanel(page).or(resultPanel(page)).or(exceptionPanel(page)).first().waitFor()
  if ((await stepPanel(page).count()) === 0) return null
  try {
    return await title(stepPanel(page)).textContent({ timeout: 3_000 })
  } catch (error) {
    // The panel that was there a moment ago has made way for the run's end or for a question.
    if ((await stepPanel(page).count()) === 0) return null
    throw error
  }
}

/**
 * Plays everybody's part, a control at a time, until the window stands at the step `until`, or at the end of the run
 * when there is none. Throws what the window says when it asks for a decision or refuses something.
 */
export async function playOn(page: Page, until: string | null, limitMs = 200_000): Promise<void> {
  const end = Date.now() + limitMs
  for (;;) {
    if (Date.now() > end) throw new Error(`still at “${await currentStep(page)}”: ${await said(page)}`)
    if ((await exceptionPanel(page).count()) > 0 || (await page.locator('.failure').count()) > 0) {
      throw new Error(await said(page))
    }
    const at = await currentStep(page)
    if (at === until) return
    if (at === null) throw new Error(`the run ended before “${until}”: ${await said(page)}`)
    if (!(await actOnce(page, at))) await page.waitForTimeout(30)
  }
}

/** Does the next thing that the step asks for; false when it waits for the machine. */
export async function actOnce(page: Page, step: string): Promise<boolean> {
  // Scoped to the step by its title, so that a press meant for this step never lands on the next one.
  const panel = stepPanel(page).filter({ has: page.getByRole('heading', { name: step, exact: true }) })
  for (const [label, pin] of [
    ['Security officer PIN', pins.so],
    ['User PIN', pins.user],
  ] as const) {
    const field = panel.getByLabel(label, { exact: true })
    if ((await field.count()) > 0) return enterPin(panel, label, pin)
  }
  const sign = panel.getByRole('button', { name: /^(Sign|Answer) as simulated participant: / }).first()
  if (await pressed(sign)) return true
  const time = panel.getByLabel('Time on the wall clock', { exact: false })
  if ((await time.count()) > 0 && (await time.inputValue()) === '') {
    await time.fill(`${new Date().toISOString().slice(0, 16)}Z`)
  }
  return pressed(panel.getByRole('button', { name: 'Proceed' }))
}

/** Types a PIN and enters it; true when the field was there and is gone afterwards. */
export async function enterPin(panel: Locator, label: string, pin: string): Promise<boolean> {
  const form = panel.locator('form', { has: panel.page().getByLabel(label, { exact: true }) }).first()
  const field = form.getByLabel(label, { exact: true })
  try {
    await field.fill(pin, { timeout: 1000 })
    // One that is chosen is typed twice.
    const again = form.getByLabel('New PIN once more', { exact: true })
    if ((await again.count()) > 0) await again.fill(pin, { timeout: 1000 })
    await form.getByRole('button', { name: 'Enter the PIN' }).click({ timeout: 1000 })
  } catch {
    return false
  }
  await field.waitFor({ state: 'detached' })
  return true
}

/** Presses a button unless it is absent, off or busy. One that goes away under the finger was not pressed. */
async function pressed(button: Locator): Promise<boolean> {
  if ((await button.count()) === 0) return false
  try {
    const brief = { timeout: 1000 }
    if ((await button.getAttribute('aria-disabled', brief)) !== null || !(await button.isEnabled(brief)))
      return false
    await button.click(brief)
    return true
  } catch {
    return false
  }
}

/** Presses Proceed at the step where the window stands. */
export async function proceed(page: Page): Promise<void> {
  await stepPanel(page).getByRole('button', { name: 'Proceed' }).click()
}

/** Takes up a paused run by its button; the PIN that it then asks for is typed by `playOn`. */
export async function resume(page: Page): Promise<void> {
  // A key that is being made is made to its end first.
  await page.getByText('The ceremony is paused').waitFor({ timeout: 60_000 })
  await page.getByRole('button', { name: 'Resume', exact: true }).click()
  await stepPanel(page).getByLabel('User PIN', { exact: true }).waitFor()
}

/** The words that are shown to be read aloud, in order. */
export async function wordsIn(panel: Locator): Promise<string[]> {
  const words = panel.locator('.word-cards').first()
  await words.waitFor()
  return words.locator('.word').allTextContents()
}

export function stepPanel(page: Page): Locator {
  return page.locator('[data-screen="run"] .runner section.panel:has(.step-actor)')
}

export function resultPanel(page: Page): Locator {
  return page.getByRole('region', { name: 'Result' })
}

export function exceptionPanel(page: Page): Locator {
  return page.getByRole('region', { name: 'Exception: somebody has to decide' })
}

function title(panel: Locator): Locator {
  return panel.getByRole('heading', { level: 2 })
}

async function said(page: Page): Promise<string> {
  return (await page.locator('main').allInnerTexts()).join('\n')
}
