import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { giveFolder } from '../../scripts/electron/launch.ts'
import { custody, jsonOf } from '../support/commands.ts'
import { chooseInDialogs } from '../support/dialogs.ts'
import { goTo, playOn, resultPanel, startRehearsal } from '../support/person.ts'
import { invoke } from './support/contents.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

let desktop: Desktop
let place = ''
beforeAll(async () => {
  desktop = await openDesktop()
  place = giveFolder(join(desktop.folder, 'person'))
})
afterAll(() => desktop?.close())

const refused = { ok: false, error: expect.objectContaining({ code: 'SHELL-PATHS' }) }
const id = 'ab'.repeat(16)

test.each<[api: string, input: (path: string) => object]>([
  ['holders.enrol', (path) => ({ path })],
  ['bundles.verify', (path) => ({ path })],
  ['ceremonies.open', (path) => ({ plan: path, lock: path })],
  ['ceremonies.startRehearsal', (path) => ({ script: 'first-run', values: { destination: path } })],
])('SHELL-PATHS %s of a path that was never chosen is refused, there or not', async (api, input) => {
  writeFileSync(join(place, 'there.json'), '{}', { mode: 0o644 })
  for (const path of [join(place, 'there.json'), join(place, 'not-there.json'), '/etc/passwd']) {
    expect([path, await invoke(desktop, api, input(path))]).toEqual([path, refused])
  }
})

test('SHELL-PATHS a report goes where a person chose, once, and nowhere else', async () => {
  const path = join(place, 'report.json')
  expect(await invoke(desktop, 'report.save', { path })).toEqual(refused)
  expect(existsSync(path)).toBe(false)
  const { page } = desktop
  await goTo(page, 'Settings')
  await chooseInDialogs(desktop, path)
  await page.getByRole('button', { name: 'Save a report…' }).click()
  await page.getByText(path).waitFor()
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ app: { version: expect.any(String) } })
  expect(await invoke(desktop, 'report.save', { path })).toEqual(refused)
})

test('SHELL-PATHS a holder is enrolled from the card that was chosen in the dialog', async () => {
  const [card, key, passphrase] = ['hana.json', 'hana.key', 'passphrase'].map((name) => join(place, name))
  writeFileSync(passphrase!, 'seven words that nobody else would choose\n', { mode: 0o600 })
  jsonOf(
    await custody(
      ...['--json', 'holder', 'enrol', '--name', 'Hana Holder', '--domain', 'rehearsal'],
      ...['--key', key!, '--out', card!, '--passphrase-file', passphrase!],
    ),
  )
  chmodSync(card!, 0o644)
  const { page } = desktop
  await goTo(page, 'Holders')
  await chooseInDialogs(desktop, card!)
  await page.getByRole('button', { name: 'Enrol from a file…' }).click()
  await page.getByText('Hana Holder').first().waitFor()
})

test('SHELL-PATHS a plan and its lock that were chosen in the dialogs are read', async () => {
  const { page } = desktop
  const [plan, lock] = [join(place, 'plan.yaml'), join(place, 'plan.lock.json')]
  for (const file of [plan, lock]) writeFileSync(file, 'v: 1\n', { mode: 0o644 })
  await goTo(page, 'Ceremonies')
  await chooseInDialogs(desktop, plan)
  await page.getByRole('button', { name: /^Choose a file: .*[Pp]lan$/ }).click()
  await page.getByText(plan, { exact: true }).waitFor()
  await chooseInDialogs(desktop, lock)
  await page.getByRole('button', { name: /^Choose a file: .*[Ll]ock/ }).click()
  await page.getByText(lock, { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Open the plan' }).click()
  // It was read: what is refused now is the plan itself.
  await page
    .locator('.failure')
    .getByText(/^PLAN-\d\d$/)
    .first()
    .waitFor()
})

test('SHELL-PATHS a bundle is exported into the chosen folder alone, once for each choice', async () => {
  const { page } = desktop
  const [medium, other] = [giveFolder(join(place, 'medium')), giveFolder(join(place, 'other'))]
  await startRehearsal(page, { script: 'Token initialisation' })
  await playOn(page, null)
  const bundle = await resultPanel(page)
    .getByText(/\/bundle\.zip$/)
    .textContent()
  const ceremony = await idOf(desktop)
  expect(await invoke(desktop, 'bundles.export', { id: ceremony, folder: other })).toEqual(refused)
  await resultPanel(page).getByRole('link', { name: 'Go to bundles' }).click()
  await chooseInDialogs(desktop, medium)
  await page.getByRole('button', { name: 'Export…' }).click()
  await page.getByText('Written, read back and compared:').waitFor()
  expect(readdirSync(medium).length).toBe(1)
  expect(await invoke(desktop, 'bundles.export', { id: ceremony, folder: medium })).toEqual(refused)
  expect(readdirSync(other)).toEqual([])
  // The store's own bundle is listed by core, so it may be verified without being chosen.
  expect(await invoke(desktop, 'bundles.verify', { path: bundle })).toMatchObject({ ok: true })
})

test('SHELL-PATHS a folder or an answer that was not chosen is refused in the middle of a ceremony too', async () => {
  const ceremony = await idOf(desktop)
  mkdirSync(join(place, 'quiet'), { recursive: true })
  const proceed = { id: ceremony, step: 'x', by: 'Administrator' }
  expect(
    await invoke(desktop, 'ceremonies.proceed', {
      ...proceed,
      input: { values: { medium: join(place, 'quiet') } },
    }),
  ).toEqual(refused)
  expect(await invoke(desktop, 'ceremonies.submitFile', { id: ceremony, path: '/etc/passwd' })).toEqual(
    refused,
  )
  expect(await invoke(desktop, 'ceremonies.view', { id })).toMatchObject({
    error: { code: 'CEREMONY-UNKNOWN' },
  })
})

async function idOf(of: Desktop): Promise<string> {
  const answer = await invoke(of, 'ceremonies.list', {})
  const { ceremonies } = Object(Object(answer).value)
  return String(ceremonies[0].id)
}
