import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Display } from '../../scripts/electron/display.ts'
import {
  electronCommand,
  electronEnvironment,
  privateFolder,
  sandboxSwitches,
} from '../../scripts/electron/launch.ts'

/** An Electron that was started by hand, not by Playwright, whose switches turn Chromium's own traffic off. */
export type BareElectron = {
  pid: number
  /** What it has printed so far. */
  output(): string
  stop(): Promise<void>
}

/**
 * Starts Electron as the unprivileged user on the app in `app`, or on one that is only the module `main` and those in `beside`
 * by their names, and resolves once it has printed `ready`. `inside` puts its command line into another, such as one of a
 * namespace.
 */
export async function startBare(options: {
  display: Display
  app: string | { main: string; beside?: Record<string, string> }
  ready: RegExp
  inside: (command: [string, string[]]) => [string, string[]]
}): Promise<BareElectron> {
  const folder = privateFolder('lux-bare-')
  const app =
    typeof options.app === 'string' ? options.app : writeApp(folder, options.app.main, options.app.beside)
  const [command, args] = options.inside(electronCommand([...sandboxSwitches(), app]))
  const child = spawn(command, args, {
    env: electronEnvironment(join(folder, 'home'), {
      DISPLAY: options.display.name,
      LUX_STORE: join(folder, 'store'),
      LUX_TRAINING: '1',
    }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stop = async (): Promise<void> => {
    await ended(child)
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
  try {
    const output = await printed(child, options.ready)
    return { pid: child.pid ?? 0, output, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function writeApp(folder: string, main: string, beside: Record<string, string> = {}): string {
  const app = join(folder, 'app')
  mkdirSync(app, { mode: 0o755 })
  writeFileSync(join(app, 'package.json'), '{ "name": "bare", "main": "main.mjs" }\n', { mode: 0o644 })
  for (const [name, text] of Object.entries({ ...beside, 'main.mjs': main })) {
    writeFileSync(join(app, name), text, { mode: 0o644 })
  }
  return app
}

function printed(child: ChildProcess, line: RegExp): Promise<() => string> {
  let output = ''
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`not ready within 60 s\n${output}`)), 60_000)
    const hear = (chunk: unknown): void => {
      output += chunk
      if (!line.test(output)) return
      clearTimeout(late)
      resolve(() => output)
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    child.once('exit', (code) => reject(new Error(`electron ended with ${code}\n${output}`)))
  })
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
}
