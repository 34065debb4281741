import { writeFile } from 'node:fs/promises'
import { type Paper, type PaperAsked, type PaperEnd, paperFailures } from '../../contract/index.ts'
import { CallError } from '../call-error.ts'
import { checkedPaper } from './checked.ts'
import { Printer } from './printer.ts'

/** What the page may ask of paper; its input is checked here. */
export class PaperCalls {
  readonly #printer: Printer

  /** `folder`: of the window's build. */
  constructor(folder: string) {
    this.#printer = new Printer(folder)
  }

  async save(input: unknown, choose: () => Promise<string | null>): Promise<{ path: string | null }> {
    const paper = checked(input)
    const path = await choose()
    if (path === null) return { path }
    await this.#write(paper, path)
    return { path }
  }

  async print(input: unknown): Promise<{ sent: boolean }> {
    return { sent: await this.#print(checked(input)) }
  }

  /** A page of core's, which the window never sees. */
  async made({ paper: asked, to }: PaperAsked): Promise<PaperEnd> {
    try {
      const paper = checked(asked)
      if (to === null) return { made: await this.#print(paper) }
      await this.#write(paper, to)
      return { made: true }
    } catch (error) {
      const code = paperFailures.find((one) => error instanceof CallError && one === error.code)
      return { code: code ?? 'PAPER-FAILED', detail: error instanceof CallError ? error.message : '' }
    }
  }

  async #write(paper: Paper, path: string): Promise<void> {
    const pdf = await made(this.#printer.pdf(paper))
    await writeFile(path, pdf, { mode: 0o600 }).catch((error: unknown) => {
      const code = error instanceof Error && 'code' in error ? error.code : ''
      throw new CallError(code === 'ENOSPC' ? 'DISK-FULL' : 'FOLDER-READ-ONLY', `${path}: ${String(code)}`)
    })
  }

  async #print(paper: Paper): Promise<boolean> {
    const end = await made(this.#printer.print(paper))
    if (end === 'no-printer') throw new CallError('PRINTER-NONE', '')
    if (typeof end === 'object') throw new CallError('PRINTER-REFUSED', end.refused)
    return end === 'sent'
  }

  async pdf(input: unknown): Promise<{ pdf: string }> {
    return { pdf: (await made(this.#printer.pdf(checked(input)))).toString('base64') }
  }
}

function checked(input: unknown): Paper {
  const paper = checkedPaper(input)
  if (paper === null) throw new CallError('INPUT-INVALID', 'paper: not one that can be printed')
  return paper
}

/** What Chromium says of a print that fails is for machines; it holds nothing of the paper. */
function made<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw new CallError('PAPER-FAILED', error instanceof Error ? error.message.slice(0, 200) : '')
  })
}
