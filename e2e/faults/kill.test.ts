import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Desktop, openDesktop } from '../desktop/support/desktop.ts'
import { custody, jsonOf } from '../support/commands.ts'
import {
  enterPin,
  pins,
  playOn,
  proceed,
  resultPanel,
  resume,
  startRehearsal,
  stepPanel,
} from '../support/person.ts'
import { descendant, descendants } from '../support/processes.ts'
import { objectsOf } from '../support/token-screen.ts'

let desktop: Desktop
beforeAll(async () => {
  desktop = await openDesktop()
})
afterAll(() => desktop?.close())

const title = 'First run'

function pidOf(program: 'core/main.js' | 'core/hsm-host.js', { app }: Desktop): number {
  return descendant(app.process().pid ?? 0, program)
}

function runFolder({ folder }: Desktop): string {
  const all = join(folder, 'store/ceremonies')
  const [run = ''] = readdirSync(all)
  return join(all, run)
}

/** How often the log says that `step` was about to be done: in SQLite's rows the columns of an entry stand side by side. */
function intentsOf(step: string, of: Desktop): number {
  const files = ['ceremony.db', 'ceremony.db-wal'].map((name) => join(runFolder(of), name))
  const bytes = files.filter(existsSync).map((file) => readFileSync(file, 'latin1'))
  return bytes.join('').split(`${step}step.intended`).length - 1
}

/** Files of the soft token: it grows by one with every object that is kept in it. */
function tokenObjects({ folder }: Desktop): number {
  const names = readdirSync(join(folder, 'store/soft-token/tokens'), { recursive: true }).map(String)
  return names.filter((name) => name.endsWith('.object') && !name.endsWith('token.object')).length
}

/** The window is the one that was opened: same renderer, same page, its navigation at hand. */
async function stays({ page, ready, output }: Desktop): Promise<void> {
  await page.getByRole('navigation', { name: 'Main navigation' }).waitFor()
  expect(output().match(/LUX-READY/g)?.length).toBe(1)
  expect(existsSync(`/proc/${ready.renderer}`)).toBe(true)
}

/** Presses Proceed while the token's process stands still, and waits until the intent is on disk. */
async function proceedFrozen(step: string, of: Desktop): Promise<void> {
  process.kill(pidOf('core/hsm-host.js', of), 'SIGSTOP')
  const before = intentsOf(step, of)
  await proceed(of.page)
  await expect.poll(() => intentsOf(step, of), { timeout: 30_000 }).toBeGreaterThan(before)
}

/** Core dies after the token made something and before core could know of it. */
async function killCoreBeforeItKnows(step: string, of: Desktop): Promise<number> {
  const core = pidOf('core/main.js', of)
  const host = pidOf('core/hsm-host.js', of)
  const before = tokenObjects(of)
  await proceedFrozen(step, of)
  // Never both run at once, so that no answer reaches core: it writes its request while the host stands still, and stands still itself
  // while the host works. Where the request was not there yet, each has its turn again.
  for (let turn = 0; tokenObjects(of) <= before; turn += 1) {
    if (turn > 0) process.kill(host, 'SIGSTOP')
    if (turn > 20) throw new Error(`the token made nothing at ${step}`)
    process.kill(core, 'SIGCONT')
    await of.page.waitForTimeout(1000)
    process.kill(core, 'SIGSTOP')
    process.kill(host, 'SIGCONT')
    for (let look = 0; look < 50 && tokenObjects(of) <= before; look += 1) await of.page.waitForTimeout(100)
  }
  process.kill(core, 'SIGKILL')
  return core
}

function killHost(): void {
  process.kill(pidOf('core/hsm-host.js', desktop), 'SIGKILL')
}

/** Core comes back by itself, or after its third death within a minute by the button that says so. */
async function coreIsBack(of: Desktop, dead: number): Promise<void> {
  const { page, app } = of
  const start = page.getByRole('alert').getByRole('button', { name: 'Start it again' })
  const running = () =>
    descendants(app.process().pid ?? 0, 'core/main.js').filter((pid) => pid !== dead).length
  await expect.poll(async () => running() > 0 || (await start.count()) > 0, { timeout: 60_000 }).toBe(true)
  if ((await start.count()) > 0) await start.click()
  await expect.poll(running, { timeout: 60_000 }).toBe(1)
  await page.getByText('Core ready').waitFor()
  await stays(of)
}

async function startDealing(page: Page): Promise<void> {
  await playOn(page, 'Deal the shares')
  // After a pause its PIN is asked for again.
  if ((await stepPanel(page).getByLabel('User PIN', { exact: true }).count()) > 0)
    await enterPin(stepPanel(page), 'User PIN', pins.user)
  await proceed(page)
  await stepPanel(page)
    .getByText(/^\d+ % done/)
    .waitFor()
}

/** Sealed, accepted, and on the token exactly what the transcript says: no key twice, none that nobody knows. */
async function endsWell(of: Desktop): Promise<void> {
  const { page } = of
  await playOn(page, null)
  await resultPanel(page).getByText('The bundle is sealed').waitFor()
  const folder = runFolder(of)
  const ended = await custody(
    '--json',
    'verify',
    join(folder, 'bundle.zip'),
    '--policy',
    join(folder, 'policy.json'),
  )
  expect(jsonOf(ended)).toMatchObject({ verdict: 'accepted', failed: [] })
  const objects = await objectsOf(page, 'Lux ceremony')
  expect(objects.map(({ label, kind, madeBy }) => ({ label, kind, madeBy }))).toEqual([
    { label: 'ceremony-key', kind: 'Private key', madeBy: title },
    { label: 'ceremony-key', kind: 'Public key', madeBy: title },
    { label: 'ceremony-key-seal', kind: 'Secret key', madeBy: title },
    { label: 'root-kek', kind: 'Secret key', madeBy: title },
  ])
  expect(tokenObjects(of)).toBe(4)
}

// One ceremony bears all of it: what one of the two deaths leaves behind must not spoil what follows the other.

test('HSM-CRASHED the token’s process killed in the probe: the run is paused, the window stays, and it is resumed', async () => {
  await startRehearsal(desktop.page, { script: 'First run' })
  await playOn(desktop.page, 'Attack the token')
  await proceedFrozen('probe-token', desktop)
  killHost()
  await desktop.page.getByText('HSM-CRASHED').first().waitFor()
  await stays(desktop)
  await resume(desktop.page)
})

test('CORE-KILLED core killed after the token made the ceremony key: it comes back, says so, and the run is resumed', async () => {
  await playOn(desktop.page, 'Make the ceremony key')
  const dead = await killCoreBeforeItKnows('make-ceremony-key', desktop)
  await desktop.page.getByText('CORE-RESTARTED').first().waitFor()
  await coreIsBack(desktop, dead)
  await resume(desktop.page)
})

test('CORE-KILLED core killed after the token made the root: the root is taken up, without a second key', async () => {
  await playOn(desktop.page, 'Make the root KEK')
  const dead = await killCoreBeforeItKnows('generate-root', desktop)
  await coreIsBack(desktop, dead)
  await resume(desktop.page)
  // The step is over without a second key.
  await playOn(desktop.page, 'Read the root key back')
})

test('HSM-CRASHED the token’s process killed in the deal: the run is resumed', async () => {
  await startDealing(desktop.page)
  killHost()
  await resume(desktop.page)
  await stays(desktop)
})

test('CORE-KILLED core killed in the deal: nothing outlives it, and the run ends sealed and accepted, with no key twice', async () => {
  await startDealing(desktop.page)
  const main = desktop.app.process().pid ?? 0
  const orphans = [descendant(main, 'core/key-child.js'), pidOf('core/hsm-host.js', desktop)]
  const dead = pidOf('core/main.js', desktop)
  process.kill(dead, 'SIGKILL')
  await coreIsBack(desktop, dead)
  // Neither outlives core for long: one holds a whole key, the other the token.
  await expect
    .poll(() => orphans.filter((pid) => existsSync(`/proc/${pid}`)), { timeout: 60_000 })
    .toEqual([])
  await resume(desktop.page)
  await endsWell(desktop)
})
