import { join } from 'node:path'
import { BrowserWindow, type Display, type Session, screen } from 'electron'
import { readWall, type WallState } from '../contract/index.ts'
import { origin } from './origin.ts'
import { lockedPreferences } from './window.ts'

type Options = {
  session: Session
  appPath: string
  title: string
  developerTools: boolean
  /** The window that people work in. */
  main: BrowserWindow
  tell(state: WallState): void
}

/** The window on the wall. It shows what it is given, asks for nothing, and the ceremony goes on without it. */
export class WallWindow {
  readonly #options: Options
  #window: BrowserWindow | null = null
  #display: number | null = null
  #shown: string | null = null

  constructor(options: Options) {
    this.#options = options
    screen.on('display-removed', (_event, { id }: Display) => {
      if (id === this.#display) this.#end('unplugged')
    })
    options.main.once('closed', () => this.#window?.destroy())
  }

  /** On a display of its own where there is one, else as a window that people move. */
  open(): void {
    if (this.#window !== null) return
    const { session, appPath, title, developerTools, main } = this.#options
    const own = screen.getDisplayMatching(main.getBounds())
    const other = screen.getAllDisplays().find(({ id }) => id !== own.id)
    const { id, bounds } = other ?? own
    const window = new BrowserWindow({
      ...(other === undefined ? { width: 1280, height: 720 } : { ...bounds, fullscreen: true }),
      show: false,
      title,
      autoHideMenuBar: true,
      backgroundColor: '#111113',
      webPreferences: {
        ...lockedPreferences(developerTools),
        session,
        preload: join(appPath, 'out', 'preload', 'wall.cjs'),
      },
    })
    this.#window = window
    this.#display = id
    window.once('ready-to-show', () => window.showInactive())
    window.webContents.on('did-finish-load', () => this.#send())
    window.webContents.on('render-process-gone', () => this.#end('ended'))
    window.on('moved', () => {
      this.#display = screen.getDisplayMatching(window.getBounds()).id
    })
    window.once('closed', () => {
      if (this.#window === window) this.#end('ended')
    })
    void window.loadURL(`${origin}/wall.html`)
    this.#options.tell({ open: true, why: 'asked' })
  }

  close(): void {
    this.#end('asked')
  }

  /** False for what has no place on the wall; it is not shown then. */
  show(wall: unknown): boolean {
    const read = readWall(wall)
    if (read === null) return false
    this.#shown = JSON.stringify(read)
    this.#send()
    return true
  }

  #send(): void {
    if (this.#shown !== null) this.#window?.webContents.send('lux:wall', this.#shown)
  }

  #end(why: WallState['why']): void {
    const window = this.#window
    if (window === null) return
    this.#window = null
    this.#display = null
    if (!window.isDestroyed()) window.destroy()
    if (!this.#options.main.isDestroyed()) this.#options.tell({ open: false, why })
  }
}
