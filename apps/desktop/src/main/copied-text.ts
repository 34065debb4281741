import { createHash } from 'node:crypto'

/** What this needs of Electron's clipboard, which answers at once or later, by its version. */
export type Clipboard = { readText(): string | Promise<string>; clear(): void | Promise<void> }

/** What a person copied out of the window: taken from the clipboard after a while, unless something else lies there by then. */
export class CopiedText {
  readonly #clipboard: Clipboard
  /** Of the text: the text itself is kept nowhere. */
  #digest: string | null = null
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(clipboard: Clipboard) {
    this.#clipboard = clipboard
  }

  /** What lies there now is cleared in so many seconds; 0: never. */
  async note(seconds: number): Promise<void> {
    clearTimeout(this.#timer)
    this.#digest = seconds === 0 ? null : await this.#read()
    if (seconds > 0) this.#timer = setTimeout(() => void this.clear(), seconds * 1000).unref()
  }

  async clear(): Promise<void> {
    clearTimeout(this.#timer)
    const digest = this.#digest
    this.#digest = null
    if (digest !== null && digest === (await this.#read())) await this.#clipboard.clear()
  }

  async #read(): Promise<string> {
    return createHash('sha256')
      .update(await this.#clipboard.readText())
      .digest('hex')
  }
}
