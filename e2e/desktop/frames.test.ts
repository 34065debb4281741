import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { appFolder } from '../../scripts/electron/launch.ts'
import { invoke } from './support/contents.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

let desktop: Desktop
beforeAll(async () => {
  desktop = await openDesktop({ core: 'fake:' })
})
afterAll(() => desktop?.close())

test('SHELL-SENDER another window with the same preload is not answered', async () => {
  const answers = await desktop.app.evaluate(
    async ({ BrowserWindow, session }, preload) => {
      const foreign = new BrowserWindow({
        show: false,
        webPreferences: {
          preload,
          sandbox: true,
          contextIsolation: true,
          session: session.fromPartition('lux'),
        },
      })
      await foreign.loadURL('app://lux/index.html')
      const seen = await foreign.webContents.executeJavaScript(
        "Promise.all([window.lux.invoke('app.info', {}), window.lux.invoke('shell.info', {})])",
      )
      foreign.destroy()
      return seen
    },
    join(appFolder(), 'out/preload/index.cjs'),
  )
  expect(answers).toEqual([
    { ok: false, error: expect.objectContaining({ code: 'INPUT-INVALID' }) },
    { ok: false, error: expect.objectContaining({ code: 'INPUT-INVALID' }) },
  ])
})

test('SHELL-SENDER the window’s own contents are not answered while they show a foreign page', async () => {
  const answers = await desktop.app.evaluate(async ({ BrowserWindow }) => {
    const contents = BrowserWindow.getAllWindows()[0]!.webContents
    // No page can go there by itself: main takes it there, and the preload script runs in it as in ours.
    await contents.loadURL('about:blank')
    const seen = await contents.executeJavaScript(
      "Promise.all([window.lux.invoke('app.info', {}), window.lux.invoke('shell.info', {})])",
    )
    await contents.loadURL('app://lux/index.html')
    return seen
  })
  expect(answers).toEqual([
    { ok: false, error: expect.objectContaining({ code: 'INPUT-INVALID' }) },
    { ok: false, error: expect.objectContaining({ code: 'INPUT-INVALID' }) },
  ])
  expect(await invoke(desktop, 'app.info', {})).toMatchObject({ ok: true })
})

test('SHELL-SENDER a frame inside our page is not answered', async () => {
  const seen = await desktop.app.evaluate(async ({ BrowserWindow, ipcMain }) => {
    const contents = BrowserWindow.getAllWindows()[0]!.webContents
    // A frame of ours has no bridge and the policy allows none, so its message is made here and given to main's handler.
    const handlers: Map<string, (event: object, frame: string) => unknown> = Reflect.get(
      ipcMain,
      '_invokeHandlers',
    )
    const text = JSON.stringify({ id: 1, api: 'app.info', input: {} })
    const ask = (senderFrame: object | null) =>
      handlers.get('lux:frame')?.({ sender: contents, senderFrame }, text)
    const inner = { origin: 'app://lux', parent: contents.mainFrame }
    return { inner: await ask(inner), gone: await ask(null), own: await ask(contents.mainFrame) }
  })
  expect(seen).toEqual({ inner: 'INPUT-INVALID', gone: 'INPUT-INVALID', own: null })
})

test('SHELL-SIZE a request of more than the limit is refused and the next one answered', async () => {
  const large = await invoke(desktop, 'report.save', { path: 'x'.repeat(4_200_000) })
  expect(large).toMatchObject({ ok: false, error: { code: 'FRAME-TOO-LARGE' } })
  expect(await invoke(desktop, 'app.info', {})).toMatchObject({ ok: true })
})

test('SHELL-RATE a flood is cut off, and the window is served again a moment later', async () => {
  const codes = await desktop.page.evaluate(async () => {
    const { invoke: call } = Reflect.get(window, 'lux')
    const answers = await Promise.all(Array.from({ length: 400 }, () => call('app.info', {})))
    return answers.map((answer: { ok: boolean; error?: { code: string } }) =>
      answer.ok ? 'ok' : answer.error?.code,
    )
  })
  expect(codes.filter((code) => code === 'FRAME-TOO-MANY').length).toBeGreaterThan(200)
  await expect.poll(() => invoke(desktop, 'app.info', {})).toMatchObject({ ok: true })
})

test('SHELL-CALLS main refuses a shell call that it does not have, and values it does not offer', async () => {
  expect(await invoke(desktop, 'shell.run', {})).toMatchObject({ ok: false, error: { code: 'API-UNKNOWN' } })
  expect(await invoke(desktop, 'shell.toString', {})).toMatchObject({
    ok: false,
    error: { code: 'API-UNKNOWN' },
  })
  expect(await invoke(desktop, 'shell.openFile', { kind: '../../x' })).toMatchObject({
    ok: false,
    error: { code: 'INPUT-INVALID' },
  })
})
