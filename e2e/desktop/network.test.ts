import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Display, startDisplay } from '../../scripts/electron/display.ts'
import { appFolder } from '../../scripts/electron/launch.ts'
import { type BareElectron, startBare } from '../support/bare-electron.ts'
import { checkNamespaces, countsOf, nothingSent, withoutNetwork } from '../support/namespace.ts'

/** How long the app is watched once it is ready, in ms. */
const watched = 6000

let display: Display
let electron: BareElectron | undefined
beforeAll(async () => {
  checkNamespaces()
  display = await startDisplay()
})
afterEach(async () => {
  await electron?.stop()
  electron = undefined
})
afterAll(() => display?.stop())

test('SHELL-OFFLINE from its start on the app sends nothing and looks nothing up', async () => {
  electron = await startBare({
    display,
    app: appFolder(),
    ready: /^LUX-READY /m,
    inside: withoutNetwork,
  })
  expect(countsOf(electron.pid).interfaces).toEqual(['lo'])
  await new Promise((resolve) => setTimeout(resolve, watched))
  expect(countsOf(electron.pid)).toMatchObject(nothingSent)
})

test('SHELL-OFFLINE the same counters see a single request of a window that is not locked down', async () => {
  const main = `import { app, net } from 'electron'
app.whenReady().then(() => net.fetch('http://192.0.2.1/')).catch(() => undefined).then(() => console.log('ASKED'))
`
  electron = await startBare({ display, app: { main }, ready: /^ASKED$/m, inside: withoutNetwork })
  expect(countsOf(electron.pid).noRoute).toBeGreaterThan(0)
})
