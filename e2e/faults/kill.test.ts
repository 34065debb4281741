import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterEach, expect, test } from 'vitest'
import { type Desktop, openDesktop } from '../desktop/support/desktop.ts'
import { custody, jsonOf } from '../support/commands.ts'
import { playOn, proceed, resultPanel, resume, startRehearsal, stepPanel } from '../support/person.ts'
import { descendant, descendants } from '../support/processes.ts'
import { objectsOf } from '../support/token-screen.ts'

let desktop: Desktop | undefined
afterEach(async () => {
  await desktop?.close()
  desktop = undefined
})

const title = 'First run: token, root, hierarchy, threshold key, bundle'

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

test('HSM-CRASHED the token’s process killed in the probe, at the root and in the deal: resumed to a sealed end', async () => {
  desktop = await openDesktop()
  const { page } = desktop
  await startRehearsal(page, { script: 'First run' })

  await playOn(page, 'Attack the token')
  await proceedFrozen('probe-token', desktop)
  process.kill(pidOf('core/hsm-host.js', desktop), 'SIGKILL')
  await page.getByText('HSM-CRASHED').first().waitFor()
  await stays(desktop)
  await resume(page)

  await playOn(page, 'Make the root KEK')
  const before = tokenObjects(desktop)
  await proceedFrozen('generate-root', desktop)
  process.kill(pidOf('core/hsm-host.js', desktop), 'SIGKILL')
  await page.getByText('HSM-CRASHED').first().waitFor()
  expect(tokenObjects(desktop)).toBe(before)
  await stays(desktop)
  await resume(page)

  await startDealing(page)
  process.kill(pidOf('core/hsm-host.js', desktop), 'SIGKILL')
  await resume(page)
  await stays(desktop)
  expect(intentsOf('probe-token', desktop)).toBeGreaterThan(0)
  await endsWell(desktop)
})

test('CORE-KILLED core killed at the ceremony key, at the root and in the deal: resumed to a sealed end', async () => {
  desktop = await openDesktop()
  const { page } = desktop
  await startRehearsal(page, { script: 'First run' })

  await playOn(page, 'Make the ceremony key')
  const first = await killCoreBeforeItKnows('make-ceremony-key', desktop)
  await page.getByText('CORE-RESTARTED').first().waitFor()
  await coreIsBack(desktop, first)
  await resume(page)

  await playOn(page, 'Make the root KEK')
  const second = await killCoreBeforeItKnows('generate-root', desktop)
  await coreIsBack(desktop, second)
  await resume(page)
  // The root that was made is taken up: the step is over without a second key.
  await playOn(page, 'Read the root key back')

  await startDealing(page)
  const main = desktop.app.process().pid ?? 0
  const orphans = [descendant(main, 'core/key-child.js'), pidOf('core/hsm-host.js', desktop)]
  const third = pidOf('core/main.js', desktop)
  process.kill(third, 'SIGKILL')
  await coreIsBack(desktop, third)
  // Neither outlives core for long: one holds a whole key, the other the token.
  await expect
    .poll(() => orphans.filter((pid) => existsSync(`/proc/${pid}`)), { timeout: 60_000 })
    .toEqual([])
  await resume(page)
  await endsWell(desktop)
}, 180_000)
