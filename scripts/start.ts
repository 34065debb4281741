import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { buildDesktop } from './build/desktop.ts'
import { updateMirror } from './build/mirror.ts'
import { type Display, startDisplay } from './electron/display.ts'
import {
  appFolder,
  displayCookie,
  electronCommand,
  electronEnvironment,
  electronRuntime,
  giveFolder,
  openFolder,
  sandboxSwitches,
} from './electron/launch.ts'
import { root } from './root.ts'

const readyWithinMs = 60_000
const quitWithinMs = 8_000

function options(): { once: boolean; store: string | undefined } {
  try {
    const { values } = parseArgs({
      options: { once: { type: 'boolean', default: false }, store: { type: 'string' } },
    })
    return { once: values.once, store: values.store }
  } catch (error) {
    process.stderr.write(
      `${error instanceof Error ? error.message : error}\nusage: npm start [-- --once] [--store DIR]\n`,
    )
    process.exit(2)
  }
}

const values = options()

const say = (line: string): void => void process.stderr.write(`start: ${line}\n`)

async function display(): Promise<Display | null> {
  if (process.env.DISPLAY || process.env.WAYLAND_DISPLAY) return null
  const started = await startDisplay()
  say(`no display here, so the window opens on ${started.name}, a screen in memory (Xvfb)`)
  return started
}

function environment(store: string, screen: Display | null): Record<string, string> {
  const extra: Record<string, string> = { LUX_STORE: giveFolder(store), LUX_TRAINING: '1' }
  for (const name of ['LUX_PKCS11', 'SOFTHSM2_CONF', 'WAYLAND_DISPLAY', 'XAUTHORITY'] as const) {
    const value = process.env[name]
    if (value !== undefined) extra[name] = value
  }
  extra.DISPLAY = screen?.name ?? process.env.DISPLAY ?? ''
  const home = join(openFolder(), '.lux/home')
  const cookie = screen === null ? displayCookie(home) : null
  if (cookie !== null) extra.XAUTHORITY = cookie
  return electronEnvironment(home, extra)
}

/** Ends the app as its own window would be closed, and by force when it does not go. */
function quit(child: ChildProcess): Promise<void> {
  return new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) return done()
    const force = setTimeout(() => child.kill('SIGKILL'), quitWithinMs)
    child.once('close', () => {
      clearTimeout(force)
      done()
    })
    child.kill('SIGTERM')
  })
}

function saveScreenshot(screen: Display): void {
  const file = join(root, '.lux/screenshot.png')
  mkdirSync(join(root, '.lux'), { recursive: true })
  writeFileSync(file, screen.screenshot())
  say(`screenshot: ${file}`)
}

if (await buildDesktop()) say('built')
updateMirror()
const store = resolve(values.store ?? process.env.LUX_STORE ?? join(openFolder(), '.lux/training'))
const runtime = electronRuntime()
if (runtime.kind === 'registry')
  say(`Electron ${runtime.version} from the package registry: for development only`)
const screen = await display()
const [program, args] = electronCommand([...sandboxSwitches(), appFolder()])
const child = spawn(program, args, {
  cwd: openFolder(),
  env: environment(store, screen),
  stdio: ['ignore', 'pipe', 'pipe'],
})

// Chromium's own remarks on machines without a bus, a graphics card or a desktop: nothing that anyone could act on.
const chromiumNoise =
  /^\[\d+:[\d/.]+:(ERROR|WARNING|INFO):(bus|viz_main_impl|command_buffer_proxy_impl|shared_image_interface_proxy|one_copy_raster_buffer_provider|gpu_\w+)\.cc/
createInterface({ input: child.stderr }).on('line', (line) => {
  if (!chromiumNoise.test(line)) process.stderr.write(`${line}\n`)
})

let ending = false
async function end(code: number): Promise<void> {
  if (ending) return
  ending = true
  await quit(child)
  await screen?.stop()
  process.exit(code)
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(0))
const late = setTimeout(() => {
  say(`the app was not ready within ${readyWithinMs / 1000} s`)
  void end(3)
}, readyWithinMs)
child.once('error', (error) => {
  say(error.message)
  void end(3)
})

let ready = false
async function onReady(what: string): Promise<void> {
  ready = true
  clearTimeout(late)
  process.stdout.write(`ready: ${what}\n`)
  if (screen !== null) {
    // The line comes with the first screen; a moment later it is painted.
    await new Promise((painted) => setTimeout(painted, 700))
    saveScreenshot(screen)
  }
  if (values.once) return end(0)
  say('Ctrl-C ends it')
}

// The app prints one line when its first screen can be used, or that another window of this store is open already.
createInterface({ input: child.stdout }).on('line', (line) => {
  if (line.startsWith('LUX-READY ')) void onReady(`Lux Custody, training store ${store}`)
  else if (line === 'LUX-ALREADY-OPEN') {
    ready = true
    process.stdout.write(`ready: the window of ${store} was open already and is in front now\n`)
  } else process.stderr.write(`${line}\n`)
})
child.once('close', (code, signal) => {
  if (!ready) say(`the app ended before it was ready (${code ?? signal})`)
  void end(ready ? (code ?? 0) : 3)
})
