import type { Watch } from '@lux/node-files'
import type { Events } from '../../../contract/index.ts'

type Emit = { readonly emit: (event: 'work.progress', payload: Events['work.progress']) => void }

/** Work on files that is under way, by the id under which the window shows it. */
export class FileWorks {
  readonly #under = new Map<string, AbortController>()

  /** Runs work that the window may cancel, and tells how far it is: at its start, and when a hundredth is done. */
  async run<T>({ emit }: Emit, id: string, what: string, work: (watch: Watch) => Promise<T>): Promise<T> {
    const abort = new AbortController()
    this.#under.set(id, abort)
    let told = -1
    const progress = (fraction: number): void => {
      const percent = Math.floor(fraction * 100)
      if (percent === told) return
      told = percent
      emit('work.progress', { id, what, fraction, cancellable: true })
    }
    progress(0)
    try {
      return await work({ progress, signal: abort.signal })
    } finally {
      if (this.#under.get(id) === abort) this.#under.delete(id)
    }
  }

  /** Whether work of that id was under way. */
  cancel(id: string): boolean {
    const abort = this.#under.get(id)
    abort?.abort()
    return abort !== undefined
  }
}
