import { afterAll, beforeAll, expect, test } from 'vitest'
import { addressesByWebRtc } from '../support/addresses-by-webrtc.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

let desktop: Desktop
beforeAll(async () => {
  // Chromium's own picture generator stands in for a camera; who may use it is decided as for a real one.
  desktop = await openDesktop({ core: 'fake:', args: ['--use-fake-device-for-media-stream'] })
})
afterAll(() => desktop?.close())

/** What a promise of the page comes to: 'given', or the name of its error. */
const outcome = (call: string) =>
  desktop.page.evaluate(`${call}.then(() => 'given', (error) => error.name)`) as Promise<string>

/** What a panel does that begins or ends to scan codes. */
const scan = (on: boolean) => desktop.page.evaluate(`window.lux.invoke('shell.camera', { on: ${on} })`)

test('SHELL-PERMISSIONS the camera is given to our page while a panel scans codes, alone and not with a microphone', async () => {
  expect(await outcome('navigator.mediaDevices.getUserMedia({ video: true })')).toBe('NotAllowedError')
  await scan(true)
  expect(await outcome('navigator.mediaDevices.getUserMedia({ video: true })')).toBe('given')
  expect(
    await desktop.page.evaluate(() =>
      navigator.permissions.query({ name: 'camera' as PermissionName }).then(({ state }) => state),
    ),
  ).toBe('granted')
  expect(await outcome('navigator.mediaDevices.getUserMedia({ video: true, audio: true })')).toBe(
    'NotAllowedError',
  )
  await scan(false)
  expect(await outcome('navigator.mediaDevices.getUserMedia({ video: true })')).toBe('NotAllowedError')
})

test('SHELL-PERMISSIONS the screen is not shared', async () => {
  expect(await outcome('navigator.mediaDevices.getDisplayMedia({ video: true })')).not.toBe('given')
})

const ofContents = [
  'will-navigate',
  'will-frame-navigate',
  'will-redirect',
  'will-attach-webview',
  'select-bluetooth-device',
]
const ofSession = ['will-download', 'select-hid-device', 'select-serial-port', 'select-usb-device']

/** Says each of these events as Electron does, on a window that is opened later as well, and which of them were stopped. */
const stopped = (events: readonly string[], of: 'contents' | 'session') =>
  desktop.app.evaluate(
    ({ BrowserWindow, session }, told) => {
      const later = new BrowserWindow({ show: false })
      const first = BrowserWindow.getAllWindows().find((one) => one !== later)!
      const emitters: Record<string, NodeJS.EventEmitter[]> = {
        contents: [first.webContents, later.webContents],
        session: [session.fromPartition('lux'), session.defaultSession],
      }
      const seen = (emitters[told.of] ?? []).map((emitter) =>
        told.events.filter((name) => {
          let prevented = false
          const event = { preventDefault: () => (prevented = true), url: 'https://example.org/' }
          emitter.emit(name, event, {}, first.webContents)
          return prevented
        }),
      )
      later.destroy()
      return seen
    },
    { events, of },
  )

test('SHELL-NAVIGATION redirects, frames and guests are stopped in every window, and so is a choice of a Bluetooth device', async () => {
  expect(await stopped(ofContents, 'contents')).toEqual([ofContents, ofContents])
})

test('SHELL-DEVICES no HID, serial or USB device is chosen and nothing is downloaded, in either session', async () => {
  expect(await stopped(ofSession, 'session')).toEqual([ofSession, ofSession])
})

test('SHELL-GUEST a page that asks for a guest gets none', async () => {
  const guests = await desktop.app.evaluate(async ({ BrowserWindow, session, webContents }) => {
    const window = new BrowserWindow({
      show: false,
      webPreferences: { webviewTag: true, session: session.fromPartition('lux') },
    })
    await window.loadURL('about:blank')
    await window.webContents.executeJavaScript(
      "const guest = document.createElement('webview'); guest.src = 'about:blank'; document.body.append(guest); 0",
    )
    await new Promise((resolve) => setTimeout(resolve, 500))
    const seen = webContents.getAllWebContents().filter((one) => one.getType() === 'webview').length
    window.destroy()
    return seen
  })
  expect(guests).toBe(0)
})

test('SHELL-NETWORK without the refusal of requests a name is found no more than before', async () => {
  const said = await desktop.app.evaluate(async ({ session }) => {
    const own = session.fromPartition('lux')
    const ask = (url: string) =>
      own.fetch(url).then(
        () => 'answered',
        (error: Error) => error.message,
      )
    const first = await ask('http://127.0.0.1:8080/')
    own.webRequest.onBeforeRequest(null)
    return { first, second: await ask('http://127.0.0.1:8080/') }
  })
  expect(said).toEqual({
    first: expect.stringContaining('ERR_BLOCKED_BY_CLIENT'),
    second: expect.stringContaining('ERR_NAME_NOT_RESOLVED'),
  })
})

test('SHELL-NETWORK WebRTC tells the page no address of this machine', async () => {
  expect(await desktop.page.evaluate(addressesByWebRtc)).toEqual([])
})
