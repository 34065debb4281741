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
  await goTo(page, 'Ceremonies')
  await page.getByRole('radio', { name: script }).click()
  for (const [label, text] of Object.entries(fields)) {
    await page.getByRole('textbox', { name: label, exact: true }).fill(text)
  }
  await before()
  await page.getByRole('button', { name: 'Start the rehearsal' }).click()
  await page.locator('[data-screen="run"] h1').waitFor()
  await stepPanel(page).or(resultPanel(page)).waitFor()
}

/** To another screen by the navigation, or by the menu of a ceremony, which has the whole window. */
export async function goTo(page: Page, screen: string): Promise<void> {
  const navigation = page.getByRole('navigation', { name: 'Main navigation' })
  const menu = navigation.getByRole('button', { name: 'Menu' })
  if ((await menu.count()) === 0) {
    await navigation.getByRole('link', { name: screen, exact: true }).click()
    return
  }
  await menu.click()
  await page.getByRole('menuitem', { name: screen, exact: true }).click()
}

/**
 * Title of the step that the window stands at; null at the end of a run. Where a result is shown and the next step only waits for
 * somebody to have seen it, that is the next step.
 */
export async function currentStep(page: Page): Promise<string | null> {
  await stepPanel(page).or(resultPanel(page)).or(exceptionPanel(page)).first().waitFor()
  // Read at once: a screen may change between two looks.
  return page.evaluate((phases) => {
    const shown = document.querySelector<HTMLElement>('.stage-step')
    // Between two screens there is none: that is no end.
    if (shown === null) return ''
    if (!phases.includes(shown.dataset.phase ?? '')) return null
    return (shown.querySelector('[data-then]') ?? shown.querySelector('h2'))?.textContent ?? null
  }, stepPhases)
}

/**
 * Plays everybody's part, a control at a time, until the window stands at the step `until`, or at the end of the run
 * when there is none. Throws what the window says when it asks for a decision or refuses something.
 */
export async function playOn(page: Page, until: string | null, limitMs = 400_000): Promise<void> {
  const end = Date.now() + limitMs
  for (;;) {
    if (Date.now() > end) throw new Error(`still at “${await currentStep(page)}”: ${await said(page)}`)
    if (
      (await exceptionPanel(page).count()) > 0 ||
      (await page.locator('.failure:not([data-tone=warn])').count()) > 0
    ) {
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
  if ((await seenPanel(page).count()) > 0) {
    // The result may have come since the step was read: who has seen it starts the next one.
    if ((await currentStep(page)) !== step) return false
    await sayWho(seenPanel(page))
    const before = await shownResult(page)
    if (!(await pressed(goButton(seenPanel(page))))) return false
    // Until it is gone from the screen: a second press would be meant for it and land on what comes.
    while ((await shownResult(page)) === before) await page.waitForTimeout(30)
    return true
  }
  // Scoped to the step by its title, so that a press meant for this step never lands on its result or on the next one.
  const panel = page
    .locator('.stage-step[data-phase=ready]')
    .filter({ has: page.getByRole('heading', { name: step, exact: true }) })
  // A file is taken in by whoever has one: a dialog would give the one that was chosen last.
  const go = goButton(panel).filter({ hasNotText: 'Take in a file…' })
  for (const [label, pin] of [
    ['Security officer PIN', pins.so],
    ['User PIN', pins.user],
  ] as const) {
    const field = panel.getByLabel(label, { exact: true })
    if ((await field.count()) > 0 && !(await enterPin(panel, label, pin))) return false
  }
  const sign = panel.getByRole('button', { name: /^(Sign|Answer) as simulated participant: / }).first()
  if ((await sign.count()) > 0) {
    const brief = { timeout: 1000 }
    const name = await sign
      .evaluate((one) => one.getAttribute('aria-label') ?? one.textContent, undefined, brief)
      .catch(() => null)
    if (name !== null && (await pressed(panel.getByRole('button', { name, exact: true }).first()))) {
      // A second press would be a second signature of the same person; who is asked again at once is asked for something else.
      const again = page.getByRole('button', { name, exact: true })
      for (let look = 0; look < 100 && (await again.count()) > 0; look += 1) await page.waitForTimeout(30)
      return true
    }
  }
  const time = panel.getByLabel('Time on the wall clock', { exact: false })
  if ((await time.count()) > 0 && (await time.inputValue({ timeout: 1000 }).catch(() => 'gone')) === '') {
    await time.fill(`${new Date().toISOString().slice(0, 16)}Z`)
  }
  await sayWho(panel)
  return pressed(go)
}

/** Which result stands on the screen; null where there is none. */
function shownResult(page: Page): Promise<string | null> {
  return page.evaluate(() => {
    const shown = document.querySelector('.stage-step[data-phase=result]')
    if (shown === null) return null
    const texts = [...shown.querySelectorAll('h2, [data-then]')].map(({ textContent }) => textContent)
    return JSON.stringify(texts)
  })
}

/** In production everybody ticks their own name, whoever has heard the words says so, and so does whoever acts. A step that is over by now asks nobody any more. */
async function sayWho(panel: Locator): Promise<void> {
  const brief = { timeout: 1000 }
  try {
    if ((await goButton(panel).count()) === 0) return
    if ((await goButton(panel).getAttribute('aria-disabled', brief)) === null) return
    const unticked = panel.locator('.roll label:not([data-here])')
    while ((await unticked.count()) > 0) await unticked.first().click(brief)
    const seen = panel.locator('.seen-by label')
    if ((await seen.count()) > 0) await seen.first().click(brief)
    const heard = panel.locator('.heard-by button')
    if ((await heard.count()) > 0 && (await panel.locator('.heard-by [aria-pressed=true]').count()) === 0)
      await heard.last().click(brief)
    const who = panel.getByRole('combobox', { name: 'Who acts' })
    if ((await who.count()) === 0 || (await who.textContent(brief)) !== 'Who are you?') return
    await who.click(brief)
    await panel.page().getByRole('option').first().click(brief)
  } catch {
    // The caller looks again.
  }
}

/** Types a PIN, twice where one is chosen; the step's next action gives it to the token. False when the field has gone. */
export async function enterPin(panel: Locator, label: string, pin: string): Promise<boolean> {
  const form = panel.locator('form', { has: panel.page().getByLabel(label, { exact: true }) }).first()
  try {
    await form.getByLabel(label, { exact: true }).fill(pin, { timeout: 1000 })
    const again = form.getByLabel('New PIN once more', { exact: true })
    if ((await again.count()) > 0) await again.fill(pin, { timeout: 1000 })
    return true
  } catch {
    return false
  }
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

/** Presses the live button of the step where the window stands. */
export async function proceed(page: Page): Promise<void> {
  await goButton(stepPanel(page)).click()
}

/** The one button that is always in sight. */
export function goButton(panel: Locator): Locator {
  return panel.locator('[data-go]')
}

/** Takes up a paused run by its button; the PIN that it then asks for is typed by `playOn`. */
export async function resume(page: Page): Promise<void> {
  // A key that is being made is made to its end first.
  await page.getByText('The ceremony is paused').waitFor({ timeout: 60_000 })
  await page.getByRole('button', { name: 'Resume', exact: true }).click()
  // A result that nobody has seen before the pause is shown first.
  const field = stepPanel(page).getByLabel('User PIN', { exact: true })
  const unseen = goButton(seenPanel(page))
  await field.or(unseen).first().waitFor()
  if ((await unseen.count()) > 0) {
    await sayWho(seenPanel(page))
    await unseen.click()
  }
  await field.waitFor()
}

/** The words that are shown to be read aloud, in order. */
export async function wordsIn(panel: Locator): Promise<string[]> {
  const words = panel.locator('.word-cards').first()
  await words.waitFor()
  return words.locator('.word').allTextContents()
}

const stepPhases = ['ready', 'working', 'result']

export function stepPanel(page: Page): Locator {
  return page.locator(stepPhases.map((phase) => `.stage-step[data-phase=${phase}]`).join())
}

/** What a step has made, until the room has seen it. */
export function seenPanel(page: Page): Locator {
  return page.locator('.stage-step[data-phase=result]')
}

export function resultPanel(page: Page): Locator {
  return page.locator('.stage-step[data-phase=end]')
}

export function exceptionPanel(page: Page): Locator {
  return page.locator('.stage-step[data-phase=exception]')
}

/** Chooses what shall happen about a deviation, says why, and has it signed. */
export async function decide(page: Page, answer: string, reason: string): Promise<void> {
  const panel = exceptionPanel(page)
  await panel.getByRole('radio', { name: answer }).check()
  await panel.getByLabel('Reason, for the transcript').fill(reason)
  await goButton(panel).click()
}

/** Whether all of it stands in the window, above the live button, with nothing scrolled. */
export function isInSight(shown: Locator): Promise<boolean> {
  return shown.evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect()
    const fold = document.querySelector('.stage-actions')?.getBoundingClientRect().top ?? innerHeight
    const inside = element.closest('.stage-actions') !== null
    return top >= 0 && bottom <= (inside ? innerHeight : fold)
  })
}

async function said(page: Page): Promise<string> {
  return (await page.locator('main').allInnerTexts()).join('\n')
}
