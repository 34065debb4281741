import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { privateFolder } from '../../scripts/electron/launch.ts'
import { root } from '../../scripts/root.ts'
import { show } from '../desktop/support/contents.ts'
import { type Desktop, openDesktop } from '../desktop/support/desktop.ts'
import { chooseInDialogs } from '../support/dialogs.ts'
import { startRehearsal } from '../support/person.ts'
import { choosePlan } from '../support/production-people.ts'
import { ProductionRoom } from '../support/production-room.ts'
import { onFullDisk } from '../support/small-disk.ts'

/** The store outlives its windows. */
let folder = ''
let room: ProductionRoom
let desktop: Desktop
const store = () => join(folder, 'store')
const open = async (environment: Record<string, string> = {}) => {
  desktop = await openDesktop({ environment: { LUX_STORE: store(), ...environment } })
}
beforeAll(async () => {
  folder = privateFolder('lux-bad-input-')
  room = new ProductionRoom('b1'.repeat(32))
  await open()
})
afterAll(async () => {
  await desktop?.close()
  room?.remove()
  rmSync(folder, { recursive: true, force: true })
})

/** The notice on the screen, which says what happened, what to do, and the code. */
async function told(page: Page, code: string, what: string, todo: string): Promise<void> {
  const notice = page.locator(`.failure[data-code="${code}"]`)
  await notice.getByText(what, { exact: true }).waitFor()
  await notice.getByText(todo, { exact: true }).waitFor()
  expect(await notice.locator('dd').last().textContent()).toBe(code)
}

test('BAD-FILES a plan with an unknown key is refused by its rule and path, and no ceremony is begun', async () => {
  const { page } = desktop
  const plan = room.file('surprise.yaml')
  writeFileSync(plan, `${readFileSync(room.file('plan.yaml'), 'utf8')}surprise: 1\n`, { mode: 0o644 })
  await show(desktop, 'ceremonies')
  await choosePlan(desktop, { plan, lock: room.file('plan.lock.json') })
  await page.getByRole('button', { name: 'Open the plan' }).click()
  await told(
    page,
    'PLAN-03',
    'The plan has a wrong or unknown entry',
    'Correct the entry at the path that is named.',
  )
  await page.getByText('There are no ceremonies yet.').waitFor()
})

test('BAD-FILES a threshold above the number of holders is refused, and no ceremony is begun', async () => {
  const { page } = desktop
  await show(desktop, 'ceremonies')
  await page.getByRole('radio', { name: 'First run' }).click()
  await page.getByRole('textbox', { name: 'Holders needed to decrypt' }).fill('4')
  await page.getByRole('button', { name: 'Start the rehearsal' }).click()
  await told(
    page,
    'PLAN-40',
    'The threshold is impossible',
    'Change t, n, the list of holders, or mode and type of the key.',
  )
  await page.getByText('There are no ceremonies yet.').waitFor()
})

test('BAD-FILES a holder who is enrolled already is refused, and stays enrolled once', async () => {
  const { page } = desktop
  await show(desktop, 'holders')
  await chooseInDialogs(desktop, room.file('Hana.json'))
  const enrol = page.getByRole('button', { name: 'Enrol from a file…' })
  await enrol.click()
  await page.getByText('Enrolled:').waitFor()
  await enrol.click()
  await told(
    page,
    'HOLDER-DUPLICATE',
    'This holder is enrolled already',
    'Use the enrolled card, or have the holder make a new one.',
  )
  expect(await page.locator('main ul.list > li').count()).toBe(1)
})

test('BAD-FILES a bundle that is cut short is refused by its first check', async () => {
  const { page } = desktop
  const path = join(folder, 'cut.zip')
  const whole = readFileSync(join(root, 'packages/ceremony/history/0.1.0/bundle.zip'))
  writeFileSync(path, whole.subarray(0, whole.length / 2), { mode: 0o644 })
  await show(desktop, 'bundles')
  await chooseInDialogs(desktop, path)
  await page.getByRole('button', { name: 'Choose a file: Bundle' }).click()
  await page.getByRole('button', { name: 'Verify', exact: true }).click()
  await page.locator('[data-verdict=refused]').getByText('ZIP-PROFILE').first().waitFor()
})

test('DISK-FULL a rehearsal that finds no room is refused, the window goes on, and there is room again for the next', async () => {
  const { page } = desktop
  await show(desktop, 'ceremonies')
  await onFullDisk(desktop.ready.core ?? 0, 40_000, async () => {
    await page.getByRole('radio', { name: 'Token initialisation' }).click()
    await page.getByRole('button', { name: 'Start the rehearsal' }).click()
    await told(
      page,
      'DISK-FULL',
      'The disk is full',
      'Free space first, then resume the run or try again. What was recorded before is safe.',
    )
  })
  await startRehearsal(page, { script: 'Token initialisation' })
})

test('STORE-DAMAGED HSM-LIBRARY-MISSING without a library and with one damaged log, everything else is shown, and the log is as it was', async () => {
  await startRehearsal(desktop.page, { script: 'Token initialisation' })
  await ended()
  const [first = ''] = readdirSync(join(store(), 'ceremonies')).toSorted()
  const log = join(store(), 'ceremonies', first, 'ceremony.db')
  const sound = readFileSync(log)
  writeFileSync(log, 'x'.repeat(9000))
  await open({ LUX_PKCS11: join(folder, 'none.so') })
  const { page } = desktop
  await show(desktop, 'ceremonies')
  await told(
    page,
    'STORE-DAMAGED',
    'The store or a ceremony in it is damaged',
    'Do not write to it. Put the folder that the detail names back from its last copy.',
  )
  const others = await page
    .getByRole('region', { name: 'Ceremonies', exact: true })
    .locator('tbody tr')
    .count()
  expect(others).toBeGreaterThan(0)
  await show(desktop, 'tokens')
  await told(page, 'HSM-LIBRARY-MISSING', 'The token library is missing', 'Install it or correct its path.')
  await show(desktop, 'holders')
  await page.getByText('Hana').first().waitFor()
  await ended()
  expect(readFileSync(log, 'utf8')).toBe('x'.repeat(9000))

  writeFileSync(log, sound)
  writeFileSync(join(folder, 'wrong.so'), 'not a library', { mode: 0o644 })
  await open({ LUX_PKCS11: join(folder, 'wrong.so') })
  await show(desktop, 'tokens')
  await told(
    desktop.page,
    'HSM-LIBRARY-INVALID',
    'The file is not a library, or it is damaged',
    "Choose the vendor's PKCS#11 library.",
  )
  await show(desktop, 'ceremonies')
  const rows = desktop.page.getByRole('region', { name: 'Ceremonies', exact: true }).locator('tbody tr')
  await expect.poll(() => rows.count()).toBe(others + 1)
})

test('STORE-NEWER FOLDER-READ-ONLY a store that cannot be written or is of a newer version is not touched, and opens by a button once that is mended', async () => {
  await ended()
  const file = join(store(), 'store.db')
  const sound = readFileSync(file)
  // Where SQLite keeps the version that a program gave its file.
  const newer = Buffer.from(sound)
  newer.writeUInt32BE(99, 60)
  chmodSync(store(), 0o500)
  await open()
  const { page } = desktop
  const banner = page.locator('.banner[data-kind=stopped]')
  const again = banner.getByRole('button', { name: 'Start it again' })
  await banner.getByText('The folder cannot be written', { exact: true }).waitFor()
  chmodSync(store(), 0o700)
  writeFileSync(file, newer)
  await again.click()
  await banner.getByText('The store or the ceremony was written by a newer version').waitFor()
  expect(readFileSync(file).equals(newer)).toBe(true)
  writeFileSync(file, sound)
  await again.click()
  await banner.waitFor({ state: 'detached' })
  await show(desktop, 'holders')
  await page.getByText('Hana').first().waitFor()
})

/** The window goes, and core after it has put its files in order. */
async function ended(): Promise<void> {
  const core = desktop.ready.core ?? 0
  await desktop.close()
  await expect.poll(() => runs(core), { timeout: 60_000, interval: 50 }).toBe(false)
}

function runs(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
