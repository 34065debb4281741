import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { startDisplay } from '../../scripts/electron/display.ts'
import {
  electronEnvironment,
  openFolder,
  privateFolder,
  sandboxSwitches,
  userCommand,
} from '../../scripts/electron/launch.ts'
import { openDesktops, toldBy } from '../desktop/support/desktop.ts'

/** Folder of the app that scripts/package.ts --test-build made. */
export function packagedFolder(): string {
  return join(openFolder(), 'dist/test-build/linux-unpacked')
}

export type Packaged = {
  page: Page
  folder: string
  /** What the renderer said on its console. */
  console: string[]
  /** Answers the system's own file dialogs with `path`, until it is called again. */
  choose(path: string): void
  /** Process id of the app itself. */
  pid: number
  output(): string
  /** `keep`: the folder stays, for another window on the same store. */
  close(how?: { keep: boolean }): Promise<void>
}

const limitMs = 30_000
const ready = /^(LUX-READY) /m

/**
 * Starts the packaged app as an unprivileged user and takes hold of its window over the DevTools protocol. `says`: the
 * line that it is awaited to print. `folder`: of a window that was closed.
 */
export async function openPackaged(
  at = packagedFolder(),
  says = ready,
  folder = privateFolder('lux-packaged-'),
): Promise<Packaged> {
  const answers = join(folder, 'dialogs')
  const told: string[] = []
  const display = await startDisplay()
  let child: ChildProcess | undefined
  let browser: Browser | undefined
  let output = ''
  let page: Page | undefined
  const shown = {
    output: () => output,
    told: async () => (page === undefined ? '' : toldBy(page, told)),
    keep: async (file: string) => void (await page?.screenshot({ path: `${file}.png` })),
  }
  openDesktops.add(shown)
  const close = async ({ keep } = { keep: false }): Promise<void> => {
    openDesktops.delete(shown)
    await browser?.close()
    await ended(child)
    await display.stop()
    if (!keep) rmSync(folder, { recursive: true, force: true })
  }
  try {
    const started = startPackaged(at, ['--remote-debugging-port=0'], {
      home: join(folder, 'home'),
      environment: { DISPLAY: display.name, LUX_STORE: join(folder, 'store'), LUX_DIALOGS: answers },
    })
    child = started
    const heard = (what: RegExp): Promise<string> =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`never said ${what}\n${output}`)), limitMs)
        const look = (): void => {
          const found = what.exec(output)?.[1]
          if (found === undefined) return
          clearTimeout(late)
          resolve(found)
        }
        for (const stream of [started.stdout, started.stderr]) {
          stream?.on('data', (chunk) => {
            output += chunk
            look()
          })
        }
        started.once('exit', (code) => reject(new Error(`ended with ${code}\n${output}`)))
      })
    // There is no page to take hold of before it says that it is ready.
    const [endpoint] = await Promise.all([
      heard(/^DevTools listening on (ws:\S+)$/m),
      heard(says),
      heard(ready),
    ])
    browser = await chromium.connectOverCDP(endpoint, { timeout: limitMs })
    page = browser.contexts().flatMap((context) => context.pages())[0]
    if (page === undefined) throw new Error(`no window\n${output}`)
    page.setDefaultTimeout(45_000)
    page.on('console', (message) => told.push(message.text()))
    const choose = (path: string): void => writeFileSync(answers, path)
    return { page, folder, console: told, choose, pid: started.pid ?? 0, output: () => output, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Runs the app of `folder`; its output comes through pipes. */
export function startPackaged(
  folder: string,
  args: readonly string[],
  { home, environment }: { home: string; environment: Readonly<Record<string, string>> },
): ChildProcess {
  mkdirSync(home, { recursive: true })
  // A packaged app brings its own Node: the checkout's is no longer named to it.
  const { LUX_NODE: _checkout, ...own } = electronEnvironment(home, environment)
  const [program, all] = userCommand(join(folder, 'lux-custody'), [...sandboxSwitches(), ...args])
  return spawn(program, all, { env: own, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Kills a process that still runs; resolves when it is gone. */
export async function ended(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
}

/** Another copy of the app, in which `path` below its resources is `bytes`; every other file is the same one on disk. */
export function copyWith(to: string, path: string, bytes: (packed: Buffer) => Buffer): string {
  const at = join(to, 'app')
  rmSync(at, { recursive: true, force: true })
  // No links: another file makes a release of the package meanwhile, and tar refuses a file whose links change as it reads.
  const { status } = spawnSync('cp', ['-a', '--reflink=auto', packagedFolder(), at], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (status !== 0) throw new Error('the package could not be copied')
  const file = join(at, 'resources', path)
  const there = existsSync(file)
  const packed = there ? readFileSync(file) : Buffer.alloc(0)
  const mode = there ? statSync(file).mode : 0o644
  rmSync(file, { force: true })
  writeFileSync(file, bytes(packed), { mode })
  return at
}

/** The same app as it is released: the marker's name inside the asar is another one, everything else is byte for byte. */
export function makeRelease(to: string): string {
  cpSync(packagedFolder(), to, { recursive: true, verbatimSymlinks: true })
  const asar = join(to, 'resources/app.asar')
  const bytes = readFileSync(asar)
  const at = bytes.indexOf('"test-build.json"')
  if (at < 0) throw new Error(`${asar} holds no marker of a test build`)
  bytes.write('"none-build.json"', at, 'latin1')
  writeFileSync(asar, bytes)
  return to
}
