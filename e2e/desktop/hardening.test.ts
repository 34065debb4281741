import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sandboxSwitches, sandboxWorks } from '../../scripts/electron/launch.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

let desktop: Desktop
beforeAll(async () => {
  desktop = await openDesktop({ core: 'fake:' })
})
afterAll(() => desktop?.close())

function commandLine(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
}

function status(pid: number): string {
  return readFileSync(`/proc/${pid}/status`, 'utf8')
}

if (sandboxWorks()) {
  test('SHELL-SANDBOX the renderer runs under a seccomp filter', () => {
    expect(status(desktop.ready.renderer)).toMatch(/^Seccomp:\s+2$/m)
  })
} else {
  test('SHELL-SANDBOX where users get no namespaces the window runs without a sandbox', () => {
    expect(commandLine(desktop.ready.renderer)).toContain('--no-sandbox')
    expect(status(desktop.ready.renderer)).not.toMatch(/^Seccomp:\s+2$/m)
  })
}

test('SHELL-SANDBOX the fallback is said aloud, and main does not ask for the sandbox that is not there', async () => {
  const said: string[] = []
  const switches = sandboxSwitches(false, (line) => said.push(line))
  expect(switches).toEqual(['--no-sandbox'])
  expect(said).toEqual([expect.stringContaining('without its sandbox')])
  expect(sandboxSwitches(true, (line) => said.push(line))).toEqual([])
  expect(said.length).toBe(1)
  // With enableSandbox() and this switch together the app would end before its window is ready.
  const bare = await openDesktop({ core: 'fake:', args: switches })
  try {
    expect(status(bare.ready.renderer)).not.toMatch(/^Seccomp:\s+2$/m)
    expect(commandLine(bare.ready.renderer)).toContain('--no-sandbox')
  } finally {
    await bare.close()
  }
})

test('SHELL-USER no process of the window runs as root', () => {
  expect(status(desktop.ready.renderer)).not.toMatch(/^Uid:\s+0\b/m)
  expect(status(desktop.ready.core ?? 0)).not.toMatch(/^Uid:\s+0\b/m)
})

test('SHELL-ISOLATION the page has one frozen bridge and nothing of Node or Electron', async () => {
  const seen = await desktop.page.evaluate(() => ({
    globals: ['require', 'process', 'module', 'Buffer', 'global', 'ipcRenderer', 'electron'].filter(
      (name) => name in globalThis,
    ),
    bridge: Object.keys(Reflect.get(window, 'lux')).sort(),
    frozen: Object.isFrozen(Reflect.get(window, 'lux')),
    replaced: Reflect.set(window, 'lux', 1),
  }))
  expect(seen).toEqual({
    globals: [],
    bridge: ['dropped', 'invoke', 'onEvent'],
    frozen: true,
    replaced: false,
  })
})

test('SHELL-PREFERENCES the window is isolated, sandboxed and without Node', async () => {
  const preferences = await desktop.app.evaluate(({ BrowserWindow }) => {
    const [window] = BrowserWindow.getAllWindows()
    const contents: Electron.WebContents & { getLastWebPreferences?(): Electron.WebPreferences } =
      window!.webContents
    const { sandbox, contextIsolation, nodeIntegration, webviewTag, webSecurity } =
      contents.getLastWebPreferences!()
    return { sandbox, contextIsolation, nodeIntegration, webviewTag, webSecurity }
  })
  expect(preferences).toEqual({
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    webviewTag: false,
    webSecurity: true,
  })
})

test('SHELL-NAVIGATION neither a link, nor script, nor a file takes the window elsewhere', async () => {
  const before = desktop.page.url()
  for (const target of [
    'https://example.org/',
    'file:///etc/passwd',
    'data:text/html,x',
    'app://other/index.html',
  ]) {
    await desktop.page.evaluate((url) => {
      const link = document.createElement('a')
      link.href = url
      document.body.append(link)
      link.click()
      link.remove()
    }, target)
    await desktop.page.evaluate((url) => {
      try {
        location.href = url
      } catch {
        // An exception is a refusal too; what counts is where the window is afterwards.
      }
    }, target)
  }
  await desktop.page.waitForTimeout(300)
  expect(desktop.page.url()).toBe(before)
})

test('SHELL-WINDOWS window.open opens nothing', async () => {
  const opened = await desktop.page.evaluate(() => window.open('app://lux/index.html') === null)
  const windows = await desktop.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)
  expect({ opened, windows }).toEqual({ opened: true, windows: 1 })
})

test('SHELL-PERMISSIONS the camera is the only permission of the page', async () => {
  const answers = await desktop.page.evaluate(async () => {
    const states: Record<string, string> = {}
    for (const name of ['geolocation', 'notifications', 'microphone', 'midi', 'clipboard-read'] as const) {
      states[name] = await navigator.permissions.query({ name: name as PermissionName }).then(
        ({ state }) => state,
        () => 'denied',
      )
    }
    const audio = await navigator.mediaDevices.getUserMedia({ audio: true }).then(
      () => 'given',
      (error) => error.name,
    )
    const both = await navigator.mediaDevices.getUserMedia({ audio: true, video: true }).then(
      () => 'given',
      (error) => error.name,
    )
    return { states: [...new Set(Object.values(states))], audio, both }
  })
  expect(answers.states).toEqual(['denied'])
  expect(answers.audio).not.toBe('given')
  expect(answers.both).not.toBe('given')
})

test('SHELL-DEVICES the page reaches no USB, HID, serial or Bluetooth device', async () => {
  const asked = await desktop.page.evaluate(async () => {
    const found: Record<string, string> = {}
    for (const name of ['usb', 'hid', 'serial', 'bluetooth']) {
      const api = Reflect.get(navigator, name)
      if (api === undefined) {
        found[name] = 'absent'
        continue
      }
      const list = Reflect.get(api, name === 'serial' ? 'getPorts' : 'getDevices')
      found[name] = await Promise.resolve()
        .then(() => list.call(api))
        .then(
          (devices) => `${devices.length} devices`,
          (error) => error.name,
        )
    }
    return found
  })
  expect(asked).toEqual({
    usb: 'SecurityError',
    hid: 'SecurityError',
    serial: 'SecurityError',
    bluetooth: 'absent',
  })
})

test('SHELL-DOWNLOADS a download never starts', async () => {
  const started = await desktop.app.evaluate(
    ({ BrowserWindow }) =>
      new Promise((resolve) => {
        const [window] = BrowserWindow.getAllWindows()
        window?.webContents.session.once('will-download', (event) => resolve(event.defaultPrevented))
        window?.webContents.downloadURL('app://lux/index.html')
      }),
  )
  expect(started).toBe(true)
})

test('SHELL-ENVIRONMENT core gets its own few variables and none that change how programs run', () => {
  const names = readFileSync(`/proc/${desktop.ready.core}/environ`, 'utf8')
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => line.split('=', 1)[0] ?? '')
  expect(names.filter((name) => /^(NODE_OPTIONS|LD_|ELECTRON_|DISPLAY|XDG_)/.test(name))).toEqual([])
  expect(names).toContain('LUX_GENERATION')
})
