import type { Locator } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Desktop, openDesktop } from '../desktop/support/desktop.ts'
import { custody, jsonOf } from '../support/commands.ts'
import { FaultToken } from '../support/fault-token.ts'
import {
  decide,
  enterPin,
  exceptionPanel,
  goButton,
  pins,
  playOn,
  proceed,
  resultPanel,
  resume,
  startRehearsal,
  stepPanel,
} from '../support/person.ts'

let desktop: Desktop
let token: FaultToken
beforeAll(async () => {
  token = new FaultToken()
  desktop = await openDesktop({ environment: token.environment })
})
afterAll(async () => {
  await desktop?.close()
  token?.remove()
})

/** The room decides that the step is done again, gives the reason, and two officers sign that. */
async function doAgain(reason: string): Promise<void> {
  const { page } = desktop
  await decide(page, 'Do the step again', reason)
  const decided = stepPanel(page).getByText('Sign the decided exception')
  await decided.waitFor()
  for (const name of ['Officer One', 'Officer Two']) {
    await stepPanel(page)
      .getByRole('button', { name: `Sign as simulated participant: ${name}` })
      .click()
    await stepPanel(page)
      .getByRole('listitem')
      .filter({ hasText: name })
      .getByText('Signed')
      .or(stepPanel(page).getByLabel('User PIN', { exact: true }))
      .first()
      .waitFor()
  }
}

const pinState = (panel: Locator) => panel.locator('.outcome').first().textContent()

test('RUNNER-PIN a wrong PIN is sent once and told; low, final and locked stand beside the field, and a locked one takes no PIN', async () => {
  const { page } = desktop
  await startRehearsal(page, { script: 'Token initialisation' })
  await playOn(page, 'Log in')
  const step = stepPanel(page)
  const logins = token.calls('C_Login')
  await enterPin(step, 'User PIN', '00000000')
  await proceed(page)
  const exception = exceptionPanel(page)
  await exception.getByText('The PIN is wrong', { exact: true }).waitFor()
  await exception.getByText('It is not tried again by itself.', { exact: false }).waitFor()
  expect(await exception.locator('.fact-group').textContent()).toContain('A wrong PIN was entered')
  expect(await page.content()).not.toContain('00000000')
  await doAgain('the operator typed another token’s PIN')
  expect(token.calls('C_Login')).toBe(logins + 1)

  token.flags('USER_PIN_COUNT_LOW', 'USER_PIN_FINAL_TRY')
  await expect.poll(() => pinState(step), { timeout: 60_000 }).toBe('One try left')
  await enterPin(step, 'User PIN', pins.user)
  await proceed(page)
  await exception.getByText('HSM-PIN-FINAL-TRY').first().waitFor()
  expect(token.calls('C_Login')).toBe(logins + 1)

  token.flags('USER_PIN_LOCKED')
  await doAgain('the officers have the PIN’s envelope')
  await expect.poll(() => pinState(step), { timeout: 60_000 }).toBe('Locked')
  await step.getByText('The PIN is locked; another token or a new user PIN is needed').waitFor()
  expect(await goButton(step).getAttribute('aria-disabled')).toBe('true')
  expect(token.calls('C_Login')).toBe(logins + 1)

  // What the officers signed takes the last try on, once.
  token.flags('USER_PIN_FINAL_TRY')
  await expect.poll(() => pinState(step), { timeout: 60_000 }).toBe('One try left')
  await playOn(page, 'Opening inventory')
  expect(token.calls('C_Login')).toBe(logins + 2)
  token.flags()
})

test('RUNNER-PULLED a token that is pulled out in the middle is named; put back, the run goes on where it stood and ends well', async () => {
  const { page } = desktop
  token.pullOut()
  const away = page.locator('[data-waits=token-missing]')
  await away.getByText('The token of this step is not present').waitFor()
  await page.locator('[data-waits=paused]').getByText('was pulled out', { exact: false }).waitFor()
  expect(await stepPanel(page).getByRole('button', { name: 'Resume', exact: true }).count()).toBe(1)
  token.putBack()
  await away.waitFor({ state: 'detached' })
  await resume(page)
  await playOn(page, null)
  const path =
    (await resultPanel(page)
      .getByText(/\/bundle\.zip$/)
      .textContent()) ?? ''
  const policy = path.replace(/bundle\.zip$/, 'policy.json')
  expect(jsonOf(await custody('--json', 'verify', path, '--policy', policy))).toMatchObject({
    verdict: 'accepted',
  })
})
