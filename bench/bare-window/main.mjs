// The least that Electron can show: one sandboxed window with one button. It is the limit of `npm run bench -- start`.
import { join } from 'node:path'
// biome-ignore lint/correctness/noUndeclaredDependencies: the runtime provides it
import { app, BrowserWindow } from 'electron'

// What is left when Chromium starts no graphics driver, as ours does not.
if (process.env.BARE_WITHOUT_GRAPHICS === '1') app.disableHardwareAcceleration()
if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox()
// Electron is ready only after this module has been read, so nothing here may wait for it at the top.
app.whenReady().then(async () => {
  const window = new BrowserWindow({ width: 1240, height: 820, webPreferences: { sandbox: true } })
  await window.loadFile(join(import.meta.dirname, 'index.html'))
  // Two frames: the first is requested by the load, the second begins only when the first has been painted.
  await window.webContents.executeJavaScript(
    'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))',
  )
  process.stdout.write('BARE-READY\n')
})
