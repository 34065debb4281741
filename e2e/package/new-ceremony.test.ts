import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { strongPassphrase } from '../../packages/crypto/test/strong-passphrase.ts'
import { giveFolder } from '../../scripts/electron/launch.ts'
import { violations } from '../desktop/support/contents.ts'
import { openPackaged, type Packaged } from '../support/packaged.ts'
import { actOnce, currentStep, goTo, resultPanel, stepPanel } from '../support/person.ts'
import { asksForFolder, mediumButton } from '../support/production-people.ts'
import { beginSetup, goOn, type KeyFolder, makeKey, Presses, signWithKey } from '../support/set-up.ts'

const people = [
  ['Anna', 'Ceremony administrator'],
  ['Omar', 'Operator'],
  ['Sofia', 'Security officer'],
  ['Ada', 'Crypto officer'],
  ['Bob', 'Crypto officer'],
  ['Eve', 'Crypto officer'],
  ['Wim', 'Witness'],
  ['Zoe', 'Witness'],
] as const

/** Nothing but the packaged test build is started, and no command is run. */
let desktop: Packaged
let keys: KeyFolder
const presses = new Presses()
beforeAll(async () => {
  desktop = await openPackaged()
  const folder = giveFolder(join(desktop.folder, 'keys'))
  keys = { file: (name) => join(folder, name), passphrase: strongPassphrase }
})
afterAll(async () => {
  console.log(`presses and choices, of everybody: ${presses.count}`)
  await desktop?.close()
})

/** What a system's file manager gives the page when files are let go over it. */
async function drop(on: string, files: readonly { name: string; text: string }[]): Promise<void> {
  await desktop.page.evaluate(
    ([selector, given]) => {
      const dataTransfer = new DataTransfer()
      for (const { name, text } of given) dataTransfer.items.add(new File([text], name))
      const target = document.querySelector(selector)
      target?.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }))
    },
    [on, files] as const,
  )
}

test('SETUP-DROP a file that falls where nothing takes one is not read, and the page stays', async () => {
  const { page } = desktop
  const at = page.url()
  await drop('main', [{ name: 'card.json', text: '{}' }])
  await page.getByText('Nothing was taken in').waitFor()
  expect(page.url()).toBe(at)
  await page
    .getByRole('button', { name: 'Understood' })
    .or(page.locator('[data-dropped] button'))
    .first()
    .click()
  await page.getByText('Nothing was taken in').waitFor({ state: 'detached' })
})

test('SETUP-PEOPLE everybody makes a key at the window, and a stranger’s file is refused at once', async () => {
  const { page } = desktop
  await beginSetup(page, 'Root of Acme', presses)
  await drop('main', [{ name: 'shopping.txt', text: 'eggs' }])
  await page.locator('.failure[data-code="FILE-WRONG-KIND"]').waitFor()
  for (const [name, role] of people) await makeKey(desktop, { name, role }, keys, presses)
  await page.locator('.setup-foot').getByText('8 people are here').waitFor()
})

test('SETUP-POLICY a policy is proposed, changed as sentences, told what it cannot be, and signed by key files', async () => {
  const { page } = desktop
  await goOn(page, 'Go on to the policy', presses)
  await page.getByLabel('Organisation', { exact: true }).fill('Acme Ltd')
  await page.getByLabel('Organisation', { exact: true }).press('Enter')
  await presses.on(page.getByLabel('Keys may live in software tokens'))
  await presses.on(page.getByRole('combobox', { name: 'Least evidence' }))
  await presses.on(page.getByRole('option', { name: 'E0, read back' }))
  const officers = page.getByRole('combobox', { name: 'Officers who must sign' })
  expect(await officers.textContent()).toBe('2')
  for (const name of ['Ada', 'Bob'])
    await signWithKey(
      desktop,
      page.getByRole('button', { name: `${name}: Sign with a key file…` }),
      name,
      keys,
      presses,
    )
  await page.locator('.setup-foot').getByText('2 of 2 officers have signed the policy').waitFor()
})

test('SETUP-SURVIVES a window that is killed in mid-set-up, and in mid-field, goes on where it stood', async () => {
  const { folder, page } = desktop
  await presses.on(page.locator('.setup-steps button').nth(2))
  const title = page.getByLabel('Title of the ceremony')
  await title.press('End')
  await title.pressSequentially(', 2026')
  // The field still has the focus: what stands above is what the store has.
  await page.getByRole('heading', { name: 'Root of Acme, 2026', level: 1 }).waitFor()
  expect(await title.evaluate((field) => field === document.activeElement)).toBe(true)
  await desktop.close({ keep: true })
  desktop = await openPackaged(undefined, undefined, folder)
  await goTo(desktop.page, 'Ceremonies')
  await desktop.page.getByText('Next: Script').waitFor()
  await presses.on(desktop.page.getByRole('link', { name: 'Root of Acme, 2026' }))
  await desktop.page.getByRole('heading', { name: 'What is to be done' }).waitFor()
})

test('SETUP-LOCK the script is linted in place, rehearsed, approved, and locked into a run', async () => {
  const { page } = desktop
  await presses.on(page.getByRole('radio', { name: /^Token initialisation/ }))
  await page.getByText('The plan is sound').waitFor()
  await page.getByRole('button', { name: 'Print the plan' }).click()
  await page
    .getByRole('dialog')
    .getByText(/Plan hash/)
    .waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
  await goOn(page, 'Go on to the rehearsal', presses)
  await presses.on(page.getByRole('button', { name: 'Let the machine play everybody' }))
  await page.getByText('Rehearsed to its sealed bundle').waitFor({ timeout: 90_000 })
  await goOn(page, 'Go on to the approval', presses)
  for (const name of ['Ada', 'Eve'])
    await signWithKey(
      desktop,
      page.getByRole('button', { name: `${name}: Approve with a key file…` }),
      name,
      keys,
      presses,
    )
  await goOn(page, 'Go on to the lock', presses)
  const medium = giveFolder(join(desktop.folder, 'lock'))
  desktop.choose(medium)
  await presses.on(page.getByRole('button', { name: 'Save policy, plan and lock…' }))
  await page.getByText(join(medium, 'plan.lock.json')).waitFor()
  expect(readdirSync(medium).toSorted()).toEqual(['cards', 'plan.lock.json', 'plan.yaml', 'policy.json'])
  await presses.on(page.getByRole('button', { name: 'Lock the plan and begin' }))
  await stepPanel(page).waitFor()
  console.log(`presses and choices to the locked plan: ${presses.count}`)
  expect(presses.count).toBeLessThanOrEqual(35)
})

test('SETUP-RUN the whole production run is led at the window, everybody signing with their own key file', async () => {
  const { page } = desktop
  for (const end = Date.now() + 150_000; Date.now() < end; ) {
    const at = await currentStep(page)
    const said = await page.locator('.failure').allInnerTexts()
    if (said.length > 0) throw new Error(`at “${at}”: ${said.join('\n')}`)
    if (at === null) break
    const sign = stepPanel(page)
      .getByRole('button', { name: /: Sign here with a key file…$/ })
      .first()
    if ((await sign.count()) > 0) {
      const name = ((await sign.getAttribute('aria-label')) ?? '').split(': Sign here')[0] ?? ''
      await signWithKey(desktop, sign, name, keys, presses)
    } else if (await asksForFolder(page)) {
      desktop.choose(giveFolder(join(desktop.folder, 'exported')))
      await presses.on(mediumButton(page))
    } else if (await actOnce(page, at)) presses.count += 1
    else await page.waitForTimeout(30)
  }
  await resultPanel(page)
    .getByText(/\/bundle\.zip$/)
    .waitFor()
  await page.getByText('Closed', { exact: true }).first().waitFor()
  expect(violations(desktop)).toEqual([])
})
