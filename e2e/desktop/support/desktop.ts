import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { _electron, type ElectronApplication, type Page } from 'playwright-core'
import { type Display, startDisplay } from '../../../scripts/electron/display.ts'
import {
  appFolder,
  electronEnvironment,
  electronRuntime,
  openFolder,
  privateFolder,
  sandboxSwitches,
} from '../../../scripts/electron/launch.ts'
import { heldApp } from './held-app.ts'

export type Ready = { route: string; renderer: number; core: number | null; ms: number }
export type Desktop = {
  app: ElectronApplication
  page: Page
  ready: Ready
  /** The folder of this run: `store` inside it is the store. */
  folder: string
  /** What the renderer said on its console, CSP violations among it. */
  console: string[]
  output(): string
  /** What stands in the window now, and what its page said last. */
  told(): Promise<string>
  /** Writes `file`.png and `file`.zip (a Playwright trace) of what was done in the window so far. */
  keep(file: string): Promise<void>
  /** `keep`: the folder stays, for another window on the same store. */
  close(how?: { keep: boolean }): Promise<void>
}

/** Windows that are open now, for whoever has to look at them after a failure. */
export const openDesktops = new Set<Pick<Desktop, 'keep' | 'output' | 'told'>>()

export type DesktopOptions = {
  /** `fake:` followed by the plan of the fake core, or the real core of the build. */
  core?: 'real' | `fake:${string}`
  environment?: Record<string, string>
  args?: string[]
  /** Of a window that was closed. */
  folder?: string
}

const readyWithin = 30_000

/** Starts the built app as an unprivileged user on its own X display, and waits until it says that it is ready. */
export async function openDesktop({
  core = 'real',
  environment = {},
  args = [],
  folder = privateFolder('lux-e2e-'),
}: DesktopOptions = {}): Promise<Desktop> {
  const display = await startDisplay()
  try {
    return await launch(display, folder, core, environment, args)
  } catch (error) {
    await display.stop()
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

/** What stands in `page` now, and the last of what it said on its console. */
export async function toldBy(page: Page, console: readonly string[]): Promise<string> {
  const shown = await page
    .evaluate(() => `${location.hash}\n${document.body.textContent}`)
    .catch((error: unknown) => String(error))
  return [...console.slice(-10), shown.slice(0, 1500)].join('\n')
}

async function launch(
  display: Display,
  folder: string,
  core: NonNullable<DesktopOptions['core']>,
  environment: Record<string, string>,
  args: string[],
): Promise<Desktop> {
  mkdirSync(join(folder, 'home'), { recursive: true })
  const fake = core.startsWith('fake:')
  const env = electronEnvironment(join(folder, 'home'), {
    DISPLAY: display.name,
    LUX_STORE: join(folder, 'store'),
    ...(fake
      ? {
          LUX_CORE: join(openFolder(), 'apps/desktop/test/support/fake-core.ts'),
          LUX_TRAINING: core.slice('fake:'.length),
        }
      : {}),
    ...environment,
  })
  let output = ''
  const app = await _electron.launch({
    executablePath: electronRuntime().command,
    args: [...sandboxSwitches(), ...args, heldApp(appFolder(), folder)],
    env,
    chromiumSandbox: true,
    timeout: readyWithin,
  })
  const told: string[] = []
  const child = app.process()
  const ready = await new Promise<Ready>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`not ready within 30 s\n${output}`)), readyWithin)
    // On a busy machine the line can pass before anyone listens here; a page that loads again says it again.
    const unheard = setTimeout(() => void app.firstWindow().then((page) => page.reload()), 8000)
    child.stderr?.on('data', (chunk) => {
      output += chunk
    })
    child.stdout?.on('data', (chunk) => {
      output += chunk
      const line = /^LUX-READY (\{.*\})$/m.exec(output)
      if (!line?.[1]) return
      clearTimeout(late)
      clearTimeout(unheard)
      resolve(JSON.parse(line[1]))
    })
    child.once('exit', (code) => reject(new Error(`electron ended with ${code}\n${output}`)))
  })
  const page = await app.firstWindow()
  page.setDefaultTimeout(45_000)
  const { tracing } = app.context()
  // Without the DOM at each action, which took a fifth of what a ceremony takes: the picture and the text tell of a failure.
  await tracing.start({ screenshots: false, snapshots: false, sources: false })
  page.on('console', (message) => told.push(message.text()))
  const desktop: Desktop = {
    app,
    page,
    ready,
    folder,
    console: told,
    output: () => output,
    told: () => toldBy(page, told),
    async keep(file) {
      // A window that is already gone leaves no picture; the failure itself is what has to be told.
      await page.screenshot({ path: `${file}.png` }).catch(() => undefined)
      await tracing.stop({ path: `${file}.zip` }).catch(() => undefined)
    },
    async close({ keep } = { keep: false }) {
      openDesktops.delete(desktop)
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL')
        await gone
      }
      await display.stop()
      if (!keep) rmSync(folder, { recursive: true, force: true })
    },
  }
  openDesktops.add(desktop)
  return desktop
}
