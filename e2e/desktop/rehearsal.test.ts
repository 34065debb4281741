import { afterAll, beforeAll, expect, test } from 'vitest'
import { goTo } from '../support/person.ts'
import { violations } from './support/contents.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

/** The PINs that the rehearsal chooses for its own throw-away token: the user's, and another for the security officer. */
const pin = '15926374'
const soPin = '48261593'

let desktop: Desktop
beforeAll(async () => {
  desktop = await openDesktop({ environment: { LUX_TRAINING: '1' } })
})
afterAll(() => desktop?.close())

/** Presses so far, whatever was typed before each. */
let presses = 0

async function press(key: 'Enter' | 'Space'): Promise<void> {
  presses += 1
  await desktop.page.keyboard.press(key)
}

/**
 * Does what has the focus, which goes by itself to the next thing to be done: a field is filled, and Enter goes on. Nothing is
 * looked for and nothing is pointed at.
 */
async function actOnce(): Promise<void> {
  const { page } = desktop
  const at = await page.evaluate(() => {
    const element = document.activeElement
    if (element?.matches('input[type=password]')) return 'pin'
    if (element?.matches('.clock-entry')) return 'clock'
    // At the end of the run a link leads away: it is the last thing, and not pressed here.
    if (!element?.matches('[data-go]:not([aria-disabled], :disabled, a)')) return 'nothing'
    const alone = document.querySelector('.sign-card [role=checkbox]')
    return alone?.getAttribute('aria-checked') === 'false' ? 'alone' : 'go'
  })
  if (at === 'nothing') return
  if (at === 'pin') {
    const fields = await page.locator('.stage-main input[type=password]').count()
    for (let field = 0; field < fields; field += 1) {
      if (field > 0) await page.keyboard.press('Tab')
      // Both are chosen at once, the security officer's first, each typed twice.
      await page.keyboard.type(fields === 4 && field < 2 ? soPin : pin)
    }
  }
  if (at === 'clock') await page.keyboard.type(new Date().toISOString().slice(11, 19))
  if (at === 'alone') {
    await page.locator('.sign-card [role=checkbox]').focus()
    await press('Space')
    return
  }
  const before = await seen()
  await press('Enter')
  // Until it has been taken: a second press would be for a step that is over by then.
  await expect.poll(seen, { timeout: 60_000 }).not.toBe(before)
}

/** What the step shows of itself, and which of it has the focus. */
function seen(): Promise<string> {
  return desktop.page.evaluate(() => {
    const step = document.querySelector<HTMLElement>('.stage-step')
    const go = document.querySelector('[data-go]')
    const off = go?.matches('[aria-disabled], :disabled') === true
    const typing = document.activeElement?.matches('input[type=password], .clock-entry') === true
    return [step?.dataset.phase, step?.querySelector('h2')?.textContent, go?.textContent, off, typing].join(
      '|',
    )
  })
}

test('RUNNER-WHOLE the first run goes from roll call to the sealed bundle by keyboard alone, in at most 25 presses', async () => {
  const { page } = desktop
  // What is to be done next has the focus on every screen, the first one too: nobody presses Tab.
  const focused = () => page.evaluate(() => document.activeElement?.textContent)
  await expect.poll(focused).toBe('Start a rehearsal')
  await press('Enter')
  // Home has a next thing to be done of its own.
  await page.locator('.stage-step').waitFor({ timeout: 60_000 })
  await page.locator('[data-go]').waitFor({ timeout: 60_000 })
  const end = page.getByRole('link', { name: 'Go to bundles' })
  const late = performance.now() + 200_000
  let sawWork = false
  while ((await end.count()) === 0 && performance.now() < late) {
    // A screen may change between looking and pressing; the next turn looks again.
    await actOnce()
    sawWork ||=
      (await page.getByRole('progressbar', { name: 'Making the FHE key and dealing its shares' }).count()) > 0
    expect(await page.locator('.failure').allInnerTexts()).toEqual([])
    await page.waitForTimeout(100)
  }
  expect(await end.count(), (await page.locator('main').textContent()) ?? '').toBe(1)
  expect(sawWork).toBe(true)
  expect(presses).toBeLessThanOrEqual(25)
  // Without a destination there is nothing to export, to receipt or to close.
  const states = await page
    .locator('.timeline-steps li')
    .evaluateAll((steps) => steps.map((step) => step.getAttribute('data-state')))
  expect(states.filter((state) => state !== 'done')).toEqual(['skipped', 'skipped', 'skipped'])
  expect(violations(desktop)).toEqual([])
})

test('STAGE-AGAIN a step that is done opens again with its result, by keyboard too', async () => {
  const { page } = desktop
  await page.locator('.timeline-steps button').nth(6).press('Enter')
  await page.getByRole('heading', { name: 'The token held against every attack.' }).waitFor()
  expect(await page.locator('.evidence-value').textContent()).toBe('13')
  await page.getByRole('button', { name: 'Back to the step in hand' }).press('Enter')
  await page.getByRole('link', { name: 'Go to bundles' }).waitFor()
})

test('BUNDLE-VERIFY the sealed bundle is consistent, and without a policy never accepted', async () => {
  const { page } = desktop
  await page.getByRole('link', { name: 'Go to bundles' }).press('Enter')
  // Before the list is there, the first Verify is the form's own.
  await page.getByRole('button', { name: 'Export…' }).waitFor()
  await page.getByRole('button', { name: 'Verify', exact: true }).first().press('Enter')
  await page.locator('[data-verdict]').waitFor({ timeout: 60_000 })
  expect(await page.locator('[data-verdict]').getAttribute('data-verdict')).toBe('consistent')
  await page.getByText('POLICY-MISSING').first().waitFor()
})

test('TRANSCRIPT-CHAIN the transcript of the run is intact and its filter narrows it', async () => {
  const { page } = desktop
  await goTo(page, 'Transcript')
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
