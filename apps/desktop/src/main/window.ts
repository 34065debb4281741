import { join } from 'node:path'
import { BrowserWindow, nativeTheme, type Session, type WebPreferences } from 'electron'
import { origin } from './origin.ts'

export type WindowOptions = {
  session: Session
  preload: string
  title: string
  developerTools: boolean
  /** 1 is 100 %. */
  zoom: number
}

export function createWindow({
  session,
  preload,
  title,
  developerTools,
  zoom,
}: WindowOptions): BrowserWindow {
  const window = new BrowserWindow({
    width: 1240,
    height: 820,
    minWidth: 320,
    minHeight: 480,
    show: false,
    title,
    autoHideMenuBar: true,
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#111113' : '#fcfcfd',
    webPreferences: {
      ...lockedPreferences(developerTools),
      session,
      preload,
      zoomFactor: zoom,
    },
  })
  window.once('ready-to-show', () => window.show())
  return window
}

/** Of every window: a page gets nothing but what its preload gives it. */
export function lockedPreferences(developerTools: boolean): WebPreferences {
  return {
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    webviewTag: false,
    navigateOnDragDrop: false,
    spellcheck: false,
    enableWebSQL: false,
    devTools: developerTools,
    backgroundThrottling: false,
  }
}

export function preloadPath(appPath: string): string {
  return join(appPath, 'out', 'preload', 'index.cjs')
}

export function loadApp(window: BrowserWindow): Promise<void> {
  return window.loadURL(`${origin}/index.html`)
}
