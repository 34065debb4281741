import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs'
import { extname, join } from 'node:path'
import { BrowserWindow, type ProtocolResponse, type Session, session, type WebContents } from 'electron'
import type { Paper } from '../../contract/index.ts'
import { lockSession } from '../lockdown.ts'
import { origin, scheme } from '../origin.ts'
import { contentTypes, servedFile } from '../served-file.ts'
import { paperHtml } from './html.ts'

const page = `${origin}/paper.html`
const noPage: ProtocolResponse = { statusCode: 404, data: Buffer.alloc(0) }

/** Prints papers, one after the other, each in a hidden window of its own that can run no script and load nothing but our page. */
export class Printer {
  readonly #folder: string
  #session: Session | null = null
  #html = ''
  #nonce = ''
  #last: Promise<unknown> = Promise.resolve()

  /** `folder`: of the window's build. */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** The paper as tagged PDF; its fonts are in it. */
  pdf(paper: Paper): Promise<Buffer> {
    return this.#inPage(paper, (contents) =>
      contents.printToPDF({
        ...{ generateTaggedPDF: true, generateDocumentOutline: true },
        ...{ preferCSSPageSize: true, printBackground: true },
      }),
    )
  }

  /** Asks the system to print it, in its own dialog. */
  print(paper: Paper): Promise<'sent' | 'cancelled' | 'no-printer' | { refused: string }> {
    return this.#inPage(paper, async (contents) => {
      if ((await contents.getPrintersAsync()).length === 0) return 'no-printer'
      return new Promise((resolve) => {
        contents.print({ silent: false, printBackground: true }, (sent, reason) => {
          if (sent) resolve('sent')
          else resolve(/cancel/i.test(reason) ? 'cancelled' : { refused: reason })
        })
      })
    })
  }

  #inPage<T>(paper: Paper, work: (contents: WebContents) => Promise<T>): Promise<T> {
    const now = this.#last.then(() => this.#open(paper, work))
    this.#last = now.catch(() => undefined)
    return now
  }

  async #open<T>(paper: Paper, work: (contents: WebContents) => Promise<T>): Promise<T> {
    this.#nonce = randomBytes(18).toString('base64')
    this.#html = paperHtml(await text(join(this.#folder, 'paper.html')), paper, this.#nonce)
    const window = new BrowserWindow({
      show: false,
      webPreferences: {
        ...{ session: this.#own(), sandbox: true, contextIsolation: true, webSecurity: true },
        ...{ nodeIntegration: false, nodeIntegrationInWorker: false, nodeIntegrationInSubFrames: false },
        // Chromium 130 has the running foot of @page behind this switch; from 131 on it is always there.
        enableBlinkFeatures: 'PageMarginBoxes',
        ...{ webviewTag: false, spellcheck: false, enableWebSQL: false, devTools: false },
      },
    })
    try {
      await window.loadURL(page)
      // The page's policy lets no script run; this question is main's own. A letter that cannot be read must not be printed as a box.
      const read: unknown = await window.webContents.executeJavaScriptInIsolatedWorld(1, [
        { code: lettersRead },
      ])
      if (read !== true) throw new Error('a font of the build cannot be read')
      return await work(window.webContents)
    } finally {
      this.#html = ''
      window.destroy()
    }
  }

  #own(): Session {
    if (this.#session !== null) return this.#session
    // Without "persist:" it lives in memory alone.
    const own = session.fromPartition('lux-paper', { cache: false })
    lockSession(own, () => false)
    own.protocol.registerBufferProtocol(scheme, ({ method, url }, give) => {
      if (method !== 'GET') give(noPage)
      else if (url === page) give(this.#answer('.html', Buffer.from(this.#html)))
      else this.#serve(url, give)
    })
    this.#session = own
    return own
  }

  #serve(url: string, give: (response: ProtocolResponse) => void): void {
    const file = servedFile(this.#folder, url)
    if (file === null || !['.css', '.woff2'].includes(extname(file))) give(noPage)
    else readFile(file, (error, bytes) => give(error ? noPage : this.#answer(extname(file), bytes)))
  }

  #answer(extension: string, data: Buffer): ProtocolResponse {
    return {
      mimeType: contentTypes[extension] ?? 'application/octet-stream',
      charset: 'utf-8',
      headers: {
        'content-security-policy': `default-src 'none'; style-src 'self' 'nonce-${this.#nonce}'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
      },
      data,
    }
  }
}

const lettersRead = `document.fonts.ready.then((fonts) => [...fonts].every(({ status }) => status !== 'error'))`

const text = (file: string): Promise<string> =>
  new Promise((resolve, reject) => {
    readFile(file, 'utf8', (error, read) => (error ? reject(error) : resolve(read)))
  })
