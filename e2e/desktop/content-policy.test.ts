import { afterAll, beforeAll, expect, test } from 'vitest'
import { violations } from './support/contents.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

let desktop: Desktop
beforeAll(async () => {
  desktop = await openDesktop({ core: 'fake:' })
})
afterAll(() => desktop?.close())

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
