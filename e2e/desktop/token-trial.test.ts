import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chooseInDialogs } from '../support/dialogs.ts'
import { titleOf } from '../support/pdf.ts'
import { invoke, show } from './support/contents.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

const pins = { so: '73910284', user: '51827364' }
let desktop: Desktop
let serial: string

type Made = { ok: true; value: { token: { serial: string } } }

beforeAll(async () => {
  desktop = await openDesktop()
  const list = (await invoke(desktop, 'tokens.list', {})) as {
    value: { slots: { slot: string; token: { initialised: boolean } }[] }
  }
  const { slot } = list.value.slots.find(({ token }) => !token.initialised)!
  const asked = { slot, serial: '', typedLabel: '', label: 'to be tried', pins }
  serial = ((await invoke(desktop, 'tokens.initialise', asked)) as Made).value.token.serial
})
afterAll(() => desktop?.close())

const region = () =>
  desktop.page
    .locator('section.section')
    .filter({ has: desktop.page.getByRole('heading', { name: 'Tried out' }) })
const go = () => region().getByRole('button', { name: 'Try what it can do', exact: true })

test('TOKENS-TRIAL nothing is tried before the user is logged in and asks for it', async () => {
  await show(desktop, `tokens/${serial}`)
  expect(await go().getAttribute('aria-disabled')).toBe('true')
  await region().getByText('Log in to run this', { exact: true }).waitFor()
  await invoke(desktop, 'tokens.logIn', { serial, user: 'user', pin: pins.user })
  await desktop.page.getByText('User logged in').waitFor()
  expect(await region().getByRole('table').count()).toBe(0)
})

test('TOKENS-TRIAL it shows how far it is, and Cancel ends it: no result, and what happened is said', async () => {
  await go().click()
  const bar = region().getByRole('progressbar', { name: 'Trying what the token can do' })
  await bar.waitFor()
  await region().getByRole('button', { name: 'Cancel', exact: true }).click()
  await region().getByRole('alert').getByText('WORK-CANCELLED').waitFor()
  expect(await bar.count()).toBe(0)
  expect(await region().getByRole('table').count()).toBe(0)
})

test('TOKENS-TRIAL each trial has its result, what was refused its reason, and nothing is left on the token', async () => {
  await go().click()
  const table = region().getByRole('table')
  await table.waitFor({ timeout: 90_000 })
  await region().getByText('39 proved', { exact: true }).waitFor()
  await region().getByText('10 not supported', { exact: true }).waitFor()
  const row = (name: string) =>
    table
      .getByRole('row')
      .filter({ has: desktop.page.getByRole('rowheader', { name: new RegExp(`^${name}\\b`) }) })
  expect(await row('ecdsa-p-256-sha256').textContent()).toMatch(/CKM_ECDSA.*Proved/)
  expect(await row('rsa-oaep-sha256').first().textContent()).toMatch(/CKM_RSA_PKCS_OAEP.*Not supported.*CKR_/)
  expect(await table.getByRole('row').count()).toBe(1 + 6 + 49)
  await desktop.page.getByText('The token holds no objects.', { exact: true }).waitFor()
  // It is still there when one comes back to the screen.
  await show(desktop, 'home')
  await show(desktop, `tokens/${serial}`)
  await region().getByText('39 proved', { exact: true }).waitFor()
})

test('TOKENS-DOCTOR what the token can be is read, and tried where its label is typed; it leaves as one page', async () => {
  const { page } = desktop
  const doctor = page
    .locator('section.section')
    .filter({ has: page.getByRole('heading', { name: 'What it can be' }) })
  const row = (name: string) =>
    doctor.getByRole('row').filter({ has: page.getByRole('rowheader', { name, exact: true }) })
  await doctor.getByRole('button', { name: 'Read', exact: true }).click()
  await row('root').getByText('unproved', { exact: true }).waitFor()
  const tryIt = doctor.getByRole('button', { name: 'Try each role', exact: true })
  expect(await tryIt.getAttribute('aria-disabled')).toBe('true')
  await doctor.getByRole('textbox').fill('to be tried')
  await tryIt.click()
  await row('root').getByText('yes', { exact: true }).waitFor({ timeout: 90_000 })
  await row('left on it').getByText('nothing: its contents are the same').waitFor()
  await doctor.getByRole('button', { name: 'On paper' }).click()
  const to = join(desktop.folder, 'home', 'token.pdf')
  await chooseInDialogs(desktop, to)
  await page.getByRole('button', { name: 'Save as PDF…' }).click()
  await page.getByText(to).waitFor()
  const pdf = readFileSync(to, 'latin1')
  expect([titleOf(pdf), pdf.match(/\/Type \/Page\b/g)?.length]).toEqual(['What it can be', 1])
})
