import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Display, startDisplay } from '../../scripts/electron/display.ts'
import { appFolder } from '../../scripts/electron/launch.ts'
import { type BareElectron, startBare } from '../support/bare-electron.ts'
import { checkNamespaces, countsOf, nothingSent, withWayOut } from '../support/namespace.ts'

/** Chromium's own errands begin up to minutes after its start. */
const watched = 400_000

const running: BareElectron[] = []
let display: Display
beforeAll(async () => {
  checkNamespaces()
  display = await startDisplay()
})
afterAll(async () => {
  for (const electron of running) await electron.stop()
  await display?.stop()
})

test('SHELL-OFFLINE with an interface up and a route out the app sends nothing for minutes, where a bare window does', async () => {
  const main = `import { app, BrowserWindow } from 'electron'
app.whenReady().then(async () => {
  const window = new BrowserWindow({ webPreferences: { spellcheck: true } })
  await window.loadURL('data:text/html,<textarea>hello wrold</textarea>')
  console.log('READY')
})
`
  const lux = await startBare({ display, app: appFolder(), ready: /^LUX-READY /m, inside: withWayOut })
  const bare = await startBare({ display, app: { main }, ready: /^READY$/m, inside: withWayOut })
  running.push(lux, bare)
  await new Promise((resolve) => setTimeout(resolve, watched))
  expect(countsOf(lux.pid)).toMatchObject(nothingSent)
  expect(countsOf(bare.pid).packets).toBeGreaterThan(0)
})
