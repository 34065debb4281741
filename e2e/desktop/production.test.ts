import { chmodSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { giveFolder } from '../../scripts/electron/launch.ts'
import { jsonOf } from '../support/commands.ts'
import { chooseInDialogs } from '../support/dialogs.ts'
import { asOffered } from '../support/offered.ts'
import { resultPanel } from '../support/person.ts'
import { leadOn, openPlan } from '../support/production-people.ts'
import { ProductionRoom } from '../support/production-room.ts'
import { releasedCore } from '../support/released-core.ts'
import { onFullDisk } from '../support/small-disk.ts'
import { invoke, show, violations } from './support/contents.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

let release: ReturnType<typeof releasedCore>
let desktop: Desktop
let room: ProductionRoom
beforeAll(async () => {
  release = releasedCore()
  desktop = await openDesktop({ environment: { LUX_CORE: release.entry } })
  const info = await invoke(desktop, 'app.info', {})
  const build = /"build":"([0-9a-f]{64})"/.exec(JSON.stringify(info))?.[1] ?? ''
  room = new ProductionRoom(build)
})
afterAll(async () => {
  await desktop?.close()
  room?.remove()
  release?.remove()
})

test('PRODUCTION-ENROL a holder’s card is taken in from a file, and its words are shown to be compared', async () => {
  const { page } = desktop
  await show(desktop, 'holders')
  await chooseInDialogs(desktop, room.file('Hana.json'))
  await page.getByRole('button', { name: 'Enrol from a file…' }).click()
  await page.getByText('Enrolled:').waitFor()
  const words = await page.getByRole('status').locator('.word-cards .word').allTextContents()
  expect(words).toHaveLength(32)
})

test('PRODUCTION-WHOLE a locked plan is led on the screen to Closed, everybody signing on a device of their own', async () => {
  const { page } = desktop
  await show(desktop, 'home')
  await openPlan(desktop, { plan: room.file('plan.yaml'), lock: room.file('plan.lock.json') })
  const kinds = new Set<string>()
  await leadOn(desktop, room, null, async () => {
    kinds.add(await asOffered(desktop))
  })
  for (const next of ['seen', 'file differs', 'hear', 'proceed'])
    expect([...kinds].some((kind) => kind.startsWith(next))).toBe(true)
  await resultPanel(page)
    .getByText(/\/bundle\.zip$/)
    .waitFor()
  await page.getByText('Closed', { exact: true }).first().waitFor()
  // Without a destination there is no receipt.
  const states = await page
    .locator('.timeline-steps li')
    .evaluateAll((steps) => steps.map((step) => step.getAttribute('data-state')))
  expect([states.length, states.filter((state) => state !== 'done')]).toEqual([20, ['skipped']])
  expect(violations(desktop)).toEqual([])
})

test('FOLDER-READ-ONLY DISK-FULL a medium that takes no bundle is named with what to do, and holds nothing afterwards', async () => {
  const { page } = desktop
  const medium = giveFolder(join(desktop.folder, 'bad-medium'))
  await resultPanel(page).getByRole('link', { name: 'Go to bundles' }).click()
  await chooseInDialogs(desktop, medium)
  const exported = page.getByRole('button', { name: 'Export…' })
  const told = (code: string, what: string) =>
    page.locator(`.failure[data-code="${code}"]`).getByText(what, { exact: true }).waitFor()
  chmodSync(medium, 0o500)
  await exported.click()
  await told('FOLDER-READ-ONLY', 'The folder cannot be written')
  chmodSync(medium, 0o700)
  await onFullDisk(desktop.ready.core ?? 0, 20_000, async () => {
    await exported.click()
    await told('DISK-FULL', 'The disk is full')
    await page
      .locator('.failure[data-code="DISK-FULL"]')
      .getByText(/^free space first/i)
      .waitFor()
  })
  expect(readdirSync(medium)).toEqual([])
})

test('PRODUCTION-BUNDLE its bundle is exported to a folder, and the window and custody verify accept what lies there', async () => {
  const { page } = desktop
  const medium = giveFolder(join(desktop.folder, 'medium'))
  await chooseInDialogs(desktop, medium)
  await page.getByRole('button', { name: 'Export…' }).click()
  await page.getByText('Written, read back and compared:').waitFor()
  const [name = ''] = readdirSync(medium)
  const bundle = join(medium, name)
  for (const [button, path] of [
    ['Choose a file: Bundle', bundle],
    ['Choose a file: Policy', room.file('policy.json')],
  ] as const) {
    await chooseInDialogs(desktop, path)
    await page.getByRole('button', { name: button }).click()
    await page.getByText(path, { exact: true }).last().waitFor()
  }
  await page.getByRole('button', { name: 'Verify', exact: true }).last().click()
  await page.locator('[data-verdict=accepted]').waitFor()
  const verdict = jsonOf(await room.custody('--json', 'verify', bundle, '--policy', room.file('policy.json')))
  expect(verdict).toMatchObject({ verdict: 'accepted', failed: [] })
})
