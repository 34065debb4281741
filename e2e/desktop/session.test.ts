import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Display, startDisplay } from '../../scripts/electron/display.ts'
import { addressesByWebRtc } from '../support/addresses-by-webrtc.ts'
import { startBare } from '../support/bare-electron.ts'
import { lockdownModules } from '../support/locked-session.ts'

let display: Display
let server: Server
let url: string
beforeAll(async () => {
  display = await startDisplay()
  const folder = mkdtempSync(join(tmpdir(), 'lux-certificate-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
    ],
    { stdio: 'ignore' },
  )
  server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_request, answer) =>
    answer.end('hello'),
  )
  rmSync(folder, { recursive: true })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`
})
afterAll(async () => {
  server?.close()
  await display?.stop()
})

/** What `body` gives in an Electron without our switches, which has the app’s own module of locks. */
async function inElectron<T>(body: string): Promise<T> {
  const main = `import { app, BrowserWindow, session } from 'electron'
import { lockContents, lockSession } from './lockdown.mjs'
app.whenReady().then(async () => { ${body} }).then((said) => console.log('SAID ' + JSON.stringify(said)))
`
  const electron = await startBare({
    display,
    app: { main, beside: lockdownModules() },
    ready: /^SAID .*$/m,
    inside: (command) => command,
  })
  const said = /^SAID (.*)$/m.exec(electron.output())?.[1] ?? 'null'
  await electron.stop()
  return JSON.parse(said) as T
}

test('SHELL-CERTIFICATES the app’s session believes none: one that is told so does', async () => {
  const said = await inElectron(`
    const ask = (from) => from.fetch(${JSON.stringify(url)}).then((answer) => answer.text(), (error) => error.message)
    const [plain, told, locked] = ['plain', 'told', 'locked'].map((name) => session.fromPartition(name))
    told.setCertificateVerifyProc((_request, answer) => answer(0))
    lockSession(locked)
    locked.webRequest.onBeforeRequest(null)
    return { plain: await ask(plain), told: await ask(told), locked: await ask(locked) }`)
  expect(said).toEqual({
    plain: expect.stringContaining('ERR_CERT_AUTHORITY_INVALID'),
    told: 'hello',
    locked: expect.stringContaining('ERR_FAILED'),
  })
})

test('SHELL-NETWORK WebRTC tells a page this machine’s addresses, and tells none where its window is locked', async () => {
  const { free, locked } = await inElectron<Record<'free' | 'locked', number>>(`
    const gathered = async (lock) => {
      const window = new BrowserWindow({ show: false })
      lock(window.webContents)
      await window.loadURL('data:text/html,page')
      return (await window.webContents.executeJavaScript(${JSON.stringify(addressesByWebRtc)})).length
    }
    return { free: await gathered(() => undefined), locked: await gathered(lockContents) }`)
  expect(free).toBeGreaterThan(0)
  expect(locked).toBe(0)
})
