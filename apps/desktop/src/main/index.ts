import { join } from 'node:path'
import {
  app,
  type BrowserWindow,
  clipboard,
  type IpcMainInvokeEvent,
  ipcMain,
  Menu,
  nativeTheme,
  powerMonitor,
  powerSaveBlocker,
  session,
} from 'electron'
import type { PushedEvent } from '../contract/index.ts'
import { registerScheme, serveApp } from './app-protocol.ts'
import { CopiedText } from './copied-text.ts'
import { type CoreProcess, superviseCore } from './core-process.ts'
import { answerDialogsFrom, confirmLeave, confirmWoken } from './dialogs.ts'
import { createFrameGate } from './frame-gate.ts'
import { lastAppearance, rememberAppearance } from './last-appearance.ts'
import { lockEveryContents, lockSession, silenceChromium } from './lockdown.ts'
import { forbiddenSwitch, isTestBuild } from './look-at-package.ts'
import { makeFolder } from './make-folder.ts'
import { origin } from './origin.ts'
import type { PaperCalls } from './paper/calls.ts'
import { coreProgram, storeFolder } from './paths.ts'
import { callShell, type ShellContext } from './shell-calls.ts'
import { WallWindow } from './wall-window.ts'
import { createWindow, loadApp, preloadPath } from './window.ts'

const trust = { packaged: app.isPackaged, testBuild: isTestBuild(app.getAppPath()) }
const forbidden = trust.packaged && !trust.testBuild ? forbiddenSwitch(process.argv) : null
if (forbidden !== null) {
  process.stderr.write(
    `${forbidden} is not for a released app: it could take one of its protections away. Start it without.\n`,
  )
  process.exit(2)
}

if (trust.testBuild) answerDialogsFrom(process.env.LUX_DIALOGS ?? null)
registerScheme()
silenceChromium()
// Where user namespaces are missing the launcher passes --no-sandbox and says so; enableSandbox would then end the app.
if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox()
lockEveryContents()
// A page of text and tables: without a graphics driver the window is there sooner, and that driver cannot be attacked.
app.disableHardwareAcceleration()
Menu.setApplicationMenu(null)

// Chromium's profile lies in the store, so that the lock of a single instance is one per store.
const profile = join(storeFolder(), 'window')
const noProfile = makeFolder(profile)
if (noProfile !== null) {
  process.stderr.write(`FOLDER-READ-ONLY: ${noProfile}. Choose another place for the store with LUX_STORE\n`)
  process.exit(3)
}
app.setPath('userData', profile)

if (!app.requestSingleInstanceLock()) {
  process.stdout.write('LUX-ALREADY-OPEN\n')
  app.exit(0)
} else {
  // Core takes as long as Chromium does, so the two start side by side.
  const started = startCore()
  void app.whenReady().then(() => open(started))
}

let calls: Promise<PaperCalls> | null = null
const pages = join(app.getAppPath(), 'out', 'renderer')

/** Read from disk at the first paper, not at every start. */
function paperCalls(): Promise<PaperCalls> {
  calls ??= import('./paper/calls.ts').then(({ PaperCalls }) => new PaperCalls(pages))
  return calls
}

type StartedCore = {
  core: CoreProcess
  /** The window that hears what core says, once there is one. */
  hear(window: BrowserWindow): void
  /** Tells that window of something that main itself knows. */
  push(event: PushedEvent): void
  attention(): boolean
}

function startCore(): StartedCore {
  let window: BrowserWindow | null = null
  let attention = false
  let blocker: number | null = null

  const push = (event: PushedEvent): void => {
    if (window !== null && !window.isDestroyed()) window.webContents.send('lux:frame', JSON.stringify(event))
  }
  const core = superviseCore(coreProgram(trust), {
    status: (payload) => push({ event: 'core.state', payload }),
    frame: (text) => {
      if (window !== null && !window.isDestroyed()) window.webContents.send('lux:frame', text)
    },
    attention(on) {
      attention = on
      if (on && blocker === null) blocker = powerSaveBlocker.start('prevent-display-sleep')
      if (!on && blocker !== null) {
        powerSaveBlocker.stop(blocker)
        blocker = null
      }
    },
    print: async (asked) => (await paperCalls()).made(asked),
  })
  core.start()
  return {
    core,
    push,
    hear(shown) {
      window = shown
    },
    attention: () => attention,
  }
}

function open({ core, hear, push, attention }: StartedCore): void {
  const own = session.fromPartition('lux')
  let scanning = false
  lockSession(own, () => scanning)
  lockSession(session.defaultSession, () => false)
  const appearance = lastAppearance(profile, app.getLocale())
  nativeTheme.themeSource = appearance.theme
  serveApp(own, pages, () => context.appearance.language)

  const window = createWindow({
    session: own,
    preload: preloadPath(app.getAppPath()),
    title: trust.testBuild ? `${app.getName()} · TEST BUILD` : app.getName(),
    developerTools: !trust.packaged,
    zoom: appearance.textSize / 100,
  })
  hear(window)
  const context: ShellContext = {
    window,
    core,
    appearance,
    camera: (on) => {
      scanning = on
    },
    copied: new CopiedText(clipboard),
    wall: new WallWindow({
      session: own,
      appPath: app.getAppPath(),
      title: app.getName(),
      developerTools: !trust.packaged,
      main: window,
      tell: (payload) => push({ event: 'wall.changed', payload }),
    }),
    paper: paperCalls,
    remember: (next) => rememberAppearance(profile, next),
    info: () => ({ ...trust, locale: app.getLocale(), core: core.status() }),
    ready(route) {
      if (!window.isVisible()) window.show()
      const ready = {
        route,
        renderer: window.webContents.getOSProcessId(),
        core: core.pid(),
        ms: Math.round(process.uptime() * 1000),
      }
      process.stdout.write(`LUX-READY ${JSON.stringify(ready)}\n`)
    },
  }

  // A page that begins anew has no panel open.
  window.webContents.on('did-start-loading', () => context.camera(false))
  serveCalls(window, context)
  keepOpen(window, context, attention)
  void loadApp(window)
}

function serveCalls(window: BrowserWindow, context: ShellContext): void {
  const isOwn = (event: IpcMainInvokeEvent): boolean =>
    event.sender === window.webContents &&
    event.senderFrame === window.webContents.mainFrame &&
    event.senderFrame.origin === origin
  const gate = createFrameGate(() => performance.now())

  ipcMain.handle('lux:frame', (event, frame: unknown) => {
    const refused = gate.check(isOwn(event), frame)
    if (refused !== null) return refused
    if (context.core.send(String(frame))) return null
    const { state } = context.core.status()
    return state === 'stopped' ? 'CORE-STOPPED' : state === 'restarting' ? 'CORE-RESTARTED' : 'CORE-STARTING'
  })
  // The preload script alone can send it, with the path of a file that a person dropped.
  ipcMain.handle('lux:dropped', (event, path: unknown) => {
    if (isOwn(event) && typeof path === 'string') context.core.grant({ use: 'read', path })
  })
  ipcMain.handle('lux:shell', (event, name: unknown, input: unknown) => {
    if (!isOwn(event)) return { ok: false, error: { code: 'INPUT-INVALID', detail: 'not from the window' } }
    return callShell(context, name, input)
  })
}

/**
 * Ends the app only when a person wants it: while a ceremony is under way, closing the window and shutting the machine
 * down ask first. No program can refuse to be put to sleep, so a machine that slept asks once it is awake.
 */
function keepOpen(window: BrowserWindow, context: ShellContext, attention: () => boolean): void {
  let leaving = false
  const { core } = context
  const language = () => context.appearance.language

  const leave = (): void => {
    leaving = true
    window.close()
  }
  const askToLeave = (): void => {
    void confirmLeave(window, language()).then((wanted) => wanted && leave())
  }
  window.on('close', (event) => {
    if (leaving || !attention()) return
    event.preventDefault()
    askToLeave()
  })
  powerMonitor.on('shutdown', (event?: Electron.Event) => {
    if (leaving || !attention()) return
    event?.preventDefault()
    askToLeave()
  })
  powerMonitor.on('resume', () => {
    if (leaving || window.isDestroyed() || !attention()) return
    void confirmWoken(window, language()).then((goOn) => goOn || leave())
  })
  window.webContents.on('render-process-gone', () => {
    if (!window.isDestroyed()) void loadApp(window)
  })
  app.on('second-instance', () => {
    if (window.isMinimized()) window.restore()
    window.show()
    window.focus()
  })
  let stopped = false
  app.on('window-all-closed', () => app.quit())
  app.on('will-quit', (event) => {
    if (stopped) return
    event.preventDefault()
    void core.stop().then(() => {
      stopped = true
      app.quit()
    })
  })
}
