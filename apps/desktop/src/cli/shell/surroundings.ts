import { AsyncLocalStorage } from 'node:async_hooks'
import { openSync } from 'node:fs'
import { ReadStream } from 'node:tty'

/** What is around a command: where its result and its remarks go, and the terminal of the person at it. */
export type Surroundings = {
  /** The result. */
  readonly out: (text: string) => void
  /** Everything else. */
  readonly err: (text: string) => void
  /** Also where stdin and stdout are pipes; null where there is none. */
  readonly terminal: () => ReadStream | null
}

const ofProcess: Surroundings = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  terminal() {
    try {
      return new ReadStream(openSync('/dev/tty', 'r+'))
    } catch {
      return null
    }
  },
}

const given = new AsyncLocalStorage<Surroundings>()

/** This process's own, unless the command was called within others. */
export const surroundings = (): Surroundings => given.getStore() ?? ofProcess

export function within<T>(around: Surroundings, work: () => T): T {
  return given.run(around, work)
}
