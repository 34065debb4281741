import { ExpectedError } from '@lux/node-files'
import type { Paper, PaperAsked, PaperEnd } from '../../../contract/index.ts'

/** Has main print pages that the window must not see, and waits for each to end. */
export class PrintDesk {
  readonly #post: (asked: PaperAsked) => void
  readonly #waiting = new Map<number, PromiseWithResolvers<boolean>>()
  #last = 0

  constructor(post: (asked: PaperAsked) => void) {
    this.#post = post
  }

  /** False where somebody closed the system's dialog. Errors: PAPER-FAILED, PRINTER-…, DISK-FULL, FOLDER-READ-ONLY. */
  print(paper: Paper, to: string | null): Promise<boolean> {
    this.#last += 1
    const waiting = Promise.withResolvers<boolean>()
    this.#waiting.set(this.#last, waiting)
    this.#post({ id: this.#last, paper, to })
    return waiting.promise
  }

  ended(id: number, end: PaperEnd): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if ('made' in end) waiting?.resolve(end.made)
    else waiting?.reject(new ExpectedError(end.code, end.detail))
  }
}
