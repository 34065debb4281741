import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Display, startDisplay } from '../../scripts/electron/display.ts'
import {
  appFolder,
  electronCommand,
  electronEnvironment,
  privateFolder,
  sandboxSwitches,
} from '../../scripts/electron/launch.ts'
import { checkNamespaces, countsOf, withoutNetwork } from '../support/namespace.ts'

// Started by hand and not by Playwright, whose switches turn Chromium's own traffic off.

/** How long the app is watched once it is ready, in ms. */
const watched = Number(process.env.LUX_NETWORK_WATCH ?? 6000)

let display: Display
let folder = ''
let child: ChildProcess | undefined
beforeAll(async () => {
  checkNamespaces()
  display = await startDisplay()
})
afterEach(async () => {
  if (child === undefined) return
  const gone = new Promise((resolve) => child?.once('exit', resolve))
  if (child.exitCode === null && child.kill('SIGKILL')) await gone
  rmSync(folder, { recursive: true, force: true })
})
afterAll(() => display?.stop())

/** Starts Electron on `app` where there is only a loopback, and resolves once it has printed `line`. */
function start(app: string, line: RegExp): Promise<number> {
  const [command, args] = withoutNetwork(electronCommand([...sandboxSwitches(), app]))
  const started = spawn(command, args, {
    env: electronEnvironment(join(folder, 'home'), {
      DISPLAY: display.name,
      LUX_STORE: join(folder, 'store'),
      LUX_TRAINING: '1',
    }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child = started
  let output = ''
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`not ready within 60 s\n${output}`)), 60_000)
    const hear = (chunk: unknown): void => {
      output += chunk
      if (!line.test(output)) return
      clearTimeout(late)
      resolve(started.pid ?? 0)
    }
    started.stdout.on('data', hear)
    started.stderr.on('data', hear)
    started.once('exit', (code) => reject(new Error(`electron ended with ${code}\n${output}`)))
  })
}

const nothing = { noRoute: 0, opened: 0, datagrams: 0, packets: 0 }

test('SHELL-OFFLINE from its start on the app sends nothing and looks nothing up', async () => {
  folder = privateFolder('lux-offline-')
  const pid = await start(appFolder(), /^LUX-READY /m)
  expect(countsOf(pid).interfaces).toEqual(['lo'])
  await new Promise((resolve) => setTimeout(resolve, watched))
  expect(countsOf(pid)).toMatchObject(nothing)
})

test('SHELL-OFFLINE the same counters see a single request of a window that is not locked down', async () => {
  folder = privateFolder('lux-control-')
  const app = join(folder, 'app')
  mkdirSync(app, { mode: 0o755 })
  writeFileSync(join(app, 'package.json'), '{"name":"control","main":"main.js","type":"module"}', {
    mode: 0o644,
  })
  writeFileSync(
    join(app, 'main.js'),
    `import { app, net } from 'electron'
app.whenReady().then(() => net.fetch('http://192.0.2.1/')).catch(() => undefined).then(() => console.log('ASKED'))
`,
    { mode: 0o644 },
  )
  const pid = await start(app, /^ASKED$/m)
  expect(countsOf(pid).noRoute).toBeGreaterThan(0)
})
