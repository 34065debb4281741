import { type Log, nameOf } from './log.ts'

/**
 * From now on, what one request throws where nobody waits for it (a listener, a timer, a promise without an owner) is written in the log,
 * and the process serves everybody else. What it gives ends that.
 */
export function containFaults(log: Pick<Log, 'error'>): () => void {
  // Node raises a rejection that nobody handles as an exception too, and says so by `origin`.
  const contain = (error: unknown, origin: string) =>
    log.error({ error: nameOf(error), origin }, 'a fault outside of any request was contained')
  process.on('uncaughtException', contain)
  return () => {
    process.off('uncaughtException', contain)
  }
}
