import { app, type BrowserWindow, powerMonitor } from 'electron'
import { confirmLeave, confirmWoken } from './dialogs.ts'
import type { ShellContext } from './shell-calls.ts'
import { loadApp } from './window.ts'

/**
 * Ends the app only when a person wants it: while a ceremony is under way, closing the window and shutting the machine
 * down ask first. No program can refuse to be put to sleep, so a machine that slept asks once it is awake.
 */
export function keepOpen(window: BrowserWindow, context: ShellContext, attention: () => boolean): void {
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
