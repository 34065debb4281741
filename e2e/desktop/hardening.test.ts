import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { appFolder, sandboxSwitches, sandboxWorks } from '../../scripts/electron/launch.ts'
import { invoke, violations } from './support/contents.ts'
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
  expect(seen).toEqual({ globals: [], bridge: ['invoke', 'onEvent'], frozen: true, replaced: false })
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

test('SHELL-CSP the app itself loads without a violation', () => {
  expect(violations(desktop)).toEqual([])
})

test.each([
  [
    'an inline script',
    "const s = document.createElement('script'); s.textContent = 'window.pwned = 1'; document.body.append(s)",
    'script-src-elem',
  ],
  [
    'an inline style attribute',
    "document.body.insertAdjacentHTML('beforeend', '<i style=\"color:red\"></i>')",
    'style-src-attr',
  ],
  [
    'a style element without the nonce',
    "const s = document.createElement('style'); s.textContent = 'i{}'; document.head.append(s)",
    'style-src-elem',
  ],
  [
    'an image from elsewhere',
    "document.body.append(Object.assign(new Image(), { src: 'https://example.org/x.png' }))",
    'img-src',
  ],
  [
    'a frame',
    "document.body.append(Object.assign(document.createElement('iframe'), { src: 'data:text/html,x' }))",
    'frame-src',
  ],
  [
    'a form sent elsewhere',
    "const f = document.createElement('form'); f.action = 'https://example.org'; document.body.append(f); f.submit()",
    'form-action',
  ],
])('SHELL-CSP %s is refused', async (_what, code, directive) => {
  await desktop.page.evaluate(() => {
    const seen: string[] = []
    Reflect.set(window, 'refusals', seen)
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) =>
      seen.push(effectiveDirective),
    )
  })
  await desktop.page.evaluate(`{ ${code} }`)
  await expect.poll(() => desktop.page.evaluate(() => Reflect.get(window, 'refusals'))).toEqual([directive])
  await desktop.page.reload()
})

test('SHELL-CSP no text becomes code', async () => {
  const answer = await desktop.page.evaluate(
    () =>
      new Promise((resolve) => {
        document.addEventListener('securitypolicyviolation', ({ blockedURI }) => resolve(blockedURI), {
          once: true,
        })
        // The inspector lifts this rule while it evaluates, so the page itself has to try.
        setTimeout(() => {
          Reflect.construct(Function, ['return 1'])
          resolve('ran')
        }, 10)
      }),
  )
  expect(answer).toBe('eval')
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

test.each([
  ['fetch', "fetch('https://example.org').then(() => 'sent', () => 'refused')"],
  ['fetch of a file', "fetch('file:///etc/passwd').then(() => 'sent', () => 'refused')"],
  [
    'XMLHttpRequest',
    "new Promise((r) => { const x = new XMLHttpRequest(); x.onload = () => r('sent'); x.onerror = () => r('refused'); x.open('GET', 'http://127.0.0.1:9/'); x.send() })",
  ],
  [
    'WebSocket',
    "new Promise((r) => { try { const w = new WebSocket('ws://127.0.0.1:9/'); w.onopen = () => r('sent'); w.onerror = () => r('refused') } catch { r('refused') } })",
  ],
  [
    'a beacon',
    "Promise.resolve(navigator.sendBeacon('https://example.org', 'x') ? 'sent' : 'refused').catch(() => 'refused')",
  ],
])('SHELL-NETWORK %s is refused', async (what, code) => {
  const blocked = desktop.page.evaluate(
    () =>
      new Promise((resolve) => {
        document.addEventListener('securitypolicyviolation', () => resolve('refused'), { once: true })
        setTimeout(() => resolve('silent'), 3000)
      }),
  )
  const answer = await desktop.page.evaluate(code)
  // A beacon always says that it was queued: the policy's event is its refusal.
  expect(what === 'a beacon' ? await blocked : answer).toBe('refused')
})

test('SHELL-NETWORK main cancels what a policy would have let through', async () => {
  const answer = await desktop.app.evaluate(async ({ BrowserWindow }) => {
    const [window] = BrowserWindow.getAllWindows()
    return window?.webContents.session.fetch('http://127.0.0.1:9/').then(
      () => 'sent',
      (error: Error) => error.message,
    )
  })
  expect(answer).toMatch(/ERR_BLOCKED_BY_CLIENT/)
})

test('SHELL-DOWNLOADS a download never starts', async () => {
  const started = await desktop.app.evaluate(
    ({ BrowserWindow }) =>
      new Promise((resolve) => {
        const [window] = BrowserWindow.getAllWindows()
        window?.webContents.session.once('will-download', (event) => resolve(event.defaultPrevented))
        window?.webContents.downloadURL('app://lux/index.html')
        setTimeout(() => resolve('no download event'), 2000)
      }),
  )
  expect(started).toBe(true)
})

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

test('SHELL-SIZE a request of more than the limit is refused and the next one answered', async () => {
  const large = await invoke(desktop, 'report.save', { path: 'x'.repeat(1_100_000) })
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
  await desktop.page.waitForTimeout(500)
  expect(await invoke(desktop, 'app.info', {})).toMatchObject({ ok: true })
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

test('SHELL-ENVIRONMENT core gets its own few variables and none that change how programs run', () => {
  const names = readFileSync(`/proc/${desktop.ready.core}/environ`, 'utf8')
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => line.split('=', 1)[0] ?? '')
  expect(names.filter((name) => /^(NODE_OPTIONS|LD_|ELECTRON_|DISPLAY|XDG_)/.test(name))).toEqual([])
  expect(names).toContain('LUX_GENERATION')
})
