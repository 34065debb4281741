import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { startDisplay } from '../../scripts/electron/display.ts'
import {
  appFolder,
  electronCommand,
  electronEnvironment,
  sandboxSwitches,
} from '../../scripts/electron/launch.ts'
import { invoke, show } from './support/contents.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

let desktop: Desktop | undefined
afterEach(async () => {
  await desktop?.close()
  desktop = undefined
})

type Info = { value: { core: { state: string; generation: number; reason: string | null } } }
const core = async (from: Desktop) => ((await invoke(from, 'shell.info', {})) as Info).value.core

test('CORE-KILLED the window stays, core comes back with a new generation, and the call under way is told', async () => {
  desktop = await openDesktop({ core: 'fake:' })
  await show(desktop, 'tokens')
  const unanswered = invoke(desktop, 'ceremonies.pause', { id: 'c1', by: 'Ada' })
  await desktop.page.waitForTimeout(200)
  process.kill(desktop.ready.core ?? 0, 'SIGKILL')
  expect(await unanswered).toMatchObject({ ok: false, error: { code: 'CORE-RESTARTED' } })
  await expect
    .poll(() => core(desktop!), { timeout: 30_000 })
    .toMatchObject({ state: 'ready', generation: 2 })
  await desktop.page.getByText('The core ended by itself and was started again.').waitFor()
  await desktop.page.getByRole('heading', { level: 1, name: 'Tokens' }).waitFor()
  expect(await invoke(desktop, 'app.info', {})).toMatchObject({ ok: true })
})

test('CORE-HUNG a core that stands still is ended and started again, and the window says so', async () => {
  desktop = await openDesktop({ core: 'fake:', environment: { LUX_PATIENCE_MS: '6000' } })
  await show(desktop, 'tokens')
  const unanswered = invoke(desktop, 'ceremonies.pause', { id: 'c1', by: 'Ada' })
  process.kill(desktop.ready.core ?? 0, 'SIGSTOP')
  expect(await unanswered).toMatchObject({ ok: false, error: { code: 'CORE-RESTARTED' } })
  await expect
    .poll(() => core(desktop!), { timeout: 60_000 })
    .toEqual({ state: 'ready', generation: 2, reason: null })
  const banner = desktop.page.getByRole('status').filter({ hasText: 'no longer answered' })
  await banner.getByText('The core no longer answered and was started again.').waitFor()
  await desktop.page.getByRole('heading', { level: 1, name: 'Tokens' }).waitFor()
  await banner.getByRole('button', { name: 'Understood' }).click()
  await banner.waitFor({ state: 'detached' })
})

test('CORE-STRIKES a core that dies three times is stopped, said so, and started by hand', async () => {
  desktop = await openDesktop({ core: 'fake:dies' })
  await expect
    .poll(() => core(desktop!), { timeout: 60_000 })
    .toEqual({
      state: 'stopped',
      generation: 3,
      reason: 'CORE-STOPPED',
    })
  const banner = desktop.page.getByRole('alert')
  await banner.getByText('The core has stopped.').waitFor()
  await banner.getByRole('button', { name: 'Start it again' }).click()
  await expect
    .poll(() => core(desktop!), { timeout: 60_000 })
    .toMatchObject({ state: 'stopped', generation: 6 })
})

test('CORE-REFUSED a core that refuses the store is not started again', async () => {
  desktop = await openDesktop({ core: 'fake:refuses' })
  await desktop.page.getByRole('alert').getByText('STORE-NEWER').waitFor()
  expect(await core(desktop)).toEqual({ state: 'stopped', generation: 1, reason: 'STORE-NEWER' })
})

test('RENDERER-CRASHED the page is loaded again and core goes on', async () => {
  desktop = await openDesktop({ core: 'fake:' })
  process.kill(desktop.ready.renderer, 'SIGKILL')
  await expect.poll(() => desktop!.output().match(/LUX-READY/g)?.length, { timeout: 60_000 }).toBe(2)
})

test('SHELL-CLOSE closing during a ceremony asks, and staying keeps window and core', async () => {
  desktop = await openDesktop({ core: 'fake:attention' })
  const asked = await desktop.app.evaluate(async ({ BrowserWindow, dialog, powerSaveBlocker }) => {
    let question = ''
    Reflect.set(dialog, 'showMessageBox', async (_window: unknown, { message }: { message: string }) => {
      question = message
      return { response: 0 }
    })
    const [window] = BrowserWindow.getAllWindows()
    window?.close()
    const late = Date.now() + 20_000
    while (question === '' && Date.now() < late) await new Promise((resolve) => setTimeout(resolve, 100))
    // Whatever closes in spite of the answer does so after it.
    await new Promise((resolve) => setTimeout(resolve, 300))
    return {
      question,
      open: BrowserWindow.getAllWindows().length,
      awake: powerSaveBlocker.isStarted(0) || powerSaveBlocker.isStarted(1),
    }
  })
  expect(asked).toEqual({ question: 'A ceremony is under way', open: 1, awake: true })
  expect(await core(desktop)).toMatchObject({ state: 'ready', generation: 1 })
})

test('SHELL-AWAKE the machine is kept awake while a ceremony is under way, and no longer', async () => {
  desktop = await openDesktop({ core: 'fake:attention' })
  const awake = () =>
    desktop!.app.evaluate(({ powerSaveBlocker }) => [0, 1, 2].some((id) => powerSaveBlocker.isStarted(id)))
  await expect.poll(awake).toBe(true)
  await invoke(desktop, 'ceremonies.cancel', { id: 'c1' })
  await expect.poll(awake).toBe(false)
  const left = await desktop.app.evaluate(async ({ BrowserWindow, dialog }) => {
    let asked = false
    Reflect.set(dialog, 'showMessageBox', async () => {
      asked = true
      return { response: 0 }
    })
    const [window] = BrowserWindow.getAllWindows()
    const closed = new Promise((resolve) => window?.once('closed', () => resolve(true)))
    window?.close()
    return { asked, closed: await closed }
  })
  expect(left).toEqual({ asked: false, closed: true })
})

test('SHELL-SLEEP shutting down during a ceremony asks, and so does a machine that slept in it', async () => {
  desktop = await openDesktop({ core: 'fake:attention' })
  const asked = await desktop.app.evaluate(async ({ BrowserWindow, dialog, powerMonitor }) => {
    const questions: string[] = []
    Reflect.set(dialog, 'showMessageBox', async (_window: unknown, { message }: { message: string }) => {
      questions.push(message)
      return { response: 0 }
    })
    let prevented = false
    powerMonitor.emit('shutdown', {
      preventDefault() {
        prevented = true
      },
    })
    powerMonitor.emit('suspend')
    powerMonitor.emit('resume')
    const late = Date.now() + 20_000
    while (questions.length < 2 && Date.now() < late) await new Promise((resolve) => setTimeout(resolve, 100))
    // Whatever closes in spite of the answers does so after them.
    await new Promise((resolve) => setTimeout(resolve, 300))
    return { questions, prevented, open: BrowserWindow.getAllWindows().length }
  })
  expect(asked).toEqual({
    questions: ['A ceremony is under way', 'This machine slept during a ceremony'],
    prevented: true,
    open: 1,
  })
  expect(await core(desktop)).toMatchObject({ state: 'ready', generation: 1 })
  const closed = await desktop.app.evaluate(async ({ BrowserWindow, dialog, powerMonitor }) => {
    Reflect.set(dialog, 'showMessageBox', async () => ({ response: 1 }))
    const [window] = BrowserWindow.getAllWindows()
    const gone = new Promise((resolve) => window?.once('closed', () => resolve(true)))
    powerMonitor.emit('resume')
    return gone
  })
  expect(closed).toBe(true)
})

test('SHELL-SINGLE a second start on the same store ends at once and leaves the first', async () => {
  desktop = await openDesktop({ core: 'fake:' })
  const display = await startDisplay()
  try {
    const [command, args] = electronCommand([...sandboxSwitches(), appFolder()])
    const second = spawn(command, args, {
      env: electronEnvironment(join(desktop.folder, 'home'), {
        DISPLAY: display.name,
        LUX_STORE: join(desktop.folder, 'store'),
      }),
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let output = ''
    second.stdout.on('data', (chunk) => {
      output += chunk
    })
    const code = await new Promise((resolve) => second.once('close', resolve))
    expect({ code, output }).toEqual({ code: 0, output: 'LUX-ALREADY-OPEN\n' })
  } finally {
    await display.stop()
  }
  expect(await core(desktop)).toMatchObject({ state: 'ready' })
})

test('WINDOW-FAULT a screen that cannot be drawn says so, and the others go on', async () => {
  desktop = await openDesktop({ core: 'fake:malformed' })
  const { page } = desktop
  await page.evaluate(() => {
    location.hash = '#/tokens'
  })
  const notice = page.locator('[data-code="INTERNAL"]')
  await notice.getByText('tokens: TypeError', { exact: true }).waitFor()
  await notice.getByRole('button', { name: 'Try again' }).click()
  await notice.waitFor()
  await page.evaluate(() => {
    location.hash = '#/settings'
  })
  await page.locator('[data-screen="settings"] h1').waitFor()
  await notice.waitFor({ state: 'detached' })
})

test('PORT-RELOADED an answer to a call of the page before is not taken for another call of this page', async () => {
  desktop = await openDesktop({ core: 'fake:' })
  const { page } = desktop
  await page.evaluate(() => void Reflect.get(window, 'lux').invoke('ceremonies.pause', {}))
  await page.reload()
  await page.locator('html[data-interactive] h1').waitFor()
  const answered = await page.evaluate(async () => {
    const lux = Reflect.get(window, 'lux')
    const taken: unknown[] = []
    for (let call = 0; call < 50; call += 1)
      lux.invoke('ceremonies.pause', {}).then((value: unknown) => taken.push(value))
    // What core says goes through one channel, in its order.
    await lux.invoke('ceremonies.cancel', {})
    return taken
  })
  expect(answered).toEqual([])
})
