import { afterAll, beforeAll, expect, test } from 'vitest'
import { violations } from './support/contents.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

/** The PIN that the rehearsal chooses for its own throw-away token. */
const pin = '12345678'

let desktop: Desktop
beforeAll(async () => {
  desktop = await openDesktop({ environment: { LUX_TRAINING: '1' } })
})
afterAll(() => desktop?.close())

/** Does the one thing that the screen asks for, with the keyboard alone: focus, type, Enter. */
async function actOnce(): Promise<void> {
  const { page } = desktop
  const { pins, values, buttons, proceed } = {
    pins: page.locator('.step input[type=password]'),
    values: page.locator('.step').getByRole('textbox'),
    buttons: page.getByRole('button', { name: /^Sign as simulated participant/ }),
    proceed: page.getByRole('button', { name: 'Proceed' }),
  }
  if ((await pins.count()) > 0) {
    const form = page.locator('.step form:has(input[type=password])').first()
    for (const field of await form.locator('input[type=password]').all()) {
      await field.focus()
      await page.keyboard.type(pin)
    }
    await page.keyboard.press('Enter')
  } else if ((await buttons.count()) > 0) {
    await buttons.first().focus()
    await page.keyboard.press('Enter')
  } else if ((await proceed.count()) > 0) {
    const isClock = (await page.locator('.step h2').textContent()) === 'Clock check'
    if (isClock && (await values.first().inputValue()) === '') {
      await values.first().focus()
      await page.keyboard.type(`${new Date().toISOString().slice(0, 16)}Z`)
    }
    if ((await proceed.getAttribute('aria-disabled')) !== null) return
    await proceed.focus()
    await page.keyboard.press('Enter')
  }
}

test('RUNNER-WHOLE the first run goes from roll call to the sealed bundle by keyboard alone', async () => {
  const { page } = desktop
  await page.getByRole('button', { name: 'Start a rehearsal' }).press('Enter')
  await page.getByRole('button', { name: 'Start the rehearsal' }).press('Enter')
  await page.getByRole('button', { name: 'Proceed' }).waitFor({ timeout: 60_000 })
  const end = page.getByRole('link', { name: 'Go to bundles' })
  const late = performance.now() + 90_000
  let sawWork = false
  while ((await end.count()) === 0 && performance.now() < late) {
    // A screen may change between looking and pressing; the next turn looks again.
    await actOnce().catch(() => undefined)
    sawWork ||=
      (await page.getByRole('progressbar', { name: 'Making the FHE key and dealing its shares' }).count()) > 0
    expect(await page.locator('.failure').allInnerTexts()).toEqual([])
    await page.waitForTimeout(100)
  }
  expect(await end.count(), (await page.locator('.section').first().textContent()) ?? '').toBe(1)
  expect(sawWork).toBe(true)
  // Without a destination there is nothing to export, to receipt or to close.
  const states = await page
    .locator('.step-list li')
    .evaluateAll((steps) => steps.map((step) => step.getAttribute('data-state')))
  expect(states.filter((state) => state !== 'done')).toEqual(['skipped', 'skipped', 'skipped'])
  expect(violations(desktop)).toEqual([])
})

test('BUNDLE-VERIFY the sealed bundle is consistent, and without a policy never accepted', async () => {
  const { page } = desktop
  await page.getByRole('link', { name: 'Go to bundles' }).press('Enter')
  // Before the list is there, the first Verify is the form's own.
  await page.getByRole('button', { name: 'Export…' }).waitFor()
  await page.getByRole('button', { name: 'Verify', exact: true }).first().press('Enter')
  await page.getByRole('button', { name: 'Verify', exact: true }).last().press('Enter')
  await page.locator('[data-verdict]').waitFor({ timeout: 60_000 })
  expect(await page.locator('[data-verdict]').getAttribute('data-verdict')).toBe('consistent')
  await page.getByText('POLICY-MISSING').first().waitFor()
})

test('TRANSCRIPT-CHAIN the transcript of the run is intact and its filter narrows it', async () => {
  const { page } = desktop
  await page
    .getByRole('navigation', { name: 'Main navigation' })
    .getByRole('link', { name: 'Transcript' })
    .press('Enter')
  await page.getByText(/^The chain of \d+ entries is intact$/).waitFor()
  const matching = async (): Promise<number> =>
    Number(await page.locator('[data-matching]').getAttribute('data-matching'))
  const all = await matching()
  expect(all).toBeGreaterThan(40)
  await page.getByRole('textbox', { name: 'Filter by text' }).fill('generate-root')
  await expect.poll(matching).toBeLessThan(all)
  expect(await matching()).toBeGreaterThan(0)
  expect(await page.locator('.log-body [role=row]').count()).toBeGreaterThan(0)
})
